/* What the helper cannot do any more once it runs: its capabilities, its folders; and whose configuration it takes. */
#include "tests/unit/gateway/helper_attacker.h"

static void almost_nothing_is_left_of_root(void **state)
{
    (void)state;
    char path[64], line[256];
    unsigned long long effective = ~0ull, bounding = ~0ull;
    int no_new = 0, seccomp = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)helper);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        sscanf(line, "CapEff: %llx", &effective);
        sscanf(line, "CapBnd: %llx", &bounding);
        sscanf(line, "NoNewPrivs: %d", &no_new);
        sscanf(line, "Seccomp: %d", &seccomp);
    }
    fclose(f);
    const unsigned long long kept = 1ull << 21 | 1ull << 12 | 1ull << 5; /* SYS_ADMIN, NET_ADMIN, KILL */
    assert_int_equal(effective & ~kept, 0);
    assert_int_equal(bounding & ~kept, 0);
    assert_int_equal(no_new, 1);
    assert_int_equal(seccomp, 2);
}

/* Target e's capture device is a link to one outside the folders of the helper's rules: what Landlock refuses is not
 * even looked at. */
static void other_folders_are_closed(void **state)
{
    (void)state;
    struct helper_answer answer = {.error = 0};
    unsigned fds;
    uint8_t body[2] = {2, 0};
    struct raw raw = {.type = HELPER_OPEN_CAPTURE, .serial = 9, .body = body, .size = sizeof body};
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1) {
        print_message("skipped: this kernel has no Landlock\n");
        skip();
    }
    _cleanup_close_ int channel = connect_helper();
    assert_true(send_raw(channel, &raw));
    assert_int_equal(outcome_of(channel, &answer, &fds), REFUSED);
    assert_int_equal(answer.error, -EACCES);
}

/* --- a configuration that is not root's --- */

static int run_helper(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct options options = {.config = path};
        _exit(helper_role_main(&options));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void refuses_others_configurations(void **state)
{
    (void)state;
    char path[80];
    snprintf(path, sizeof path, "%s/other.conf", folder);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs("[target d]\nmachine = dongle\n", f);
    fclose(f);
    assert_int_equal(chmod(path, 0664), 0);
    assert_int_equal(run_helper(path), EXIT_FAILED);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chown(path, 1000, 1000), 0);
    assert_int_equal(run_helper(path), EXIT_FAILED);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(almost_nothing_is_left_of_root),
        cmocka_unit_test(other_folders_are_closed),
        cmocka_unit_test(refuses_others_configurations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
