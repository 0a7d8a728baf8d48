/* What groups are worth, the supervisor's settings, and when users are asked for again. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "auth/keeper/directory.h"
#include "auth/keeper/keeper.h"
#include "auth/keeper/revalidation.h"
#include "core/text.h"

#define MINUTE_US 60000000ll

static struct directory_settings settings, draft;

static void add_group(const char *name, enum auth_role role, const char *target, uint32_t rights)
{
    struct errand_groups *groups = &settings.directory.groups;
    struct directory_worth *worth = &settings.worth[groups->n];
    text_copy(groups->list[groups->n++], ERRAND_MAX_DN, name);
    worth->role = role;
    if (target)
        assert_true(grants_add(&worth->grants, target, rights));
}

static int begin(void **state)
{
    (void)state;
    settings = (struct directory_settings){0};
    settings.directory.n_urls = 1;
    text_copy(settings.directory.urls[0], ERRAND_MAX_URL, "ldaps://dc1");
    text_copy(settings.directory.bind_password, ERRAND_MAX_SECRET, "secret");
    add_group("cn=admins", ROLE_ADMINISTRATOR, NULL, 0);
    add_group("cn=operators", ROLE_OPERATOR, NULL, 0);
    add_group("cn=watchers", ROLE_READ_ONLY, NULL, 0);
    add_group("cn=web", ROLE_CUSTOM, "web1", RIGHT_VIEW | RIGHT_INPUT);
    add_group("cn=library", ROLE_CUSTOM, GRANT_GATEWAY, RIGHT_LIBRARY);
    return 0;
}

static bool map(const char *a, const char *b, enum auth_role *role, struct grants *grants)
{
    static struct errand_groups groups;
    groups.n = 0;
    if (a)
        text_copy(groups.list[groups.n++], ERRAND_MAX_DN, a);
    if (b)
        text_copy(groups.list[groups.n++], ERRAND_MAX_DN, b);
    return directory_map(&settings, &groups, role, grants);
}

static void the_highest_role_wins(void **state)
{
    (void)state;
    enum auth_role role;
    struct grants grants;
    assert_true(map("cn=watchers", "cn=admins", &role, &grants));
    assert_int_equal(role, ROLE_ADMINISTRATOR);
    assert_true(map("cn=operators", "cn=watchers", &role, &grants));
    assert_int_equal(role, ROLE_OPERATOR);
    assert_true(map("cn=admins", "cn=web", &role, &grants)); /* who may all gets nothing more */
    assert_int_equal(role, ROLE_ADMINISTRATOR);
}

static void lists_are_added(void **state)
{
    (void)state;
    enum auth_role role;
    struct grants grants;
    assert_true(map("cn=web", "cn=library", &role, &grants));
    assert_int_equal(role, ROLE_CUSTOM);
    assert_true(grants_allow(&grants, RIGHT_VIEW | RIGHT_INPUT, "web1"));
    assert_true(grants_allow(&grants, RIGHT_LIBRARY, NULL));
    assert_false(grants_allow(&grants, RIGHT_POWER, "web1"));
    assert_false(grants_see(&grants, "web2"));
    assert_true(map("cn=watchers", "cn=web", &role, &grants));
    assert_int_equal(role, ROLE_CUSTOM);
    assert_true(grants_allow(&grants, RIGHT_INPUT, "web1"));
    assert_true(grants_allow(&grants, RIGHT_VIEW, "web2"));
    assert_false(grants_allow(&grants, RIGHT_INPUT, "web2"));
}

static void no_group_gives_nothing(void **state)
{
    (void)state;
    enum auth_role role;
    struct grants grants;
    assert_false(map(NULL, NULL, &role, &grants));
    assert_false(map("cn=others", "cn=ADMINS", &role, &grants)); /* outward gives names back as they were given */
}

static int n_received, result;

static void on_message(void *data, struct ipc_message *message)
{
    (void)data;
    n_received++;
    result = directory_receive(message, &draft);
}

static void settings_travel(void **state)
{
    (void)state;
    static const struct ipc_listener listener = {.message = on_message};
    struct loop *loop;
    struct ipc *from, *to;
    int pair[2];
    draft = (struct directory_settings){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(loop_create(&loop), 0);
    assert_int_equal(ipc_create(loop, pair[0], &listener, NULL, &from), 0);
    assert_int_equal(ipc_create(loop, pair[1], &listener, NULL, &to), 0);
    assert_int_equal(directory_send(from, &settings), 0);
    for (n_received = 0; n_received < 6;) {
        assert_int_equal(loop_dispatch(loop, 5000), 0);
        assert_true(result >= 0);
    }
    assert_int_equal(result, 1);
    assert_memory_equal(&draft.directory, &settings.directory, sizeof draft.directory);
    assert_true(grants_equal(&draft.worth[3].grants, &settings.worth[3].grants));
    settings.directory.n_urls = 0;
    settings.directory.groups.n = 0;
    assert_int_equal(directory_send(from, &settings), 0);
    while (n_received < 7)
        loop_dispatch(loop, 5000);
    assert_int_equal(result, 1);
    assert_int_equal(draft.directory.n_urls, 0);
    ipc_destroy(from);
    ipc_destroy(to);
    loop_destroy(loop);
}

static void settings_that_make_no_sense(void **state)
{
    (void)state;
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    draft = (struct directory_settings){0};
    wire_write_u8(&w, 1);
    errand_write_directory(&w, &settings.directory);
    struct ipc_message message = {.type = KEEPER_DIRECTORY, .body = room, .body_size = wire_written(&w)};
    assert_int_equal(directory_receive(&message, &draft), -EPROTO); /* groups of which nothing was said */
    for (size_t n = 0; n < message.body_size; n += 7) {
        struct ipc_message cut = {.type = KEEPER_DIRECTORY, .body = room, .body_size = n};
        assert_int_equal(directory_receive(&cut, &draft), -EPROTO);
    }
    static const uint8_t group[] = {32, 0, ROLE_OPERATOR, 0}; /* an index beyond the last */
    message = (struct ipc_message){.type = KEEPER_DIRECTORY_GROUP, .body = group, .body_size = sizeof group};
    assert_int_equal(directory_receive(&message, &draft), -EPROTO);
}

/* ---- asking again ---- */

static struct revalidation *again;
static struct book_directory_user users[3] = {{"ada", "uid=ada"}, {"bob", "uid=bob"}, {"eve", "uid=eve"}};

static int begin_again(void **state)
{
    (void)state;
    return revalidation_create(&again);
}

static int end_again(void **state)
{
    (void)state;
    again = revalidation_destroy(again);
    return 0;
}

static bool is_asked(int64_t now_us, const char *name)
{
    struct book_directory_user user;
    if (!revalidation_next(again, now_us, &user))
        return false;
    assert_string_equal(user.name, name);
    return true;
}

static bool answer(const char *name, int error, int64_t now_us)
{
    bool over;
    bool counts = revalidation_answered(again, name, error, now_us, &over);
    assert_int_equal(counts, error == 0 || error == -EACCES);
    return over;
}

static void all_are_asked_at_once_after_a_start(void **state)
{
    (void)state;
    assert_int_equal(revalidation_list(again, users, 2, 0), 0);
    assert_true(is_asked(0, "ada"));
    assert_true(is_asked(0, "bob"));
    assert_false(is_asked(0, ""));
}

/* Whatever the clock of the lists: never more than 15 min between two questions, and never much less. */
static void each_is_asked_within_15_minutes(void **state)
{
    (void)state;
    const int64_t step = 20000000;
    int64_t last[3] = {0};
    unsigned asked[3] = {0};
    assert_int_equal(revalidation_list(again, NULL, 0, 0), 0);
    for (int64_t now = step; now < 24 * 60 * MINUTE_US; now += step) {
        struct book_directory_user user;
        assert_int_equal(revalidation_list(again, users, 3, now), 0);
        while (revalidation_next(again, now, &user)) {
            unsigned i = user.name[0] == 'a' ? 0 : user.name[0] == 'b' ? 1 : 2;
            assert_true(now - last[i] <= REVALIDATION_EVERY_US);
            assert_true(now - last[i] >= 13 * MINUTE_US);
            last[i] = now;
            asked[i]++;
            assert_false(answer(user.name, 0, now));
        }
    }
    for (unsigned i = 0; i < 3; i++)
        assert_true(asked[i] >= 96);
}

static void silence_is_borne_for_4_hours(void **state)
{
    (void)state;
    assert_int_equal(revalidation_list(again, users, 1, 0), 0);
    bool over = false;
    int64_t now = 0;
    for (; !over && now < 24 * 60 * MINUTE_US; now += MINUTE_US) {
        assert_int_equal(revalidation_list(again, users, 1, now), 0);
        if (is_asked(now, "ada"))
            over = answer("ada", -EHOSTUNREACH, now);
    }
    assert_true(over);
    assert_in_range(now, REVALIDATION_TRUST_US, REVALIDATION_TRUST_US + 2 * MINUTE_US);
    assert_true(is_asked(now + MINUTE_US, "ada"));
    assert_false(answer("ada", 0, now + MINUTE_US)); /* it is there again: counted anew */
    assert_true(is_asked(now + 20 * MINUTE_US, "ada"));
    assert_false(answer("ada", -EPROTO, now + 20 * MINUTE_US));
}

static void who_has_gone_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(revalidation_list(again, users, 3, 0), 0);
    assert_true(is_asked(0, "ada"));
    assert_int_equal(revalidation_list(again, users + 1, 1, 0), 0);
    bool over;
    assert_false(revalidation_answered(again, "ada", 0, 0, &over));
    assert_true(is_asked(0, "bob"));
    assert_false(is_asked(0, ""));
}

static void few_are_asked_at_once(void **state)
{
    (void)state;
    static struct book_directory_user many[40];
    unsigned n = 0;
    for (unsigned i = 0; i < 40; i++)
        snprintf(many[i].name, sizeof many[i].name, "user%02u", i);
    assert_int_equal(revalidation_list(again, many, 40, 0), 0);
    struct book_directory_user user;
    while (revalidation_next(again, 0, &user))
        n++;
    assert_int_equal(n, REVALIDATION_AT_ONCE);
    answer("user00", 0, 0);
    assert_true(revalidation_next(again, 0, &user));
    revalidation_hurry(again, 0);
    assert_false(revalidation_next(again, 0, &user));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_highest_role_wins, begin),
        cmocka_unit_test_setup(lists_are_added, begin),
        cmocka_unit_test_setup(no_group_gives_nothing, begin),
        cmocka_unit_test_setup(settings_travel, begin),
        cmocka_unit_test_setup(settings_that_make_no_sense, begin),
        cmocka_unit_test_setup_teardown(all_are_asked_at_once_after_a_start, begin_again, end_again),
        cmocka_unit_test_setup_teardown(each_is_asked_within_15_minutes, begin_again, end_again),
        cmocka_unit_test_setup_teardown(silence_is_borne_for_4_hours, begin_again, end_again),
        cmocka_unit_test_setup_teardown(who_has_gone_is_forgotten, begin_again, end_again),
        cmocka_unit_test_setup_teardown(few_are_asked_at_once, begin_again, end_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
