/* What somebody gets who runs code of their own in the gateway, the keeper, outward, the helper or the reader: nothing
 * that the role must not have. And the same with pieces of the walls left out, which this test must notice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "tests/walls/attack.h"
#include "walls_stage.h"

static const char *const role_names[BOARD_ROLES] = {"gateway", "keeper", "outward", "helper", "reader"};
static bool can_make_users;
static uint8_t skip[BOARD_ATTEMPTS];

static void print_result(enum board_role role, const struct attempt *attempt, const struct board_result *result)
{
    static const char *const words[] = {"not tried", "not ended", "denied", "killed", "GOT THROUGH", "not here"};
    print_message("  %-8s %-52s %s%s%s%s%s%s\n", role_names[role], attempt->name, words[result->outcome],
                  result->error ? ": " : "", result->error ? strerror(result->error) : "", result->note[0] ? " (" : "",
                  result->note, result->note[0] ? ")" : "");
}

/* How many attempts of this role succeeded. */
static unsigned judge(const struct stage *stage, enum board_role role, bool print)
{
    unsigned n[BOARD_NOT_HERE + 1] = {0};
    for (size_t i = 0; attack_get(i); i++) {
        const struct attempt *attempt = attack_get(i);
        const struct board_result *result = &stage->board->results[role][i];
        if (!(attempt->by & 1u << role) || stage->board->skip[i])
            continue;
        n[result->outcome]++;
        if (print || result->outcome == BOARD_SUCCEEDED)
            print_result(role, attempt, result);
    }
    print_message("%s: %u attempts denied, %u of them by the process's end, %u not here, %u got through\n",
                  role_names[role], n[BOARD_DENIED] + n[BOARD_KILLED], n[BOARD_KILLED], n[BOARD_NOT_HERE],
                  n[BOARD_SUCCEEDED]);
    assert_int_equal(n[BOARD_UNTRIED] + n[BOARD_BEGUN], 0);
    return n[BOARD_SUCCEEDED];
}

/* All of them, while it goes on serving. */
static void attack_everything(bool own_users)
{
    struct stage stage;
    char page[4096];
    unsigned attackers = BY_PARTS | (own_users ? BY_HELPER : 0), through = 0;
    stage_begin(&stage, own_users, own_users, 0);
    memcpy(stage.board->skip, skip, sizeof skip);
    stage_attack(&stage, attackers & ~BY_KEEPER);
    pid_t keeper = program_role(&stage.program, "keeper");
    assert_int_equal(keeper, stage.board->keeper); /* nothing that the gateway said ended it */
    stage_attack(&stage, BY_KEEPER);
    /* what ended the process once, by the filter that is the same for each user, is not made again */
    for (size_t i = 0; i < BOARD_ATTEMPTS; i++)
        skip[i] |= stage.board->results[BOARD_GATEWAY][i].outcome == BOARD_KILLED;
    for (enum board_role role = 0; role < BOARD_ROLES; role++)
        if (attackers & 1u << role)
            through += judge(&stage, role, true);
    if (stage_neighbour_was_reached(&stage))
        fail_msg("a neighbour was reached");
    program_get(&stage.program, "/", page, sizeof page, NULL);
    assert_non_null(strstr(page, "200 OK"));
    stage_end(&stage);
    assert_int_equal(through, 0);
}

static void nothing_gets_through_with_own_users(void **state)
{
    (void)state;
    if (!can_make_users) {
        print_message("skipped: only root can give each part a user of its own\n");
        skip();
    }
    attack_everything(true);
}

static void nothing_gets_through_as_one_user(void **state)
{
    (void)state;
    attack_everything(false);
}

/* --- a wall with a piece left out --- */

static const struct {
    unsigned weak;
    enum board_role role;
    bool one_user; /* where each part has its own, that alone would still hold */
    const char *attempt;
} holes[] = {
    {WEAK_SECCOMP, BOARD_GATEWAY, false, "a TCP socket"},
    {WEAK_SECCOMP, BOARD_KEEPER, false, "a TCP socket"},
    {WEAK_LANDLOCK, BOARD_GATEWAY, false, "read /etc/passwd"},
    {WEAK_LANDLOCK, BOARD_OUTWARD, true, "read the store"},
    {WEAK_SECCOMP, BOARD_READER, false, "a TCP socket"},
    {WEAK_LANDLOCK, BOARD_READER, false, "read /etc/passwd"},
    {WEAK_UID, BOARD_GATEWAY, false, "be root"},
    {WEAK_LEAK, BOARD_GATEWAY, false, "use a descriptor that nobody gave"},
    {WEAK_SECCOMP | WEAK_LANDLOCK, BOARD_GATEWAY, false, "execve a program"},
    {WEAK_SECCOMP | WEAK_LANDLOCK, BOARD_GATEWAY, false, "execveat a file in memory"},
    {WEAK_MEMORY_RULE, BOARD_GATEWAY, false, "map writable code"},
    {WEAK_SOCKET_RULE, BOARD_GATEWAY, false, "a TCP socket"},
    {WEAK_PATH_RULE, BOARD_GATEWAY, false, "read /etc/passwd"},
    {WEAK_LANDLOCK | WEAK_DUMPABLE, BOARD_OUTWARD, true, "open another process's memory"},
};

static void a_missing_piece_is_noticed(void **state)
{
    struct stage stage;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(holes); i++) {
        bool own_users = !holes[i].one_user && can_make_users;
        if (holes[i].weak == WEAK_UID && !own_users) {
            print_message("skipped: %s: only root can give each part a user of its own\n", holes[i].attempt);
            continue;
        }
        stage_begin(&stage, own_users, false, holes[i].weak);
        if (!stage_gets_through(&stage, holes[i].role, holes[i].attempt))
            fail_msg("without wall %x, '%s' by the %s still fails: the attempt proves nothing", holes[i].weak,
                     holes[i].attempt, role_names[holes[i].role]);
        stage_end(&stage);
    }
}

static pid_t part(const struct stage *stage, enum board_role role)
{
    return program_role(&stage->program, role_names[role]);
}

/* As the kernel tells of them; without a piece, it tells so. */
static void the_kernel_tells_of_a_missing_piece(void **state)
{
    static const struct {
        unsigned weak;
        const char *missing;
    } pieces[] = {{WEAK_SECCOMP, "seccomp"}, {WEAK_LIMITS, "no core files"}, {WEAK_UID, "capabilities"}};
    struct stage stage;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        if (pieces[i].weak == WEAK_UID && !can_make_users)
            continue;
        stage_begin(&stage, can_make_users, false, pieces[i].weak);
        assert_string_equal(stage_missing_wall(part(&stage, BOARD_GATEWAY), 0), pieces[i].missing);
        stage_end(&stage);
    }
}

/* --- the product --- */

static void assert_not_in(const char *path, const char *text)
{
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    char room[65536];
    size_t kept = 0, n;
    while ((n = fread(room + kept, 1, sizeof room - kept, f)) > 0) {
        if (memmem(room, kept + n, text, strlen(text)))
            fail_msg("%s holds '%s'", path, text);
        kept = MIN(strlen(text), kept + n);
        memmove(room, room + n, kept);
    }
    fclose(f);
}

/* It is told to leave everything out, in the words that the stub obeys. */
static void the_product_knows_no_way_around(void **state)
{
    static const unsigned long long of_the_helper = 1ull << 21 | 1ull << 12 | 1ull << 5; /* helper_sandbox.c */
    struct stage stage;
    (void)state;
    assert_not_in(PRODUCT, BOARD_ENV);
    assert_not_in(PRODUCT, "attack-executed");
    stage_begin_product(&stage, can_make_users, can_make_users, ~0u);
    /* (the reader comes when a picture is to be read, which needs a viewer) */
    for (enum board_role role = 0; role < (can_make_users ? BOARD_READER : BOARD_HELPER); role++)
        assert_string_equal(stage_missing_wall(part(&stage, role), role == BOARD_HELPER ? of_the_helper : 0), "");
    stage_end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gets_through_with_own_users), cmocka_unit_test(nothing_gets_through_as_one_user),
        cmocka_unit_test(a_missing_piece_is_noticed),          cmocka_unit_test(the_kernel_tells_of_a_missing_piece),
        cmocka_unit_test(the_product_knows_no_way_around),
    };
    can_make_users = stage_make_users();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
