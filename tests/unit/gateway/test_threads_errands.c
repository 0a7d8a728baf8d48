/* Keeper's and outward's ends of the errands, with directories that answer, lie or say nothing; many at once. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "auth/keeper/errands.h"
#include "core/clock.h"
#include "core/text.h"
#include "directory_bed/liar.h"
#include "gateway/outward/outward_errands.h"

#define HANGS_US 120000000

static struct loop *loop;
static struct errands *keeper;
static struct outward_errands *outward;
static struct liar *liar;
static struct errand_directory directory;
static unsigned n_done, n_good, n_lost;
static int last_error;
static char last_why[256];

static void on_done(void *data, const struct errand_entry *entry)
{
    (void)data;
    n_done++;
    n_good += entry->error == 0 && entry->groups.n == 1;
    last_error = entry->error;
    text_copy(last_why, sizeof last_why, entry->why);
}

static void on_lost(void *data)
{
    (void)data;
    n_lost++;
}

static void join(void)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(errands_connect(keeper, pair[0]), 0);
    assert_int_equal(outward_errands_connect(outward, pair[1]), 0);
}

static void begin_with(enum lies lies)
{
    liar = liar_start(lies, true);
    directory = (struct errand_directory){.n_urls = 1, .patience_ms = 2000};
    text_copy(directory.urls[0], sizeof directory.urls[0], liar_url(liar));
    text_copy(directory.base, sizeof directory.base, "dc=example,dc=org");
    text_copy(directory.user_filter, sizeof directory.user_filter, "(uid=%u)");
    text_copy(directory.authorities, sizeof directory.authorities, liar_authority(liar));
    directory.groups.n = 1;
    text_copy(directory.groups.list[0], sizeof directory.groups.list[0], LIAR_GROUP);
}

static int begin(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    n_done = n_good = n_lost = 0;
    last_error = 0;
    return loop_create(&loop) || errands_create(loop, &keeper) || outward_errands_create(loop, on_lost, NULL, &outward);
}

static int end(void **state)
{
    (void)state;
    errands_destroy(keeper);
    outward_errands_destroy(outward);
    liar_stop(liar);
    liar = NULL;
    loop_destroy(loop);
    return 0;
}

static int ask(const char *password)
{
    return errands_ask(keeper, ERRAND_DIRECTORY_LOGIN, &directory, "ada", password, on_done, NULL);
}

static void await(unsigned n)
{
    uint64_t limit = clock_now_us() + HANGS_US;
    while (n_done < n && clock_now_us() < limit)
        loop_dispatch(loop, 100);
    assert_int_equal(n_done, n);
}

static void many_at_once_are_all_answered(void **state)
{
    (void)state;
    begin_with(LIES_NONE);
    directory.patience_ms = 30000; /* under a sanitizer, on a loaded machine */
    join();
    for (unsigned i = 0; i < ERRANDS_MAX; i++)
        assert_int_equal(ask(i % 4 ? LIAR_PASSWORD : "another"), 0);
    assert_int_equal(ask(LIAR_PASSWORD), -EAGAIN);
    await(ERRANDS_MAX);
    assert_int_equal(n_good, ERRANDS_MAX * 3 / 4);
}

static void without_outward_the_answer_comes_at_once(void **state)
{
    (void)state;
    begin_with(LIES_NONE);
    assert_int_equal(ask(LIAR_PASSWORD), 0);
    assert_int_equal(n_done, 0); /* never inside */
    await(1);
    assert_int_equal(last_error, -EHOSTUNREACH);
}

static void a_lost_channel_answers_what_was_asked(void **state)
{
    (void)state;
    begin_with(LIES_SILENT);
    join();
    assert_int_equal(ask(LIAR_PASSWORD), 0);
    loop_dispatch(loop, 100);
    outward = outward_errands_destroy(outward);
    await(1);
    assert_int_equal(last_error, -EHOSTUNREACH);
    assert_non_null(strstr(last_why, "went away"));
    assert_false(errands_connected(keeper));
    assert_int_equal(outward_errands_create(loop, on_lost, NULL, &outward), 0);
    join();
    liar_stop(liar);
    begin_with(LIES_NONE);
    directory.patience_ms = 30000;
    assert_int_equal(ask(LIAR_PASSWORD), 0);
    await(2);
    assert_int_equal(n_good, 1);
}

static void silent_directories_cost_their_patience_and_no_more(void **state)
{
    (void)state;
    begin_with(LIES_SILENT);
    directory.patience_ms = 300;
    join();
    for (unsigned i = 0; i < ERRANDS_MAX; i++)
        assert_int_equal(ask(LIAR_PASSWORD), 0);
    await(ERRANDS_MAX);
    assert_int_equal(n_good, 0);
    assert_int_equal(last_error, -EHOSTUNREACH);
}

static void it_ends_while_many_are_under_way(void **state)
{
    (void)state;
    begin_with(LIES_SILENT_LATER);
    directory.patience_ms = 500;
    join();
    for (unsigned i = 0; i < ERRANDS_MAX; i++)
        assert_int_equal(ask(LIAR_PASSWORD), 0);
    loop_dispatch(loop, 50);
    keeper = errands_destroy(keeper);
    assert_int_equal(n_done, ERRANDS_MAX);
}

/* ---- what makes no sense closes ---- */

static void send_raw(int fd, uint16_t type, uint32_t serial, const void *body, size_t size)
{
    struct ipc *ipc;
    assert_int_equal(ipc_create(NULL, fd, NULL, NULL, &ipc), 0);
    assert_int_equal(ipc_send(ipc, type, serial, body, size, NULL, 0), 0);
    for (int i = 0; i < 20; i++)
        loop_dispatch(loop, 10);
    ipc_destroy(ipc);
}

static void nonsense_closes_the_channel(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        uint32_t serial;
        size_t size;
    } wrong[] = {
        {ERRAND_DIRECTORY_LOGIN, 1, 3}, {ERRAND_DIRECTORY_LOOK, 0, 0}, {0x7f, 1, 0}, {ERRAND_DIRECTORY_ENTRY, 1, 4}};
    uint8_t body[4] = {1, 0, 0, 0};
    begin_with(LIES_NONE);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        assert_int_equal(outward_errands_connect(outward, pair[1]), 0);
        unsigned before = n_lost;
        send_raw(pair[0], wrong[i].type, wrong[i].serial, body, wrong[i].size);
        assert_int_equal(n_lost, before + 1);
    }
    for (unsigned i = 0; i < 3; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        assert_int_equal(errands_connect(keeper, pair[0]), 0);
        send_raw(pair[1],
                 i == 0   ? ERRAND_DIRECTORY_ENTRY
                 : i == 1 ? ERRAND_SYSLOG_STATE
                          : 1,
                 i == 0, body, i == 0 ? 0 : 4);
        assert_false(errands_connected(keeper));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_at_once_are_all_answered, begin, end),
        cmocka_unit_test_setup_teardown(without_outward_the_answer_comes_at_once, begin, end),
        cmocka_unit_test_setup_teardown(a_lost_channel_answers_what_was_asked, begin, end),
        cmocka_unit_test_setup_teardown(silent_directories_cost_their_patience_and_no_more, begin, end),
        cmocka_unit_test_setup_teardown(it_ends_while_many_are_under_way, begin, end),
        cmocka_unit_test_setup_teardown(nonsense_closes_the_channel, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
