/* The keeper's messages to the gateway, from a keeper that was taken over: everything asked for is answered exactly
 * once, and nothing else happens.
 *
 * Input: records of u8 type, u8 serial, le16 size, body. The asks below have the serials 1 to 17. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "auth/keeper_account.h"
#include "auth/keeper_client.h"
#include "auth/keeper_wire.h"
#include "core/log.h"

#define ASKS 19
#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static unsigned done, asked;

static void check(bool good)
{
    if (!good)
        abort();
}

static void on_login(attr_unused void *data, const struct keeper_login_result *result)
{
    check((result->error == 0) == (result->session != NULL));
    check(!result->token || strlen(result->token) == AUTH_TOKEN_HEX);
    done++;
}

static void on_lines(attr_unused void *data, attr_unused int error, const struct keeper_audit_line *lines, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        check(strlen(lines[i].detail) <= KEEPER_MAX_DETAIL);
    done++;
}

static void on_secret(attr_unused void *data, int error, const char *secret)
{
    check((error == 0) == (secret != NULL));
    done++;
}

static void on_done(attr_unused void *data, attr_unused int error, attr_unused const char *why)
{
    done++;
}

static void on_accounts(attr_unused void *data, attr_unused int error, const struct keeper_account_user *users,
                        unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        check(strlen(users[i].name) < AUTH_USER_MAX && users[i].grants && users[i].grants->n <= GRANTS_MAX);
    done++;
}

static void on_sessions(attr_unused void *data, attr_unused int error, const struct keeper_session *sessions,
                        unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        check(sessions[i].id && strlen(sessions[i].agent) < KEEPER_MAX_AGENT);
    done++;
}

static void on_totp(attr_unused void *data, int error, attr_unused const char *why, const char *secret, const char *uri)
{
    check((error == 0) == (secret != NULL) && (error == 0) == (uri != NULL));
    done++;
}

static void on_codes(attr_unused void *data, attr_unused int error, attr_unused const char *why,
                     const char *const *codes, unsigned n)
{
    check(n <= KEEPER_RECOVERY_CODES);
    for (unsigned i = 0; i < n; i++)
        check(strlen(codes[i]) < KEEPER_MAX_CODE);
    done++;
}

static void on_tokens(attr_unused void *data, attr_unused int error, const struct keeper_token *tokens, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        check(tokens[i].id && strlen(tokens[i].name) <= KEEPER_TOKEN_NAME_MAX && tokens[i].scope);
    done++;
}

static void on_made(attr_unused void *data, int error, attr_unused const char *why, attr_unused uint64_t id,
                    const char *token)
{
    check((error == 0) == (token != NULL));
    done++;
}

static void on_changed(attr_unused void *data, struct auth_session *session)
{
    check(session->grants.n <= GRANTS_MAX && session->role <= ROLE_CUSTOM);
}

static void on_ended(attr_unused void *data, struct auth_session *session)
{
    check(session->ended);
}

static void on_asked(attr_unused void *data, attr_unused struct ipc_message *message)
{
}

static void on_closed(attr_unused void *data, attr_unused int error)
{
}

static const struct keeper_client_listener listener = {.session_ended = on_ended, .session_changed = on_changed};
static const struct ipc_listener keeper_listener = {.message = on_asked, .closed = on_closed};

static struct auth_session session;

static void ask_all(struct keeper_client *client)
{
    asked += keeper_client_setup(client, "s", "u", "p", "", "", on_login, NULL) == 0;
    static const struct keeper_credentials credentials = {"u", "p", "123456", "", "", "", ""};
    asked += keeper_client_log_in(client, &credentials, on_login, NULL) == 0;
    asked += keeper_client_session(client, TOKEN, on_login, NULL) == 0;
    asked += keeper_client_accounts(client, on_accounts, NULL) == 0;
    asked += keeper_client_audit_read(client, 100, on_lines, NULL) == 0;
    asked += keeper_client_new_setup_secret(client, on_secret, NULL) == 0;
    static const struct keeper_user_change change = {.name = "u", .password = "p", .role = ROLE_OPERATOR, .who = "w"};
    asked += keeper_client_user_change(client, &change, on_done, NULL) == 0;
    asked += keeper_client_user_remove(client, "u", "w", on_done, NULL) == 0;
    ref_init(&session.ref); /* ours: it never dies */
    session.id = 7;
    static const struct keeper_der leaf = {(const uint8_t *)"leaf", 4};
    asked += keeper_client_log_in_certificate(client, &leaf, 1, &credentials, on_login, NULL) == 0;
    asked += keeper_client_token_session(client, "lo_" TOKEN, "", on_login, NULL) == 0;
    asked += keeper_client_tokens(client, &session, on_tokens, NULL) == 0;
    asked += keeper_client_token_make(client, &session, "t", 60, NULL, on_made, NULL) == 0;
    asked += keeper_client_sessions(client, "", on_sessions, NULL) == 0;
    asked += keeper_client_totp_begin(client, &session, on_totp, NULL) == 0;
    asked += keeper_client_totp_confirm(client, &session, "123456", on_codes, NULL) == 0;
    asked += keeper_client_own_password(client, &session, "p", "q", on_done, NULL) == 0;
    asked += keeper_client_session_end(client, 7, "", "", on_done, NULL) == 0;
    asked += keeper_client_user_tokens(client, "u", on_tokens, NULL) == 0;
    asked += keeper_client_user_token_revoke(client, "u", 7, "w", on_done, NULL) == 0;
}

static void send_records(struct loop *loop, struct ipc *keeper, const uint8_t *data, size_t size)
{
    struct wire_reader r = wire_reader_init(data, size);
    while (r.left > 0) {
        uint8_t type = wire_read_u8(&r), serial = wire_read_u8(&r);
        size_t body_size = wire_read_le16(&r);
        const uint8_t *body = wire_read_bytes(&r, body_size);
        if (!body || body_size > IPC_MAX_BODY)
            break;
        if (ipc_send(keeper, type, serial, body, body_size, NULL, 0) < 0)
            break;
        loop_dispatch(loop, 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct loop *loop = NULL;
    struct ipc *keeper = NULL;
    struct keeper_client *client = NULL;
    int fds[2];
    log_set_level(LOG_ERROR - 1);
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    check(loop_create(&loop) == 0);
    check(ipc_create(loop, fds[0], &keeper_listener, NULL, &keeper) == 0);
    check(keeper_client_create(loop, fds[1], &listener, NULL, &client) == 0);
    done = asked = 0;
    ask_all(client);
    check(asked == ASKS);
    send_records(loop, keeper, data, size);
    loop_dispatch(loop, 0);
    keeper_client_destroy(client);
    check(done == asked);
    ipc_destroy(keeper);
    loop_destroy(loop);
    return 0;
}
