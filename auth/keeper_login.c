/* Set-up, login, and whose session a token is. */
#include <errno.h>
#include <string.h>

#include "auth/keeper_client_internal.h"
#include "core/clock.h"

/* The session an answer describes; from the cache when it is there already. A reference. */
static int session_read(struct keeper_client *self, struct wire_reader *r, const uint8_t known_hash[32],
                        char token[AUTH_TOKEN_HEX + 1], struct auth_session **ret)
{
    char user[AUTH_USER_MAX];
    uint64_t id = wire_read_le64(r);
    ipc_read_string(r, user, sizeof user);
    uint8_t role = wire_read_u8(r);
    uint64_t left_ms = wire_read_le64(r);
    ipc_read_string(r, token, AUTH_TOKEN_HEX + 1);
    if (!wire_read_complete(r) || role < ROLE_READ_ONLY || role > ROLE_ADMINISTRATOR ||
        strlen(token) != (known_hash ? 0 : AUTH_TOKEN_HEX))
        return -EPROTO;
    uint8_t hash[32];
    if (known_hash)
        memcpy(hash, known_hash, sizeof hash);
    else
        token_hash(token, hash);
    struct keeper_cached *entry = cache_find(self, hash);
    if (entry) { /* asked for twice before the first answer came */
        *ret = auth_session_ref(entry->session);
        return entry->session->ended ? -EACCES : 0;
    }
    attr_cleanup(auth_session_unrefp) struct auth_session *session = NULL;
    int n = auth_session_create(id, user, (enum auth_role)role, &session);
    if (n < 0)
        return n;
    memcpy(session->token_hash, hash, sizeof hash);
    session->expires_us = clock_boot_us() + MIN(left_ms, KEEPER_MAX_LIFE_MS) * 1000;
    n = cache_add(self, session);
    if (n < 0)
        return n;
    *ret = take(session);
    return 0;
}

static void login_done(struct keeper_ask *ask, const struct keeper_answer *answer, struct auth_session *session,
                       const char *token)
{
    struct keeper_login_result result = {
        .error = answer->error,
        .why = answer->why,
        .retry_s = answer->retry_s,
        .session = session,
        .token = token,
    };
    ask->login(ask->data, &result);
}

static enum ask_next login_finish(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer,
                                  const uint8_t *known_hash)
{
    char token[AUTH_TOKEN_HEX + 1] = "";
    attr_cleanup(auth_session_unrefp) struct auth_session *session = NULL;
    if (!answer->error) {
        int r = session_read(self, &answer->body, known_hash, token, &session);
        if (r == -EPROTO)
            return ASK_BAD;
        answer->error = r;
    }
    login_done(ask, answer, answer->error ? NULL : session, answer->error || known_hash ? NULL : token);
    explicit_bzero(token, sizeof token);
    return ASK_DONE;
}

static enum ask_next login_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    return login_finish(self, ask, answer, NULL);
}

static enum ask_next session_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    return login_finish(self, ask, answer, ask->token_hash);
}

/* Sends what w holds and wipes it, because a password is in it. */
static int login_send(struct keeper_client *self, enum keeper_message type, struct wire_writer *w, size_t room_size,
                      keeper_ask_fn *answered, const uint8_t *hash, keeper_login_fn *done, void *data)
{
    int r = -ENOMEM;
    struct keeper_ask *ask = ask_new(answered, data);
    if (ask) {
        ask->login = done;
        if (hash)
            memcpy(ask->token_hash, hash, sizeof ask->token_hash);
        r = ask_send(self, ask, type, w);
    }
    if (r < 0)
        ask_free(ask);
    explicit_bzero(w->start, room_size);
    return r;
}

static enum ask_next cached_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                     struct keeper_answer *answer)
{
    if (!answer->error && !(ask->session && auth_session_alive(ask->session)))
        answer->error = -EACCES;
    login_done(ask, answer, answer->error ? NULL : ask->session, NULL);
    return ASK_DONE;
}

/* The answer from the loop, without the keeper. session NULL: refused. */
static int session_ready(struct keeper_client *self, struct auth_session *session, keeper_login_fn *done, void *data)
{
    struct keeper_ask *ask = ask_new(cached_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->login = done;
    ask->session = session ? auth_session_ref(session) : NULL;
    ask_ready(self, ask);
    return 0;
}

#define LOGIN_ROOM (AUTH_USER_MAX + KEEPER_MAX_PASSWORD + KEEPER_MAX_SECRET + KEEPER_MAX_PEER + 32)

/* Too long for any account: refused like a wrong one, and never sent. */
static bool login_fits(const char *user, const char *password, const char *peer)
{
    return strlen(user) < AUTH_USER_MAX && strlen(password) <= KEEPER_MAX_PASSWORD && strlen(peer) < KEEPER_MAX_PEER;
}

int keeper_client_setup(struct keeper_client *self, const char *secret, const char *user, const char *password,
                        const char *peer, keeper_login_fn *done, void *data)
{
    if (!login_fits(user, password, peer) || strlen(secret) >= KEEPER_MAX_SECRET)
        return -EINVAL;
    uint8_t room[LOGIN_ROOM];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, secret);
    ipc_write_string(&w, user);
    ipc_write_string(&w, password);
    ipc_write_string(&w, peer);
    return login_send(self, KEEPER_SETUP, &w, sizeof room, login_answered, NULL, done, data);
}

int keeper_client_login(struct keeper_client *self, const char *user, const char *password, const char *peer,
                        const char *old_token, keeper_login_fn *done, void *data)
{
    if (!login_fits(user, password, peer))
        return session_ready(self, NULL, done, data);
    uint8_t room[LOGIN_ROOM + AUTH_TOKEN_HEX];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, user);
    ipc_write_string(&w, password);
    ipc_write_string(&w, peer);
    ipc_write_string(&w, strlen(old_token) == AUTH_TOKEN_HEX ? old_token : "");
    return login_send(self, KEEPER_LOGIN, &w, sizeof room, login_answered, NULL, done, data);
}

int keeper_client_session(struct keeper_client *self, const char *token, keeper_login_fn *done, void *data)
{
    if (strlen(token) != AUTH_TOKEN_HEX)
        return session_ready(self, NULL, done, data);
    uint8_t hash[32];
    token_hash(token, hash);
    struct keeper_cached *entry = cache_find(self, hash);
    if (entry) {
        cache_used(self, entry);
        return session_ready(self, entry->session, done, data);
    }
    uint8_t room[AUTH_TOKEN_HEX + 2];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, token);
    return login_send(self, KEEPER_SESSION, &w, sizeof room, session_answered, hash, done, data);
}
