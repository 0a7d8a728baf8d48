/* Set-up, login, and whose session a token is. */
#include <errno.h>
#include <string.h>

#include "auth/keeper_client_internal.h"
#include "core/clock.h"

/* What an answer says of a session. */
struct told {
    uint64_t id, left_ms;
    char user[AUTH_USER_MAX];
    uint8_t role, kind;
    char token[AUTH_TOKEN_HEX + 1], browser[AUTH_TOKEN_HEX + 1];
    struct grants grants;
};

/* token_known: it was asked for by its token, which does not come back then. */
static bool told_read(struct wire_reader *r, bool token_known, struct told *ret)
{
    ret->id = wire_read_le64(r);
    ipc_read_string(r, ret->user, sizeof ret->user);
    ret->role = wire_read_u8(r);
    ret->kind = wire_read_u8(r);
    ret->left_ms = wire_read_le64(r);
    ipc_read_string(r, ret->token, sizeof ret->token);
    ipc_read_string(r, ret->browser, sizeof ret->browser);
    grants_read(r, &ret->grants);
    return wire_read_complete(r) && ret->role >= ROLE_READ_ONLY && ret->role <= ROLE_CUSTOM &&
           ret->kind >= AUTH_BROWSER && ret->kind <= AUTH_DIRECTORY &&
           strlen(ret->token) == (token_known ? 0 : AUTH_TOKEN_HEX) &&
           (!ret->browser[0] || (strlen(ret->browser) == AUTH_TOKEN_HEX && !token_known));
}

/* The session an answer describes; from the cache when it is there already. A reference. */
static int session_of(struct keeper_client *self, const struct told *told, const uint8_t *known_hash,
                      struct auth_session **ret)
{
    uint8_t hash[32];
    if (known_hash)
        memcpy(hash, known_hash, sizeof hash);
    else
        token_hash(told->token, hash);
    struct keeper_cached *entry = cache_find(self, hash);
    if (entry) { /* asked for twice before the first answer came */
        *ret = auth_session_ref(entry->session);
        return entry->session->ended ? -EACCES : 0;
    }
    attr_cleanup(auth_session_unrefp) struct auth_session *session = NULL;
    int n = auth_session_create(told->id, told->user, (enum auth_role)told->role, &session);
    if (n < 0)
        return n;
    memcpy(session->token_hash, hash, sizeof hash);
    session->kind = (enum auth_kind)told->kind;
    session->grants = told->grants;
    session->expires_us = clock_boot_us() + MIN(told->left_ms, KEEPER_MAX_LIFE_MS) * 1000;
    n = cache_add(self, session);
    if (n < 0)
        return n;
    *ret = take(session);
    return 0;
}

static void login_done(struct keeper_ask *ask, const struct keeper_answer *answer, struct auth_session *session,
                       const struct told *told)
{
    struct keeper_login_result result = {
        .error = answer->error,
        .why = answer->why,
        .retry_s = answer->retry_s,
        .session = session,
        .token = told->token[0] ? told->token : NULL,
        .device = told->browser[0] ? told->browser : NULL,
    };
    ask->login(ask->data, &result);
}

static enum ask_next login_finish(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer,
                                  bool by_token)
{
    struct told told = {0};
    attr_cleanup(auth_session_unrefp) struct auth_session *session = NULL;
    if (!answer->error) {
        if (!told_read(&answer->body, by_token, &told)) {
            explicit_bzero(&told, sizeof told);
            return ASK_BAD;
        }
        answer->error = session_of(self, &told, by_token ? ask->token_hash : NULL, &session);
    }
    if (answer->error) /* no token without its session */
        explicit_bzero(&told, sizeof told);
    login_done(ask, answer, answer->error ? NULL : session, &told);
    explicit_bzero(&told, sizeof told);
    return ASK_DONE;
}

static enum ask_next login_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    return login_finish(self, ask, answer, false);
}

static enum ask_next session_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    return login_finish(self, ask, answer, true);
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
    static const struct told nothing;
    login_done(ask, answer, answer->error ? NULL : ask->session, &nothing);
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
#define PROOF_ROOM (KEEPER_MAX_PEER + KEEPER_MAX_AGENT + 2 * AUTH_TOKEN_HEX + 16)

/* Too long for any account: refused like a wrong one, and never sent. */
static bool login_fits(const char *user, const char *password, const char *peer)
{
    return strlen(user) < AUTH_USER_MAX && strlen(password) <= KEEPER_MAX_PASSWORD && strlen(peer) < KEEPER_MAX_PEER;
}

/* Either what it should be, or nothing. */
static const char *token_or_none(const char *token)
{
    return strlen(token) == AUTH_TOKEN_HEX ? token : "";
}

static void write_proof(struct wire_writer *w, const struct keeper_credentials *credentials)
{
    ipc_write_string(w, credentials->peer);
    write_cut(w, credentials->agent, KEEPER_MAX_AGENT - 1);
    ipc_write_string(w, token_or_none(credentials->old_token));
    ipc_write_string(w, token_or_none(credentials->device));
}

int keeper_client_setup(struct keeper_client *self, const char *secret, const char *user, const char *password,
                        const char *peer, const char *agent, keeper_login_fn *done, void *data)
{
    if (!login_fits(user, password, peer) || strlen(secret) >= KEEPER_MAX_SECRET)
        return -EINVAL;
    uint8_t room[LOGIN_ROOM + KEEPER_MAX_AGENT];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, secret);
    ipc_write_string(&w, user);
    ipc_write_string(&w, password);
    ipc_write_string(&w, peer);
    write_cut(&w, agent, KEEPER_MAX_AGENT - 1);
    return login_send(self, KEEPER_SETUP, &w, sizeof room, login_answered, NULL, done, data);
}

int keeper_client_log_in(struct keeper_client *self, const struct keeper_credentials *credentials,
                         keeper_login_fn *done, void *data)
{
    if (!login_fits(credentials->user, credentials->password, credentials->peer) ||
        strlen(credentials->code) >= KEEPER_MAX_CODE)
        return session_ready(self, NULL, done, data);
    uint8_t room[LOGIN_ROOM + PROOF_ROOM];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, credentials->user);
    ipc_write_string(&w, credentials->password);
    ipc_write_string(&w, credentials->code);
    write_proof(&w, credentials);
    return login_send(self, KEEPER_LOGIN, &w, sizeof room, login_answered, NULL, done, data);
}

int keeper_client_log_in_certificate(struct keeper_client *self, const struct keeper_der *chain, unsigned n,
                                     const struct keeper_credentials *credentials, keeper_login_fn *done, void *data)
{
    size_t size = 0;
    for (unsigned i = 0; i < n; i++)
        size += chain[i].size;
    if (n == 0 || n > KEEPER_MAX_CHAIN_LINKS || size > KEEPER_MAX_CHAIN_BYTES ||
        strlen(credentials->peer) >= KEEPER_MAX_PEER)
        return session_ready(self, NULL, done, data);
    uint8_t room[PROOF_ROOM + 1 + KEEPER_MAX_CHAIN_BYTES + 2 * KEEPER_MAX_CHAIN_LINKS];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_proof(&w, credentials);
    wire_write_u8(&w, (uint8_t)n);
    for (unsigned i = 0; i < n; i++) {
        wire_write_le16(&w, (uint16_t)chain[i].size);
        wire_write_bytes(&w, chain[i].bytes, chain[i].size);
    }
    return login_send(self, KEEPER_LOGIN_CERTIFICATE, &w, sizeof room, login_answered, NULL, done, data);
}

/* ---- whose a token is ---- */

static int session_find(struct keeper_client *self, const char *token, const char *peer, keeper_login_fn *done,
                        void *data)
{
    uint8_t hash[32];
    token_hash(token, hash);
    struct keeper_cached *entry = cache_find(self, hash);
    if (entry) {
        cache_used(self, entry);
        return session_ready(self, entry->session, done, data);
    }
    uint8_t room[KEEPER_MAX_TOKEN + KEEPER_MAX_PEER + 4];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, token);
    ipc_write_string(&w, peer);
    return login_send(self, KEEPER_SESSION, &w, sizeof room, session_answered, hash, done, data);
}

int keeper_client_session(struct keeper_client *self, const char *token, keeper_login_fn *done, void *data)
{
    if (strlen(token) != AUTH_TOKEN_HEX)
        return session_ready(self, NULL, done, data);
    return session_find(self, token, "", done, data);
}

int keeper_client_token_session(struct keeper_client *self, const char *token, const char *peer, keeper_login_fn *done,
                                void *data)
{
    size_t prefix = strlen(AUTH_API_TOKEN_PREFIX);
    if (strncmp(token, AUTH_API_TOKEN_PREFIX, prefix) != 0 || strlen(token) != prefix + AUTH_TOKEN_HEX ||
        strlen(peer) >= KEEPER_MAX_PEER)
        return session_ready(self, NULL, done, data);
    return session_find(self, token, peer, done, data);
}

/* ---- the set-up secret ---- */

static enum ask_next secret_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                     struct keeper_answer *answer)
{
    char secret[KEEPER_MAX_SECRET] = "";
    if (!answer->error)
        ipc_read_string(&answer->body, secret, sizeof secret);
    if (!wire_read_complete(&answer->body))
        return ASK_BAD;
    ask->secret(ask->data, answer->error, answer->error ? NULL : secret);
    explicit_bzero(secret, sizeof secret);
    return ASK_DONE;
}

int keeper_client_new_setup_secret(struct keeper_client *self, keeper_secret_fn *done, void *data)
{
    struct keeper_ask *ask = ask_new(secret_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->secret = done;
    uint8_t nothing[1];
    struct wire_writer w = wire_writer_init(nothing, sizeof nothing);
    int r = ask_send(self, ask, KEEPER_NEW_SECRET, &w);
    if (r < 0)
        ask_free(ask);
    return r;
}
