/* The gateway's copy of the sessions the keeper vouched for. The keeper says when one ends; while it is away, the
 * expiry it gave still holds. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "auth/keeper_client_internal.h"
#include "core/clock.h"

/* The keeper hears of use at most this often: often enough for an idle limit of an hour. */
#define TOUCH_EVERY_US (60 * 1000000ull)

void token_hash(const char *token, uint8_t ret[32])
{
    SHA256((const uint8_t *)token, strlen(token), ret);
}

struct keeper_cached *cache_find(struct keeper_client *self, const uint8_t hash[32])
{
    for (unsigned i = 0; i < self->n_cached; i++)
        if (CRYPTO_memcmp(self->cache[i].session->token_hash, hash, 32) == 0)
            return &self->cache[i];
    return NULL;
}

struct keeper_cached *cache_find_id(struct keeper_client *self, uint64_t id)
{
    for (unsigned i = 0; i < self->n_cached; i++)
        if (self->cache[i].session->id == id)
            return &self->cache[i];
    return NULL;
}

int cache_add(struct keeper_client *self, struct auth_session *session)
{
    if (self->n_cached == KEEPER_MAX_CACHED)
        return -ENOBUFS;
    self->cache[self->n_cached++] =
        (struct keeper_cached){.session = auth_session_ref(session), .touched_us = clock_boot_us()};
    cache_arm_expiry(self);
    return 0;
}

void cache_end(struct keeper_client *self, struct keeper_cached *entry)
{
    struct auth_session *session = entry->session;
    *entry = self->cache[--self->n_cached];
    session->ended = true;
    if (self->listener && self->listener->session_ended)
        self->listener->session_ended(self->data, session);
    auth_session_unref(session);
}

void cache_drop_all(struct keeper_client *self)
{
    while (self->n_cached)
        auth_session_unref(self->cache[--self->n_cached].session);
}

void cache_arm_expiry(struct keeper_client *self)
{
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < self->n_cached; i++)
        next = MIN(next, self->cache[i].session->expires_us);
    if (next == UINT64_MAX)
        loop_timer_disarm(self->expiry);
    else
        loop_timer_arm_at(self->expiry, next);
}

void cache_expire(void *data)
{
    struct keeper_client *self = data;
    for (unsigned i = 0; i < self->n_cached;) {
        if (self->cache[i].session->expires_us > clock_boot_us()) {
            i++;
            continue;
        }
        cache_end(self, &self->cache[i]);
        i = 0; /* the listener may have changed the list */
    }
    cache_arm_expiry(self);
}

/* ---- what keeps a session alive, and its end by its owner ---- */

void cache_rights(struct keeper_client *self, struct auth_session *session, enum auth_role role,
                  const struct grants *grants)
{
    bool same = session->role == role && grants_equal(&session->grants, grants);
    session->role = role;
    session->grants = *grants;
    if (!same && self->listener && self->listener->session_changed)
        self->listener->session_changed(self->data, session);
}

/* With what it may do now: a keeper that died may have changed that, and not come to say so. */
static enum ask_next touch_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    struct keeper_cached *entry = cache_find_id(self, ask->session->id);
    if (answer->error) {
        if (answer->error == -EACCES && entry)
            cache_end(self, entry);
        return ASK_DONE;
    }
    struct grants grants;
    uint64_t left_ms = wire_read_le64(&answer->body);
    uint8_t role = wire_read_u8(&answer->body);
    if (!grants_read(&answer->body, &grants) || !wire_read_complete(&answer->body) || role > ROLE_CUSTOM)
        return ASK_BAD;
    ask->session->expires_us = clock_boot_us() + MIN(left_ms, KEEPER_MAX_LIFE_MS) * 1000;
    cache_arm_expiry(self);
    if (entry)
        cache_rights(self, entry->session, (enum auth_role)role, &grants);
    return ASK_DONE;
}

static enum ask_next logout_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    if (!wire_read_complete(&answer->body))
        return ASK_BAD;
    struct keeper_cached *entry = cache_find_id(self, ask->session->id);
    if (entry && (!answer->error || answer->error == -EACCES))
        cache_end(self, entry);
    return ASK_DONE;
}

static int ask_about(struct keeper_client *self, struct auth_session *session, keeper_ask_fn *answered,
                     enum keeper_message type, int used)
{
    struct keeper_ask *ask = ask_new(answered, NULL);
    if (!ask)
        return -ENOMEM;
    ask->session = auth_session_ref(session);
    uint8_t room[48];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_own(&w, session);
    if (used >= 0)
        wire_write_u8(&w, (uint8_t)used);
    int r = ask_send(self, ask, type, &w);
    if (r < 0)
        ask_free(ask);
    return r;
}

void cache_used(struct keeper_client *self, struct keeper_cached *entry)
{
    uint64_t now = clock_boot_us();
    if (entry->session->ended || now - entry->touched_us < TOUCH_EVERY_US)
        return;
    if (ask_about(self, entry->session, touch_answered, KEEPER_TOUCH, 1) == 0)
        entry->touched_us = now;
}

void keeper_client_touch(struct keeper_client *self, struct auth_session *session)
{
    struct keeper_cached *entry = session->local ? NULL : cache_find_id(self, session->id);
    if (entry)
        cache_used(self, entry);
}

void cache_recheck(struct keeper_client *self)
{
    for (unsigned i = 0; i < self->n_cached; i++) {
        struct keeper_cached *entry = &self->cache[i];
        if (entry->logout)
            ask_about(self, entry->session, logout_answered, KEEPER_LOGOUT, -1);
        else
            ask_about(self, entry->session, touch_answered, KEEPER_TOUCH, 0);
    }
}

int keeper_client_logout(struct keeper_client *self, struct auth_session *session)
{
    if (session->local)
        return -EINVAL;
    session->ended = true;
    struct keeper_cached *entry = cache_find_id(self, session->id);
    if (!entry)
        return 0;
    /* It stays in the list until the keeper has confirmed, so that a keeper that is away just now hears of it. */
    entry->logout = true;
    ask_about(self, entry->session, logout_answered, KEEPER_LOGOUT, -1);
    return 0;
}

struct auth_session *keeper_client_cached(struct keeper_client *self, const char *token)
{
    if (strlen(token) != AUTH_TOKEN_HEX)
        return NULL;
    uint8_t hash[32];
    token_hash(token, hash);
    struct keeper_cached *entry = cache_find(self, hash);
    if (!entry || !auth_session_alive(entry->session))
        return NULL;
    cache_used(self, entry);
    return auth_session_ref(entry->session);
}
