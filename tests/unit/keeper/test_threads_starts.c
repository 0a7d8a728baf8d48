/* How the keeper's process begins and ends: with what cannot be used, with a first user of the owner's, without its
 * supervisor. Also run under the thread sanitizer. */
#include "auth/keeper/password.h"
#include "auth/keeper_account.h"
#include "keeper_fixture.h"

static int bare_set_up(attr_unused void **state)
{
    memset(&seen, 0, sizeof seen);
    snprintf(folder, sizeof folder, "/tmp/lightsout-keeper-XXXXXX");
    return mkdtemp(folder) ? loop_create(&loop) : -1;
}

static int memory_file(const char *text)
{
    char path[] = "/tmp/lightsout-pem-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

static void test_a_bad_certificate_is_said_and_ends_it(void **state)
{
    (void)state;
    _cleanup_close_ int certificate = memory_file("nothing"), key = memory_file("nothing");
    keeper_fork();
    assert_int_equal(keeper_begin_send(supervisor, NULL, 0, certificate, key), 0);
    WAIT_UNTIL(seen.failed == 1);
    assert_non_null(strstr(ready.reason, "no PEM certificate"));
    WAIT_UNTIL(!supervisor);
    int status = keeper_reap();
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void begin_with_first_user(const char *name, const char *hash)
{
    static const char *const public_names[] = {"kvm.example"};
    unsigned n = seen.ready;
    keeper_fork();
    assert_true(keeper_first_user_send(supervisor, name, hash));
    assert_int_equal(keeper_begin_send(supervisor, public_names, 1, -1, -1), 0);
    WAIT_UNTIL(seen.ready == n + 1);
}

static void test_a_first_user_leaves_no_secret(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_SIZE];
    assert_int_equal(password_hash_make(PASSWORD, hash), 0);
    begin_with_first_user("ann", hash);
    assert_int_equal(ready.first_user, KEEPER_FIRST_USER_MADE);
    assert_false(ready.needs_setup);
    assert_string_equal(ready.secret, "");
    assert_int_equal(keeper_client_create(loop, gateway_channel(), &client_listener, NULL, &client), 0);
    const struct keeper_credentials ann = {"ann", PASSWORD, "", "10.0.0.1", "Test/1.0", "", ""};
    ASK(keeper_client_log_in(client, &ann, on_login, NULL));
    assert_int_equal(got.error, 0);
    client = keeper_client_destroy(client);
    supervisor = ipc_destroy(supervisor);
    keeper_reap();
    begin_with_first_user("eve", hash);
    assert_int_equal(ready.first_user, KEEPER_FIRST_USER_LATE);
}

static void test_a_bad_first_user_leaves_set_up_to_a_person(void **state)
{
    (void)state;
    begin_with_first_user("ann", "swordfish");
    assert_int_equal(ready.first_user, KEEPER_FIRST_USER_REFUSED);
    assert_non_null(strstr(ready.reason, "yescrypt"));
    assert_null(strstr(ready.reason, "swordfish"));
    assert_true(ready.needs_setup);
    assert_int_equal(strlen(ready.secret), 29);
}

static void test_a_supervisor_that_dies_takes_it_along(void **state)
{
    (void)state;
    keeper_fork();
    supervisor = ipc_destroy(supervisor);
    int status = keeper_reap();
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_ctrl_c_is_the_supervisors_business(void **state)
{
    (void)state;
    keeper_start();
    kill(keeper_pid, SIGINT);
    assert_int_equal(keeper_client_create(loop, gateway_channel(), &client_listener, NULL, &client), 0);
    WAIT_UNTIL(seen.setup_states == 1);
    kill(keeper_pid, SIGTERM);
    int status = keeper_reap();
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define TEST_BARE(name) cmocka_unit_test_setup_teardown(name, bare_set_up, keeper_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BARE(test_a_bad_certificate_is_said_and_ends_it),
        TEST_BARE(test_a_first_user_leaves_no_secret),
        TEST_BARE(test_a_bad_first_user_leaves_set_up_to_a_person),
        TEST_BARE(test_a_supervisor_that_dies_takes_it_along),
        TEST_BARE(test_ctrl_c_is_the_supervisors_business),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
