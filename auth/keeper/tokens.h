/* API tokens: the table of them, and when each ends. Callers hold the transaction where one is needed.
 *
 * A token ends when the wall clock says so, or when so much time has passed on the clock that nobody sets: setting the
 * wall clock back makes none live longer while the keeper runs. */
#pragma once

#include "auth/keeper/instant.h"
#include "auth/keeper/store.h"
#include "auth/keeper_account.h"
#include "auth/keeper_wire.h"

struct token {
    int64_t id, user_id; /* numbers are never used twice */
    char name[KEEPER_MAX_TOKEN_NAME];
    int64_t created, expires, used; /* seconds since 1970 */
    bool scoped;                    /* else it may all that its user may */
};

#define TOKEN_HASH_SIZE 32
void token_hash_of(const char *text, uint8_t ret[TOKEN_HASH_SIZE]);
/* KEEPER_MAX_TOKEN characters of room: prefix, 256 random bits as hex. */
attr_must_check int token_text_make(char ret[KEEPER_MAX_TOKEN]);

/* 1: found, 0: none, or an error. hash NULL: by its number; id 0: by its hash; else both must be right. */
int token_find(struct store *store, int64_t id, const uint8_t *hash, struct token *ret);
/* -EEXIST: the user has one of this name. token->id is set. */
int token_insert(struct store *store, struct token *token, const uint8_t hash[TOKEN_HASH_SIZE]);
int token_remove(struct store *store, int64_t id);
int tokens_count(struct store *store, int64_t user_id, unsigned *ret);
/* Those of a user with a number above this, in order; statement for token_row. */
int tokens_after(struct store *store, int64_t user_id, int64_t id, sqlite3_stmt **ret);
int token_row(struct store *store, sqlite3_stmt *statement, struct token *ret);

/* ---- when they end ---- */

struct token_clock {
    int64_t id, user_id;
    int64_t until_us; /* on the clock that nobody sets */
    int64_t used_us;  /* when its use was last written down */
};

struct token_clocks {
    struct token_clock *list;
    unsigned n, room;
};

int token_clocks_load(struct token_clocks *self, struct store *store, struct instant now);
void token_clocks_finish(struct token_clocks *self);
int token_clocks_add(struct token_clocks *self, const struct token *token, struct instant now);
void token_clocks_remove(struct token_clocks *self, int64_t id);
void token_clocks_remove_user(struct token_clocks *self, int64_t user_id);
/* NULL: there is none of this number. */
struct token_clock *token_clock_find(struct token_clocks *self, int64_t id);

/* How long it may still be used; 0 not at all. */
int64_t token_left_us(const struct token *token, const struct token_clock *clock, struct instant now);
