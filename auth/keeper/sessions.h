/* The sessions that are alive. Memory is the truth while the keeper runs, judged on a clock that nobody
 * sets; the store follows, so that sessions survive a restart, and on a full disk it follows later.
 *
 * Stored times are that clock plus an offset, which is kept as long as the machine runs: setting the wall clock ages no
 * session, and makes none younger. Only after a restart of the machine does the wall clock tell the age; a session that
 * it says is from the future ends, because nobody knows how old it is. */
#pragma once

#include "auth/keeper/instant.h"
#include "auth/keeper/store.h"
#include "auth/keeper/users.h"
#include "auth/keeper_wire.h"

#define SESSION_IDLE_US (3600 * 1000000ll)
#define SESSION_LIFE_US ((int64_t)KEEPER_MAX_LIFE_MS * 1000)
#define SESSIONS_PER_USER 16

struct session {
    uint64_t id; /* random: never used twice */
    int64_t user_id;
    char user[AUTH_USER_MAX];
    enum auth_role role;
    enum auth_kind kind;
    char peer[KEEPER_MAX_PEER];
    char agent[KEEPER_MAX_AGENT]; /* printable ASCII */
    bool has_browser;
    uint8_t browser[32]; /* hash of the browser's token: whose budget of tries it uses; not stored */
    uint8_t token_hash[32];
    int64_t created_us, used_us; /* may be negative: before this machine started */
    int64_t stored_used_us;      /* what the store knows */
    bool stored;
};

struct sessions {
    struct session list[KEEPER_MAX_SESSIONS];
    unsigned n;
    uint64_t dead[2 * KEEPER_MAX_SESSIONS]; /* ended, the store does not know yet: it never knew of more */
    unsigned n_dead;
    uint64_t ended[KEEPER_MAX_SESSIONS]; /* since the last sessions_take_ended */
    unsigned n_ended;
    int64_t offset_s; /* from the clock to stored times */
    uint64_t boot;
    bool offset_stored;
};

int sessions_load(struct sessions *self, struct store *store, struct instant now);

struct session *sessions_find(struct sessions *self, const char *token);
struct session *sessions_find_id(struct sessions *self, uint64_t id, const uint8_t token_hash[32]);
int64_t session_expires_us(const struct session *session);

/* A new one; token: AUTH_TOKEN_HEX + 1 characters, which only the asker ever gets. A user's oldest session ends when
 * there are too many. */
int sessions_add(struct sessions *self, const struct user *user, enum auth_kind kind, const char *peer,
                 const char *agent, struct instant now, char *ret_token, struct session **ret);
void sessions_end(struct sessions *self, struct session *session);
/* All of a user, but the one of this number (0: none). The store follows. */
void sessions_end_user(struct sessions *self, int64_t user_id, uint64_t but);
void sessions_end_all(struct sessions *self);
void sessions_expire(struct sessions *self, struct instant now);
/* What is no session of ours ended: that of an API token. */
void sessions_note_ended(struct sessions *self, uint64_t id);

/* What a moment is called in the store and for people: seconds since 1970. */
int64_t sessions_time(const struct sessions *self, int64_t us);

/* Copies out and forgets which ended. At most KEEPER_MAX_SESSIONS. */
unsigned sessions_take_ended(struct sessions *self, uint64_t *ret);

/* True when the store has something to learn. */
bool sessions_unsaved(const struct sessions *self);
/* Inside a transaction; sessions_written after it was committed. */
int sessions_write(struct sessions *self, struct store *store);
void sessions_written(struct sessions *self);
