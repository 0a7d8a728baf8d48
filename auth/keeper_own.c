/* One's own account: password and second factor; and the sessions of users. */
#include <errno.h>
#include <string.h>

#include "auth/keeper_client_internal.h"

void write_own(struct wire_writer *w, const struct auth_session *session)
{
    wire_write_le64(w, session->id);
    wire_write_bytes(w, session->token_hash, sizeof session->token_hash);
}

#define OWN_ROOM (8 + 32 + 2 * (KEEPER_MAX_PASSWORD + 2) + 8)

/* ---- password ---- */

int keeper_client_own_password(struct keeper_client *self, const struct auth_session *session, const char *password,
                               const char *new_password, keeper_done_fn *done, void *data)
{
    if (strlen(password) > KEEPER_MAX_PASSWORD || strlen(new_password) > KEEPER_MAX_PASSWORD)
        return -EINVAL;
    uint8_t room[OWN_ROOM];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_own(&w, session);
    ipc_write_string(&w, password);
    ipc_write_string(&w, new_password);
    return ask_done(self, KEEPER_OWN_PASSWORD, &w, done, data);
}

/* ---- second factor ---- */

static enum ask_next totp_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                   struct keeper_answer *answer)
{
    char secret[KEEPER_MAX_TOTP_SECRET] = "", uri[KEEPER_MAX_URI] = "";
    if (!answer->error) {
        ipc_read_string(&answer->body, secret, sizeof secret);
        ipc_read_string(&answer->body, uri, sizeof uri);
    }
    bool good = wire_read_complete(&answer->body);
    if (good)
        ask->totp(ask->data, answer->error, answer->why, answer->error ? NULL : secret, answer->error ? NULL : uri);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(uri, sizeof uri);
    return good ? ASK_DONE : ASK_BAD;
}

int keeper_client_totp_begin(struct keeper_client *self, const struct auth_session *session, keeper_totp_fn *done,
                             void *data)
{
    struct keeper_ask *ask = ask_new(totp_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->totp = done;
    uint8_t room[OWN_ROOM];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_own(&w, session);
    return ask_go(self, ask, KEEPER_TOTP_BEGIN, &w);
}

static enum ask_next codes_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                    struct keeper_answer *answer)
{
    char texts[KEEPER_RECOVERY_CODES][KEEPER_MAX_CODE];
    const char *codes[KEEPER_RECOVERY_CODES];
    unsigned n = answer->error ? 0 : wire_read_u8(&answer->body);
    bool good = n <= KEEPER_RECOVERY_CODES && (n > 0 || answer->error);
    for (unsigned i = 0; good && i < n; i++) {
        good = ipc_read_string(&answer->body, texts[i], sizeof texts[i]);
        codes[i] = texts[i];
    }
    good = good && wire_read_complete(&answer->body);
    if (good)
        ask->codes(ask->data, answer->error, answer->why, codes, n);
    explicit_bzero(texts, sizeof texts);
    return good ? ASK_DONE : ASK_BAD;
}

int keeper_client_totp_confirm(struct keeper_client *self, const struct auth_session *session, const char *code,
                               keeper_codes_fn *done, void *data)
{
    if (strlen(code) >= KEEPER_MAX_CODE)
        return -EINVAL;
    struct keeper_ask *ask = ask_new(codes_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->codes = done;
    uint8_t room[OWN_ROOM];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_own(&w, session);
    ipc_write_string(&w, code);
    return ask_go(self, ask, KEEPER_TOTP_CONFIRM, &w);
}

int keeper_client_totp_drop(struct keeper_client *self, const struct auth_session *session, const char *password,
                            keeper_done_fn *done, void *data)
{
    if (strlen(password) > KEEPER_MAX_PASSWORD)
        return -EINVAL;
    uint8_t room[OWN_ROOM];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_own(&w, session);
    ipc_write_string(&w, password);
    return ask_done(self, KEEPER_TOTP_DROP, &w, done, data);
}
