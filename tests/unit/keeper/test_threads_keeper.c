/* The keeper as a process: started, asked, killed, started again, lied to. Also run under the thread sanitizer. */
#include "auth/keeper/password.h"
#include "auth/keeper_account.h"
#include "core/text.h"
#include "keeper_fixture.h"

#include <sys/stat.h>

static void test_set_up_log_in_log_out(void **state)
{
    (void)state;
    assert_true(ready.needs_setup);
    assert_int_equal(strlen(ready.secret), 29);
    WAIT_UNTIL(seen.setup_states == 1);
    assert_true(seen.needs_setup);
    set_ann_up();
    WAIT_UNTIL(seen.setup_states == 2);
    assert_false(seen.needs_setup);
    assert_int_equal(strlen(got.token), AUTH_TOKEN_HEX);
    ASK(keeper_client_login(client, "ann", "wrong battery horse", "10.0.0.1", "", on_login, NULL));
    assert_int_equal(got.error, -EACCES);
    ASK(keeper_client_login(client, "ann", PASSWORD, "10.0.0.1", "", on_login, NULL));
    assert_int_equal(got.error, 0);
    assert_true(auth_session_may(got.session, RIGHT_USERS, NULL));
    char token[AUTH_TOKEN_HEX + 1];
    text_copy(token, sizeof token, got.token);
    ASK(keeper_client_login(client, "ann", PASSWORD, "10.0.0.1", token, on_login, NULL));
    WAIT_UNTIL(seen.ended == 1); /* the session that the same browser had before */
    assert_string_not_equal(token, got.token);
    struct auth_session *session = got.session;
    assert_int_equal(keeper_client_logout(client, session), 0);
    assert_true(session->ended);
    WAIT_UNTIL(seen.ended == 2);
    ASK(keeper_client_session(client, got.token, on_login, NULL));
    assert_int_equal(got.error, -EACCES);
}

static void on_one_of_two(void *data, const struct keeper_login_result *result)
{
    int *error = data;
    *error = result->error;
}

static void test_two_set_ups_at_once(void **state)
{
    (void)state;
    int ann = 1, bob = 1; /* no answer yet */
    assert_int_equal(keeper_client_setup(client, ready.secret, "ann", PASSWORD, "", on_one_of_two, &ann), 0);
    assert_int_equal(keeper_client_setup(client, ready.secret, "bob", PASSWORD, "", on_one_of_two, &bob), 0);
    WAIT_UNTIL(ann <= 0 && bob <= 0); /* perhaps in one round of the loop */
    assert_true((ann == 0 && bob == -EALREADY) || (ann == -EALREADY && bob == 0));
}

static void test_killed_while_asked_then_started_again(void **state)
{
    (void)state;
    set_ann_up();
    char token[AUTH_TOKEN_HEX + 1];
    text_copy(token, sizeof token, got.token);
    struct auth_session *session = auth_session_ref(got.session);
    assert_int_equal(keeper_client_login(client, "ann", PASSWORD, "10.0.0.1", "", on_login, NULL), 0);
    unsigned n = got.n;
    keeper_kill();
    WAIT_UNTIL(seen.closed == 1);
    assert_int_equal(got.n, n + 1);
    assert_int_equal(got.error, -ECONNRESET);
    assert_true(auth_session_may(session, RIGHT_VIEW, "demo")); /* those who are in stay in */

    uint8_t fingerprint[32];
    memcpy(fingerprint, ready.fingerprint, sizeof fingerprint);
    keeper_start();
    assert_false(ready.needs_setup);
    assert_string_equal(ready.secret, "");
    assert_false(ready.audit_broken);
    assert_memory_equal(ready.fingerprint, fingerprint, sizeof fingerprint);
    assert_int_equal(keeper_client_reconnect(client, gateway_channel()), 0);
    ASK(keeper_client_login(client, "ann", PASSWORD, "10.0.0.1", "", on_login, NULL));
    assert_int_equal(got.error, 0);
    assert_false(session->ended); /* the new keeper was asked about it, and knew it */
    auth_session_unref(session);
}

static void test_a_session_survives_both_restarts(void **state)
{
    (void)state;
    set_ann_up();
    char token[AUTH_TOKEN_HEX + 1];
    text_copy(token, sizeof token, got.token);
    uint64_t id = got.session->id;
    keeper_kill();
    client = keeper_client_destroy(client);
    keeper_start();
    assert_int_equal(keeper_client_create(loop, gateway_channel(), &client_listener, NULL, &client), 0);
    assert_null(keeper_client_cached(client, token));
    ASK(keeper_client_session(client, token, on_login, NULL));
    assert_int_equal(got.error, 0);
    assert_int_equal(got.session->id, id);
    assert_string_equal(got.session->user, "ann");
}

static void test_each_start_makes_a_new_secret_until_one_is_used(void **state)
{
    (void)state;
    char old[sizeof ready.secret];
    text_copy(old, sizeof old, ready.secret);
    keeper_kill();
    keeper_start();
    assert_string_not_equal(ready.secret, old);
    assert_int_equal(keeper_client_reconnect(client, gateway_channel()), 0);
    ASK(keeper_client_setup(client, old, "ann", PASSWORD, "10.0.0.1", on_login, NULL));
    assert_int_equal(got.error, -EACCES);
    set_ann_up();
}

static char asked_secret[64];

static void on_secret(attr_unused void *data, int error, const char *secret)
{
    got.n++;
    got.error = error;
    snprintf(asked_secret, sizeof asked_secret, "%s", secret ? secret : "");
}

static void test_a_secret_asked_for_voids_the_one_shown(void **state)
{
    (void)state;
    ASK(keeper_client_new_setup_secret(client, on_secret, NULL));
    assert_int_equal(got.error, 0);
    WAIT_UNTIL(seen.setup_changes == 1); /* the supervisor shows it, too */
    assert_string_equal(seen.secret, asked_secret);
    ASK(keeper_client_setup(client, ready.secret, "ann", PASSWORD, "10.0.0.1", on_login, NULL));
    assert_int_equal(got.error, -EACCES);
    text_copy(ready.secret, sizeof ready.secret, asked_secret);
    set_ann_up();
    WAIT_UNTIL(seen.setup_changes == 2);
    assert_string_equal(seen.secret, "");
    ASK(keeper_client_new_setup_secret(client, on_secret, NULL));
    assert_int_equal(got.error, -EALREADY);
}

static struct keeper_user users[8];
static char names[8][AUTH_USER_MAX];
static unsigned n_users;

static void on_users(attr_unused void *data, int error, const struct keeper_user *list, unsigned n)
{
    got.n++;
    got.error = error;
    n_users = n;
    for (unsigned i = 0; i < MIN(n, 8u); i++) {
        users[i] = list[i];
        text_copy(names[i], sizeof names[i], list[i].name);
    }
}

static void test_users(void **state)
{
    (void)state;
    set_ann_up();
    ASK(keeper_client_user_put(client, "bob", PASSWORD, ROLE_OPERATOR, true, on_done, NULL));
    assert_int_equal(got.error, 0);
    ASK(keeper_client_user_put(client, "bob", PASSWORD, ROLE_OPERATOR, true, on_done, NULL));
    assert_int_equal(got.error, -EEXIST);
    ASK(keeper_client_user_enable(client, "bob", false, on_done, NULL));
    assert_int_equal(got.error, 0);
    ASK(keeper_client_users(client, on_users, NULL));
    assert_int_equal(n_users, 2);
    assert_string_equal(names[1], "bob");
    assert_int_equal(users[1].role, ROLE_OPERATOR);
    assert_false(users[1].enabled);
    ASK(keeper_client_user_delete(client, "ann", on_done, NULL));
    assert_int_equal(got.error, -EPERM);
    assert_non_null(strstr(got.why, "last enabled Administrator"));
    /* a password change ends the sessions of the user, here ours */
    struct auth_session *session = got.session;
    ASK(keeper_client_user_put(client, "ann", "another good phrase", ROLE_NONE, false, on_done, NULL));
    assert_int_equal(got.error, 0);
    WAIT_UNTIL(seen.ended == 1);
    assert_true(session->ended);
}

static char lines[2000][64];
static unsigned n_lines;

static void on_lines(attr_unused void *data, int error, const struct keeper_audit_line *list, unsigned n)
{
    got.n++;
    got.error = error;
    n_lines = n;
    for (unsigned i = 0; i < n; i++)
        snprintf(lines[i], sizeof lines[i], "%.20s %.20s %.20s", list[i].who, list[i].what, list[i].detail);
}

static void test_a_burst_of_audit_lines_is_kept_in_order(void **state)
{
    (void)state;
    set_ann_up();
    for (int i = 0; i < 400; i++) {
        char detail[32];
        snprintf(detail, sizeof detail, "line %d", i);
        keeper_client_audit(client, "ann", "power", "demo", detail);
        loop_dispatch(loop, 0);
        if (i % 50 == 49)
            ASK(keeper_client_audit_read(client, 1, on_lines, NULL));
    }
    ASK(keeper_client_audit_read(client, 1000, on_lines, NULL));
    assert_int_equal(got.error, 0);
    assert_int_equal(n_lines, 402); /* and the set-up, and its secret */
    assert_string_equal(lines[0], "ann power line 399");
    assert_string_equal(lines[399], "ann power line 0");
    assert_string_equal(lines[400], "ann setup ");
    ASK(keeper_client_audit_read(client, 7, on_lines, NULL));
    assert_int_equal(n_lines, 7);
}

static void test_too_many_logins_at_once_are_put_off(void **state)
{
    (void)state;
    set_ann_up();
    unsigned n = got.n, put_off = 0, done = 0;
    for (int i = 0; i < 100; i++) {
        char user[16], peer[16];
        snprintf(user, sizeof user, "user%d", i);
        snprintf(peer, sizeof peer, "10.0.0.%d", i);
        assert_int_equal(keeper_client_login(client, user, PASSWORD, peer, "", on_login, NULL), 0);
    }
    while (done < 100) {
        WAIT_UNTIL(got.n > n + done);
        done = got.n - n;
        put_off += got.error == -EAGAIN;
    }
    assert_int_equal(got.n, n + 100);
    assert_true(put_off > 0);
    ASK(keeper_client_login(client, "ann", PASSWORD, "10.0.1.1", "", on_login, NULL));
    assert_int_equal(got.error, 0);
}

static void test_files_are_for_the_keeper_alone(void **state)
{
    (void)state;
    static const char *const files[] = {"keeper.db", "tls.key", "tls.crt", "device.key"};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        char path[128];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 077, 0);
    }
}

static void test_the_key_of_media_stays_the_same(void **state)
{
    (void)state;
    static const uint8_t none[KEEPER_MEDIA_KEY_SIZE];
    uint8_t media[KEEPER_MEDIA_KEY_SIZE], again[KEEPER_MEDIA_KEY_SIZE], device[KEEPER_MEDIA_KEY_SIZE];
    char path[128];
    assert_int_equal(keeper_client_media_key(client, media), 0);
    assert_memory_not_equal(media, none, sizeof media);
    keeper_kill();
    WAIT_UNTIL(seen.closed == 1);
    assert_int_equal(keeper_client_media_key(client, again), -ECONNRESET);
    keeper_start();
    assert_int_equal(keeper_client_reconnect(client, gateway_channel()), 0);
    assert_int_equal(keeper_client_media_key(client, again), 0);
    assert_memory_equal(again, media, sizeof media);
    snprintf(path, sizeof path, "%s/device.key", folder);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, device, sizeof device), sizeof device);
    close(fd);
    assert_memory_not_equal(device, media, sizeof media); /* what hangs on it is not what it hangs on */
}

/* ---- a gateway that was taken over ---- */

static struct ipc *hostile;
static unsigned hostile_closed;

static void on_hostile_message(attr_unused void *data, attr_unused struct ipc_message *message)
{
}

static void on_hostile_closed(attr_unused void *data, attr_unused int error)
{
    hostile = ipc_destroy(hostile);
    hostile_closed++;
}

static const struct ipc_listener hostile_listener = {.message = on_hostile_message, .closed = on_hostile_closed};

static void send_and_see_it_closed(uint16_t type, uint32_t serial, const void *body, size_t size, int fd)
{
    hostile_closed = 0;
    client = keeper_client_destroy(client);
    assert_int_equal(ipc_create(loop, gateway_channel(), &hostile_listener, NULL, &hostile), 0);
    assert_int_equal(ipc_send(hostile, type, serial, body, size, &fd, fd >= 0), 0);
    WAIT_UNTIL(hostile_closed == 1);
}

static void test_what_makes_no_sense_closes_the_channel_and_no_more(void **state)
{
    (void)state;
    static const uint8_t long_user[] = "\1\0s\xff\xff";
    static uint8_t big[IPC_MAX_BODY];
    send_and_see_it_closed(0x7777, 1, "", 0, -1);
    send_and_see_it_closed(KEEPER_ANSWER, 1, "", 0, -1);
    send_and_see_it_closed(KEEPER_LOGIN, 1, "\3\0ann", 5, -1);
    send_and_see_it_closed(KEEPER_LOGIN, 1, long_user, sizeof long_user - 1, -1);
    send_and_see_it_closed(KEEPER_LOGIN, 1, big, sizeof big, -1);
    send_and_see_it_closed(KEEPER_NEW_SECRET, 0, "", 0, -1);
    send_and_see_it_closed(KEEPER_NEW_SECRET, 1, "x", 1, -1);
    send_and_see_it_closed(KEEPER_NEW_SECRET, 1, "", 0, STDERR_FILENO);
    send_and_see_it_closed(KEEPER_CERTIFICATE, 1, "\xff\xff\xff\xff", 4, -1);
    send_and_see_it_closed(KEEPER_MEDIA_KEY, 1, "x", 1, -1);
    send_and_see_it_closed(KEEPER_AUDIT, 0, "\3\0ann", 5, -1);
    assert_int_equal(keeper_client_create(loop, gateway_channel(), &client_listener, NULL, &client), 0);
    set_ann_up();
}

/* ---- starts that cannot succeed ---- */

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
    ASK(keeper_client_login(client, "ann", PASSWORD, "10.0.0.1", "", on_login, NULL));
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
        TEST_KEEPER(test_set_up_log_in_log_out),
        TEST_KEEPER(test_two_set_ups_at_once),
        TEST_KEEPER(test_killed_while_asked_then_started_again),
        TEST_KEEPER(test_a_session_survives_both_restarts),
        TEST_KEEPER(test_each_start_makes_a_new_secret_until_one_is_used),
        TEST_KEEPER(test_a_secret_asked_for_voids_the_one_shown),
        TEST_KEEPER(test_users),
        TEST_KEEPER(test_a_burst_of_audit_lines_is_kept_in_order),
        TEST_KEEPER(test_too_many_logins_at_once_are_put_off),
        TEST_KEEPER(test_the_key_of_media_stays_the_same),
        TEST_KEEPER(test_files_are_for_the_keeper_alone),
        TEST_KEEPER(test_what_makes_no_sense_closes_the_channel_and_no_more),
        TEST_BARE(test_a_bad_certificate_is_said_and_ends_it),
        TEST_BARE(test_a_first_user_leaves_no_secret),
        TEST_BARE(test_a_bad_first_user_leaves_set_up_to_a_person),
        TEST_BARE(test_a_supervisor_that_dies_takes_it_along),
        TEST_BARE(test_ctrl_c_is_the_supervisors_business),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
