#include "auth/keeper/sessions.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "auth/random.h"
#include "core/text.h"

/* Use is written down this often: a restart may shorten an idle session by as much. */
#define STORE_USE_EVERY_US (300 * 1000000ll)

#define LONG_AGO_S (10 * 365 * 86400ll)
#define AHEAD_S 60 /* what a clock may be set back by when the machine starts, and nobody minds */

/* How long ago; never absurd, because clocks are set. What is from the future may be any age. */
static int64_t ago_us(const struct sessions *self, int64_t then_s, struct instant now)
{
    int64_t s;
    if (__builtin_sub_overflow(now.us / 1000000 + self->offset_s, then_s, &s) || s > LONG_AGO_S || s < -AHEAD_S)
        return LONG_AGO_S * 1000000;
    return MAX(s, 0) * 1000000;
}

#define META_CLOCK "session-clock"

/* The offset of this run of the machine, or a new one by the wall clock. */
static int load_offset(struct sessions *self, struct store *store, struct instant now)
{
    uint8_t room[17];
    size_t size;
    int r = store_meta_get(store, META_CLOCK, room, sizeof room, &size);
    if (r < 0)
        return r;
    struct wire_reader reader = wire_reader_init(room, r == 1 ? size : 0);
    uint64_t boot = wire_read_le64(&reader);
    int64_t offset_s = (int64_t)wire_read_le64(&reader);
    self->offset_stored = wire_read_complete(&reader) && boot && boot == now.boot;
    self->offset_s = self->offset_stored ? offset_s : now.wall_s - now.us / 1000000;
    self->boot = now.boot;
    return 0;
}

static int write_offset(struct sessions *self, struct store *store)
{
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_le64(&w, self->boot);
    wire_write_le64(&w, (uint64_t)self->offset_s);
    return store_meta_put(store, META_CLOCK, room, sizeof room);
}

static void read_text(char *room, size_t size, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    text_copy(room, size, text ? text : "");
}

/* Rows of sessions that are over leave the store with the next write. */
static int load_row(struct sessions *self, struct store *store, sqlite3_stmt *statement, struct instant now)
{
    struct session session = {
        .id = (uint64_t)sqlite3_column_int64(statement, 0),
        .user_id = sqlite3_column_int64(statement, 1),
        .created_us = now.us - ago_us(self, sqlite3_column_int64(statement, 3), now),
        .used_us = now.us - ago_us(self, sqlite3_column_int64(statement, 4), now),
        .stored = true,
    };
    session.stored_used_us = session.used_us;
    struct user user;
    int kind = sqlite3_column_int(statement, 5);
    int r = user_find_id(store, session.user_id, &user);
    if (r < 0)
        return r;
    if (r == 0 || !user.enabled || user.role == ROLE_NONE || kind < AUTH_BROWSER || kind > AUTH_DIRECTORY ||
        sqlite3_column_bytes(statement, 2) != sizeof session.token_hash || session_expires_us(&session) <= now.us ||
        self->n == KEEPER_MAX_SESSIONS) {
        if (self->n_dead < ARRAY_SIZE(self->dead))
            self->dead[self->n_dead++] = session.id;
        return 0;
    }
    text_copy(session.user, sizeof session.user, user.name);
    session.role = user.role;
    session.kind = (enum auth_kind)kind;
    read_text(session.peer, sizeof session.peer, statement, 6);
    read_text(session.agent, sizeof session.agent, statement, 7);
    memcpy(session.token_hash, sqlite3_column_blob(statement, 2), sizeof session.token_hash);
    self->list[self->n++] = session;
    return 0;
}

int sessions_load(struct sessions *self, struct store *store, struct instant now)
{
    _cleanup_statement_ *statement = NULL;
    int r = load_offset(self, store, now);
    if (r < 0)
        return r;
    r = store_query(store, &statement,
                    "SELECT id, user_id, token_hash, created, used, kind, peer, agent FROM sessions"
                    " ORDER BY used DESC",
                    "");
    while (r >= 0 && (r = store_row(store, statement)) == 1)
        r = load_row(self, store, statement, now);
    return r;
}

struct session *sessions_find(struct sessions *self, const char *token)
{
    uint8_t hash[32];
    SHA256((const uint8_t *)token, strlen(token), hash);
    for (unsigned i = 0; i < self->n; i++)
        if (CRYPTO_memcmp(self->list[i].token_hash, hash, sizeof hash) == 0)
            return &self->list[i];
    return NULL;
}

struct session *sessions_find_id(struct sessions *self, uint64_t id, const uint8_t token_hash[32])
{
    for (unsigned i = 0; i < self->n; i++)
        if (self->list[i].id == id && CRYPTO_memcmp(self->list[i].token_hash, token_hash, 32) == 0)
            return &self->list[i];
    return NULL;
}

int64_t session_expires_us(const struct session *session)
{
    return MIN(session->used_us + SESSION_IDLE_US, session->created_us + SESSION_LIFE_US);
}

void sessions_end(struct sessions *self, struct session *session)
{
    if (session->stored && self->n_dead < ARRAY_SIZE(self->dead))
        self->dead[self->n_dead++] = session->id;
    sessions_note_ended(self, session->id);
    *session = self->list[--self->n];
}

void sessions_note_ended(struct sessions *self, uint64_t id)
{
    if (self->n_ended < ARRAY_SIZE(self->ended))
        self->ended[self->n_ended++] = id;
}

void sessions_end_user(struct sessions *self, int64_t user_id, uint64_t but)
{
    for (unsigned i = self->n; i-- > 0;)
        if (self->list[i].user_id == user_id && self->list[i].id != but)
            sessions_end(self, &self->list[i]);
}

void sessions_end_all(struct sessions *self)
{
    while (self->n)
        sessions_end(self, &self->list[self->n - 1]);
}

void sessions_expire(struct sessions *self, struct instant now)
{
    for (unsigned i = self->n; i-- > 0;)
        if (session_expires_us(&self->list[i]) <= now.us)
            sessions_end(self, &self->list[i]);
}

/* The one not used for the longest time, of this user or (0) of all. */
static struct session *stalest(struct sessions *self, int64_t user_id, unsigned *ret_count)
{
    struct session *found = NULL;
    *ret_count = 0;
    for (unsigned i = 0; i < self->n; i++) {
        struct session *session = &self->list[i];
        if (user_id && session->user_id != user_id)
            continue;
        (*ret_count)++;
        if (!found || session->used_us < found->used_us)
            found = session;
    }
    return found;
}

/* What a browser calls itself is shown in lists: no more than plain characters of it. */
static void copy_plain(char *room, size_t size, const char *text)
{
    size_t n = 0;
    for (; text[n] && n < size - 1; n++)
        room[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
    room[n] = 0;
}

int sessions_add(struct sessions *self, const struct user *user, enum auth_kind kind, const char *peer,
                 const char *agent, struct instant now, char *ret_token, struct session **ret)
{
    uint8_t token[AUTH_TOKEN_HEX / 2];
    struct session session = {
        .user_id = user->id,
        .role = user->role,
        .kind = kind,
        .created_us = now.us,
        .used_us = now.us,
        .stored_used_us = now.us,
    };
    int r = random_bytes(token, sizeof token);
    if (r >= 0)
        r = random_bytes(&session.id, sizeof session.id);
    if (r < 0)
        return r;
    session.id = (session.id >> 1) | 1; /* positive for SQLite, and never 0 */
    text_copy(session.user, sizeof session.user, user->name);
    copy_plain(session.peer, sizeof session.peer, peer);
    copy_plain(session.agent, sizeof session.agent, agent);
    hex_write(ret_token, token, sizeof token);
    explicit_bzero(token, sizeof token);
    SHA256((const uint8_t *)ret_token, AUTH_TOKEN_HEX, session.token_hash);

    unsigned count;
    struct session *old = stalest(self, user->id, &count);
    if (count >= SESSIONS_PER_USER)
        sessions_end(self, old);
    old = stalest(self, 0, &count);
    if (count >= KEEPER_MAX_SESSIONS)
        sessions_end(self, old);
    self->list[self->n] = session;
    *ret = &self->list[self->n++];
    return 0;
}

unsigned sessions_take_ended(struct sessions *self, uint64_t *ret)
{
    unsigned n = self->n_ended;
    memcpy(ret, self->ended, n * sizeof ret[0]);
    self->n_ended = 0;
    return n;
}

static bool use_is_news(const struct session *session)
{
    return session->used_us - session->stored_used_us >= STORE_USE_EVERY_US;
}

bool sessions_unsaved(const struct sessions *self)
{
    bool unsaved = self->n_dead > 0;
    for (unsigned i = 0; i < self->n && !unsaved; i++)
        unsaved = !self->list[i].stored || use_is_news(&self->list[i]);
    return unsaved;
}

int64_t sessions_time(const struct sessions *self, int64_t us)
{
    return us / 1000000 + self->offset_s;
}

static int insert(const struct sessions *self, struct store *store, const struct session *s)
{
    return store_run(store,
                     "INSERT INTO sessions (id, user_id, token_hash, created, used, kind, peer, agent)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     "iibiiitt", (int64_t)s->id, s->user_id, s->token_hash, sizeof s->token_hash,
                     sessions_time(self, s->created_us), sessions_time(self, s->used_us), (int64_t)s->kind, s->peer,
                     s->agent);
}

int sessions_write(struct sessions *self, struct store *store)
{
    int r = self->offset_stored ? 0 : write_offset(self, store);
    for (unsigned i = 0; i < self->n_dead && r >= 0; i++)
        r = store_run(store, "DELETE FROM sessions WHERE id = ?", "i", (int64_t)self->dead[i]);
    for (unsigned i = 0; i < self->n && r >= 0; i++) {
        struct session *s = &self->list[i];
        if (!s->stored)
            r = insert(self, store, s);
        else if (use_is_news(s))
            r = store_run(store, "UPDATE sessions SET used = ? WHERE id = ?", "ii", sessions_time(self, s->used_us),
                          (int64_t)s->id);
    }
    return r;
}

void sessions_written(struct sessions *self)
{
    self->n_dead = 0;
    self->offset_stored = true;
    for (unsigned i = 0; i < self->n; i++) {
        struct session *s = &self->list[i];
        if (!s->stored || use_is_news(s))
            s->stored_used_us = s->used_us;
        s->stored = true;
    }
}
