/* The keeper as a process: started, asked, killed, started again, lied to. Also run under the thread sanitizer. */
#include "auth/keeper/totp.h"
#include "auth/keeper_account.h"
#include "core/text.h"
#include "keeper_fixture.h"

#include <sys/stat.h>
#include <time.h>

static int log_in(const char *user, const char *password, const char *peer, const char *old_token, const char *code)
{
    const struct keeper_credentials credentials = {user, password, code, peer, "Test/1.0", old_token, ""};
    return keeper_client_log_in(client, &credentials, on_login, NULL);
}

static int change_user(const struct keeper_user_change *change)
{
    struct keeper_user_change by_test = *change;
    by_test.who = "test";
    return keeper_client_user_change(client, &by_test, on_done, NULL);
}

static int make_user(const char *name, enum auth_role role)
{
    return change_user(&(struct keeper_user_change){.name = name, .password = PASSWORD, .role = role, .create = true});
}

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
    ASK(log_in("ann", "wrong battery horse", "10.0.0.1", "", ""));
    assert_int_equal(got.error, -EACCES);
    ASK(log_in("ann", PASSWORD, "10.0.0.1", "", ""));
    assert_int_equal(got.error, 0);
    assert_true(auth_session_may(got.session, RIGHT_USERS, NULL));
    char token[AUTH_TOKEN_HEX + 1];
    text_copy(token, sizeof token, got.token);
    ASK(log_in("ann", PASSWORD, "10.0.0.1", token, ""));
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
    assert_int_equal(keeper_client_setup(client, ready.secret, "ann", PASSWORD, "", "", on_one_of_two, &ann), 0);
    assert_int_equal(keeper_client_setup(client, ready.secret, "bob", PASSWORD, "", "", on_one_of_two, &bob), 0);
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
    assert_int_equal(log_in("ann", PASSWORD, "10.0.0.1", "", ""), 0);
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
    ASK(log_in("ann", PASSWORD, "10.0.0.1", "", ""));
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
    ASK(keeper_client_setup(client, old, "ann", PASSWORD, "10.0.0.1", "", on_login, NULL));
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
    ASK(keeper_client_setup(client, ready.secret, "ann", PASSWORD, "10.0.0.1", "", on_login, NULL));
    assert_int_equal(got.error, -EACCES);
    text_copy(ready.secret, sizeof ready.secret, asked_secret);
    set_ann_up();
    WAIT_UNTIL(seen.setup_changes == 2);
    assert_string_equal(seen.secret, "");
    ASK(keeper_client_new_setup_secret(client, on_secret, NULL));
    assert_int_equal(got.error, -EALREADY);
}

static struct keeper_account_user users[8];
static char names[8][AUTH_USER_MAX];
static unsigned n_users;

static void on_users(attr_unused void *data, int error, const struct keeper_account_user *list, unsigned n)
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
    static const bool no = false;
    set_ann_up();
    ASK(make_user("bob", ROLE_OPERATOR));
    assert_int_equal(got.error, 0);
    ASK(make_user("bob", ROLE_OPERATOR));
    assert_int_equal(got.error, -EEXIST);
    ASK(change_user(&(struct keeper_user_change){.name = "bob", .enabled = &no}));
    assert_int_equal(got.error, 0);
    ASK(keeper_client_accounts(client, on_users, NULL));
    assert_int_equal(n_users, 2);
    assert_string_equal(names[1], "bob");
    assert_int_equal(users[1].role, ROLE_OPERATOR);
    assert_false(users[1].enabled);
    ASK(keeper_client_user_remove(client, "ann", "ann", on_done, NULL));
    assert_int_equal(got.error, -EPERM);
    assert_non_null(strstr(got.why, "last enabled Administrator"));
    /* a password change ends the sessions of the user, here ours */
    struct auth_session *session = got.session;
    ASK(change_user(&(struct keeper_user_change){.name = "ann", .password = "another good phrase"}));
    assert_int_equal(got.error, 0);
    WAIT_UNTIL(seen.ended == 1);
    assert_true(session->ended);
}

/* ---- one's own account, through the process ---- */

static char totp_secret[KEEPER_MAX_TOTP_SECRET], codes[KEEPER_RECOVERY_CODES][KEEPER_MAX_CODE];
static char api_token[AUTH_API_TOKEN_MAX];
static uint64_t listed_id;
static const char *listed_agent = "Test/1.0"; /* whose session listed_id becomes */
static unsigned n_listed;

static void on_totp(attr_unused void *data, int error, attr_unused const char *why, const char *secret, const char *uri)
{
    got.n++;
    got.error = error;
    assert_non_null(strstr(uri, "issuer=lightsout%20kvm.example&"));
    snprintf(totp_secret, sizeof totp_secret, "%s", secret ? secret : "");
}

static void on_codes(attr_unused void *data, int error, attr_unused const char *why, const char *const *list,
                     unsigned n)
{
    got.n++;
    got.error = error;
    for (unsigned i = 0; i < n; i++)
        text_copy(codes[i], sizeof codes[i], list[i]);
}

static void on_token(attr_unused void *data, int error, attr_unused const char *why, uint64_t id, const char *token)
{
    got.n++;
    got.error = error;
    listed_id = id;
    snprintf(api_token, sizeof api_token, "%s", token ? token : "");
}

static void on_tokens(attr_unused void *data, int error, const struct keeper_token *tokens, unsigned n)
{
    got.n++;
    got.error = error;
    n_listed = n;
    if (n)
        assert_string_equal(tokens[0].name, "job");
}

static void on_sessions(attr_unused void *data, int error, const struct keeper_session *sessions, unsigned n)
{
    got.n++;
    got.error = error;
    n_listed = n;
    for (unsigned i = 0; i < n; i++)
        if (strcmp(sessions[i].agent, listed_agent) == 0)
            listed_id = sessions[i].id;
}

static void totp_now(char ret[TOTP_DIGITS + 1])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t secret[TOTP_SECRET_SIZE];
    for (unsigned i = 0; i < sizeof secret; i += 5) {
        uint64_t group = 0;
        for (unsigned n = 0; n < 8; n++)
            group = group << 5 | (uint64_t)(strchr(alphabet, totp_secret[i / 5 * 8 + n]) - alphabet);
        for (unsigned n = 0; n < 5; n++)
            secret[i + n] = (uint8_t)(group >> (32 - 8 * n));
    }
    assert_true(totp_code(secret, sizeof secret, totp_step(time(NULL)), ret));
}

static void test_a_second_factor(void **state)
{
    (void)state;
    char code[TOTP_DIGITS + 1];
    set_ann_up();
    ASK(keeper_client_totp_begin(client, got.session, on_totp, NULL));
    assert_int_equal(got.error, 0);
    totp_now(code);
    ASK(keeper_client_totp_confirm(client, got.session, code, on_codes, NULL));
    assert_int_equal(got.error, 0);
    ASK(log_in("ann", PASSWORD, "10.0.0.1", "", ""));
    assert_int_equal(got.error, KEEPER_CODE_REQUIRED);
    ASK(log_in("ann", PASSWORD, "10.0.0.1", "", code));
    assert_int_equal(got.error, -EACCES); /* it was used for the confirmation */
    ASK(log_in("ann", PASSWORD, "10.0.0.1", "", codes[0]));
    assert_int_equal(got.error, 0);
    ASK(log_in("ann", PASSWORD, "10.0.0.1", "", codes[0]));
    assert_int_equal(got.error, -EACCES);
    ASK(log_in("ann", PASSWORD, "10.0.0.1", "", codes[1]));
    assert_int_equal(got.error, 0);
    ASK(keeper_client_accounts(client, on_users, NULL));
    assert_true(users[0].second_factor);
    ASK(keeper_client_totp_drop(client, got.session, PASSWORD, on_done, NULL));
    assert_int_equal(got.error, 0);
    ASK(log_in("ann", PASSWORD, "10.0.0.1", "", ""));
    assert_int_equal(got.error, 0);
}

static void test_what_a_user_may_changes_in_place(void **state)
{
    (void)state;
    struct grants grants = {0};
    set_ann_up();
    ASK(make_user("bob", ROLE_OPERATOR));
    ASK(log_in("bob", PASSWORD, "10.0.0.1", "", ""));
    struct auth_session *bob = auth_session_ref(got.session);
    ASK(keeper_client_token_make(client, bob, "job", 3600, NULL, on_token, NULL));
    assert_int_equal(got.error, 0);
    ASK(keeper_client_token_session(client, api_token, "10.0.0.1", on_login, NULL));
    assert_int_equal(got.error, 0);
    struct auth_session *job = auth_session_ref(got.session);
    assert_int_equal(job->kind, AUTH_TOKEN);
    assert_true(auth_session_may(job, RIGHT_POWER, "demo"));
    grants_add(&grants, "demo", RIGHT_VIEW);
    ASK(change_user(&(struct keeper_user_change){.name = "bob", .role = ROLE_CUSTOM, .grants = &grants}));
    assert_int_equal(got.error, 0);
    WAIT_UNTIL(seen.changed == 2);
    assert_true(auth_session_may(bob, RIGHT_VIEW, "demo"));
    assert_false(auth_session_may(bob, RIGHT_POWER, "demo"));
    assert_false(auth_session_sees(job, "other"));
    assert_false(bob->ended || job->ended);
    ASK(keeper_client_token_make(client, job, "another", 3600, NULL, on_token, NULL));
    assert_int_equal(got.error, -EPERM);
    ASK(keeper_client_tokens(client, bob, on_tokens, NULL));
    assert_int_equal(n_listed, 1);
    n_listed = 0;
    ASK(keeper_client_user_tokens(client, "bob", on_tokens, NULL));
    assert_int_equal(n_listed, 1);
    ASK(keeper_client_user_tokens(client, "nobody", on_tokens, NULL));
    assert_int_equal(got.error, -ENOENT);
    ASK(keeper_client_user_token_revoke(client, "ann", job->id & ~KEEPER_TOKEN_SESSION, "ann", on_done, NULL));
    assert_int_equal(got.error, -ENOENT); /* it is bob's */
    ASK(keeper_client_sessions(client, "bob", on_sessions, NULL));
    assert_int_equal(n_listed, 1);
    assert_int_equal(listed_id, bob->id);
    listed_agent = "Setup/1.0"; /* the session of the set-up says from where it is, too */
    ASK(keeper_client_sessions(client, "ann", on_sessions, NULL));
    assert_int_equal(n_listed, 1);
    assert_int_not_equal(listed_id, bob->id);
    ASK(keeper_client_session_end(client, bob->id, "", "ann", on_done, NULL));
    assert_int_equal(got.error, 0);
    WAIT_UNTIL(bob->ended);
    assert_false(job->ended);
    ASK(keeper_client_user_remove(client, "bob", "ann", on_done, NULL));
    WAIT_UNTIL(job->ended);
    ASK(keeper_client_token_session(client, api_token, "10.0.0.1", on_login, NULL));
    assert_int_equal(got.error, -EACCES);
    auth_session_unref(bob);
    auth_session_unref(job);
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
        char user[16], peer[24];
        snprintf(user, sizeof user, "user%d", i);
        snprintf(peer, sizeof peer, "10.0.0.%d", i);
        assert_int_equal(log_in(user, PASSWORD, peer, "", ""), 0);
    }
    while (done < 100) {
        WAIT_UNTIL(got.n > n + done);
        done = got.n - n;
        put_off += got.error == -EAGAIN;
    }
    assert_int_equal(got.n, n + 100);
    assert_true(put_off > 0);
    ASK(log_in("ann", PASSWORD, "10.0.1.1", "", ""));
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
        TEST_KEEPER(test_a_second_factor),
        TEST_KEEPER(test_what_a_user_may_changes_in_place),
        TEST_KEEPER(test_a_burst_of_audit_lines_is_kept_in_order),
        TEST_KEEPER(test_too_many_logins_at_once_are_put_off),
        TEST_KEEPER(test_the_key_of_media_stays_the_same),
        TEST_KEEPER(test_files_are_for_the_keeper_alone),
        TEST_KEEPER(test_what_makes_no_sense_closes_the_channel_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
