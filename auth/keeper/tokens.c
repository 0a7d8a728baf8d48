#include "auth/keeper/tokens.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "auth/random.h"
#include "core/text.h"

#define COLUMNS "SELECT id, user_id, name, created, expires, used, scoped FROM tokens "
#define LIFE_MAX_US ((int64_t)KEEPER_TOKEN_LIFE_S * 1000000)
#define CLOCKS_MAX (KEEPER_MAX_USERS * KEEPER_TOKENS_PER_USER)

void token_hash_of(const char *text, uint8_t ret[TOKEN_HASH_SIZE])
{
    SHA256((const uint8_t *)text, strlen(text), ret);
}

int token_text_make(char ret[KEEPER_MAX_TOKEN])
{
    static const size_t prefix = sizeof AUTH_API_TOKEN_PREFIX - 1;
    uint8_t bytes[AUTH_TOKEN_HEX / 2];
    int r = random_bytes(bytes, sizeof bytes);
    if (r < 0)
        return r;
    memcpy(ret, AUTH_API_TOKEN_PREFIX, prefix);
    hex_write(ret + prefix, bytes, sizeof bytes);
    explicit_bzero(bytes, sizeof bytes);
    return 0;
}

/* ---- the table ---- */

int token_row(struct store *store, sqlite3_stmt *statement, struct token *ret)
{
    int r = store_row(store, statement);
    if (r != 1)
        return r;
    const char *name = (const char *)sqlite3_column_text(statement, 2);
    struct token token = {
        .id = sqlite3_column_int64(statement, 0),
        .user_id = sqlite3_column_int64(statement, 1),
        .created = sqlite3_column_int64(statement, 3),
        .expires = sqlite3_column_int64(statement, 4),
        .used = sqlite3_column_int64(statement, 5),
        .scoped = sqlite3_column_int(statement, 6),
    };
    if (!name || !text_copy(token.name, sizeof token.name, name))
        return -EIO; /* not written by us */
    *ret = token;
    return 1;
}

int token_find(struct store *store, int64_t id, const uint8_t *hash, struct token *ret)
{
    _cleanup_statement_ *statement = NULL;
    int r;
    if (!hash)
        r = store_query(store, &statement, COLUMNS "WHERE id = ?", "i", id);
    else if (!id)
        r = store_query(store, &statement, COLUMNS "WHERE hash = ?", "b", hash, (size_t)TOKEN_HASH_SIZE);
    else
        r = store_query(store, &statement, COLUMNS "WHERE hash = ? AND id = ?", "bi", hash, (size_t)TOKEN_HASH_SIZE,
                        id);
    return r < 0 ? r : token_row(store, statement, ret);
}

int token_insert(struct store *store, struct token *token, const uint8_t hash[TOKEN_HASH_SIZE])
{
    int r = store_run(store,
                      "INSERT INTO tokens (user_id, name, hash, created, expires, used, scoped)"
                      " VALUES (?, ?, ?, ?, ?, 0, ?)",
                      "itbiii", token->user_id, token->name, hash, (size_t)TOKEN_HASH_SIZE, token->created,
                      token->expires, (int64_t)token->scoped);
    if (r == 0)
        token->id = sqlite3_last_insert_rowid(store->db);
    return r;
}

int token_remove(struct store *store, int64_t id)
{
    return store_run(store, "DELETE FROM tokens WHERE id = ?", "i", id);
}

int tokens_count(struct store *store, int64_t user_id, unsigned *ret)
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement, "SELECT count(*) FROM tokens WHERE user_id = ?", "i", user_id);
    if (r >= 0)
        r = store_row(store, statement);
    if (r == 1)
        *ret = (unsigned)sqlite3_column_int(statement, 0);
    return r < 0 ? r : 0;
}

int tokens_after(struct store *store, int64_t user_id, int64_t id, sqlite3_stmt **ret)
{
    return store_query(store, ret, COLUMNS "WHERE user_id = ? AND id > ? ORDER BY id", "ii", user_id, id);
}

/* ---- when they end ---- */

int token_clocks_add(struct token_clocks *self, const struct token *token, struct instant now)
{
    if (self->n == self->room) {
        unsigned room = self->room ? 2 * self->room : 64;
        struct token_clock *list = room <= 2 * CLOCKS_MAX ? realloc(self->list, room * sizeof *list) : NULL;
        if (!list)
            return -ENOMEM;
        self->list = list;
        self->room = room;
    }
    int64_t left_us;
    if (__builtin_sub_overflow(token->expires, now.wall_s, &left_us) ||
        __builtin_mul_overflow(left_us, 1000000, &left_us))
        left_us = 0;
    self->list[self->n++] = (struct token_clock){.id = token->id,
                                                 .user_id = token->user_id,
                                                 .until_us = now.us + MAX(MIN(left_us, LIFE_MAX_US), 0),
                                                 .used_us = INT64_MIN / 2};
    return 0;
}

int token_clocks_load(struct token_clocks *self, struct store *store, struct instant now)
{
    _cleanup_statement_ *statement = NULL;
    struct token token;
    int r = store_query(store, &statement, COLUMNS, "");
    while (r >= 0 && (r = token_row(store, statement, &token)) == 1)
        r = token_clocks_add(self, &token, now);
    return r;
}

void token_clocks_finish(struct token_clocks *self)
{
    free(self->list);
    *self = (struct token_clocks){0};
}

void token_clocks_remove(struct token_clocks *self, int64_t id)
{
    struct token_clock *clock = token_clock_find(self, id);
    if (clock)
        *clock = self->list[--self->n];
}

void token_clocks_remove_user(struct token_clocks *self, int64_t user_id)
{
    for (unsigned i = self->n; i-- > 0;)
        if (self->list[i].user_id == user_id)
            self->list[i] = self->list[--self->n];
}

struct token_clock *token_clock_find(struct token_clocks *self, int64_t id)
{
    for (unsigned i = 0; i < self->n; i++)
        if (self->list[i].id == id)
            return &self->list[i];
    return NULL;
}

int64_t token_left_us(const struct token *token, const struct token_clock *clock, struct instant now)
{
    if (now.wall_s >= token->expires || now.us >= clock->until_us)
        return 0;
    int64_t wall_s = MIN(token->expires - now.wall_s, (int64_t)KEEPER_TOKEN_LIFE_S);
    return MIN(wall_s * 1000000, clock->until_us - now.us);
}
