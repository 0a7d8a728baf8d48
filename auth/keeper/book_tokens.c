/* API tokens: made, listed, revoked, used. What one may do is looked up at each use: what its user may, cut by its
 * scope. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/grants_store.h"
#include "core/text.h"
#include "core/utf8.h"

#define USE_EVERY_US (300 * 1000000ll) /* how often a use is written down */
#define EXPIRE_AT_ONCE 32

/* ---- using one ---- */

/* The token's user as it is now, and what the token may do. 0, -EACCES, or the store's error. */
static int may(struct book *self, const struct token *token, struct user *ret_user, struct grants *ret)
{
    struct grants scope;
    int r = user_find_id(&self->store, token->user_id, ret_user);
    if (r == 0 || (r == 1 && (!ret_user->enabled || ret_user->role == ROLE_NONE)))
        return -EACCES;
    if (r == 1)
        r = user_grants(&self->store, ret_user, ret);
    if (r < 0 || !token->scoped)
        return r;
    r = token_grants(&self->store, token->id, &scope);
    grants_cut(ret, &scope);
    return r;
}

static uint64_t left_ms(int64_t left_us)
{
    return (uint64_t)MIN(left_us, SESSION_IDLE_US) / 1000;
}

static void used(struct book *self, const struct token *token, struct token_clock *clock, struct instant now)
{
    if (now.us - clock->used_us < USE_EVERY_US)
        return;
    clock->used_us = now.us;
    int r = change_begin(self);
    if (r < 0)
        return;
    r = store_run(&self->store, "UPDATE tokens SET used = ? WHERE id = ?", "ii", now.wall_s, token->id);
    change_end(self, now, r);
}

/* Alive: *ret_left_us > 0. */
static int find(struct book *self, int64_t id, const uint8_t *hash, struct instant now, struct token *ret,
                struct token_clock **ret_clock, int64_t *ret_left_us)
{
    int r = token_find(&self->store, id, hash, ret);
    struct token_clock *clock = r == 1 ? token_clock_find(&self->tokens, ret->id) : NULL;
    if (r < 0)
        return r;
    *ret_left_us = clock ? token_left_us(ret, clock, now) : 0;
    *ret_clock = clock;
    return *ret_left_us > 0 ? 0 : -EACCES;
}

void token_session_ask(struct book *self, struct request *request, struct instant now)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    struct token_clock *clock = NULL;
    struct grants grants = {0};
    struct token token;
    struct user user;
    int64_t left_us = 0;
    door_of_peer(request);
    if (door_is_closed(self, request, now))
        return;
    token_hash_of(request->token, hash);
    int r = find(self, 0, hash, now, &token, &clock, &left_us);
    if (r == 0)
        r = may(self, &token, &user, &grants);
    request_answer(request, MIN(r, 0), 0, r == -EACCES ? "This API token is not valid, or no longer." : NULL);
    if (r < 0)
        return;
    door_forgive(self, request);
    used(self, &token, clock, now);
    wire_write_le64(&request->answer, KEEPER_TOKEN_SESSION | (uint64_t)token.id);
    ipc_write_string(&request->answer, user.name);
    wire_write_u8(&request->answer, (uint8_t)(token.scoped ? ROLE_CUSTOM : user.role));
    wire_write_u8(&request->answer, AUTH_TOKEN);
    wire_write_le64(&request->answer, left_ms(left_us));
    ipc_write_string(&request->answer, "");
    ipc_write_string(&request->answer, "");
    grants_write(&request->answer, &grants);
}

void token_touch_ask(struct book *self, struct request *request, struct instant now)
{
    struct token_clock *clock = NULL;
    struct grants grants = {0};
    struct token token;
    struct user user;
    int64_t left_us = 0;
    int r =
        find(self, (int64_t)(request->id & ~KEEPER_TOKEN_SESSION), request->token_hash, now, &token, &clock, &left_us);
    if (r == 0)
        r = may(self, &token, &user, &grants);
    request_answer(request, MIN(r, 0), 0, NULL);
    if (r < 0)
        return;
    if (request->used)
        used(self, &token, clock, now);
    wire_write_le64(&request->answer, left_ms(left_us));
    wire_write_u8(&request->answer, (uint8_t)(token.scoped ? ROLE_CUSTOM : user.role));
    grants_write(&request->answer, &grants);
}

/* ---- what became of its user ---- */

void tokens_tell(struct book *self, struct request *request, const struct user *user)
{
    for (unsigned i = 0; i < self->tokens.n; i++) {
        struct token token;
        struct user same;
        struct grants grants = {0};
        const struct token_clock *clock = &self->tokens.list[i];
        uint64_t id = KEEPER_TOKEN_SESSION | (uint64_t)clock->id;
        if (clock->user_id != user->id)
            continue;
        if (token_find(&self->store, clock->id, NULL, &token) != 1 || may(self, &token, &same, &grants) < 0 ||
            request_tell_change(request, id, token.scoped ? ROLE_CUSTOM : same.role, &grants) < 0)
            sessions_note_ended(&self->sessions, id);
    }
}

void tokens_forget_user(struct book *self, int64_t user_id)
{
    for (unsigned i = 0; i < self->tokens.n; i++)
        if (self->tokens.list[i].user_id == user_id)
            sessions_note_ended(&self->sessions, KEEPER_TOKEN_SESSION | (uint64_t)self->tokens.list[i].id);
    token_clocks_remove_user(&self->tokens, user_id);
}

/* ---- making and revoking ---- */

static const char *make_fault(struct book *self, const struct request *request, const struct user *user)
{
    unsigned n = 0;
    size_t size = strlen(request->name);
    if (size == 0)
        return "Give the token a name.";
    for (size_t at = 0, n_bytes; at < size; at += n_bytes) {
        n_bytes = utf8_printable(request->name + at, size - at);
        if (n_bytes == 0)
            return "A token's name is UTF-8 without control characters.";
    }
    if (request->life_s == 0 || request->life_s > KEEPER_TOKEN_LIFE_S)
        return "An API token lives for a year at most: give a time in seconds.";
    if (request->scoped && request->grants.n == 0)
        return "A scope without any right makes a token that may nothing: give rights, or no scope.";
    if (tokens_count(&self->store, user->id, &n) < 0 || n >= KEEPER_TOKENS_PER_USER)
        return "There are too many API tokens of this account: revoke one first (at most 32).";
    return NULL;
}

static int make(struct book *self, const struct request *request, const struct user *user, struct instant now,
                struct token *token, const char *text)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    token_hash_of(text, hash);
    int r = change_begin(self);
    if (r < 0)
        return r;
    r = token_insert(&self->store, token, hash);
    if (r >= 0 && token->scoped)
        r = token_grants_put(&self->store, token->id, &request->grants);
    r = change_commit(self, now, r, user->name, "token-made", user->name, token->name);
    if (r >= 0)
        r = token_clocks_add(&self->tokens, token, now);
    return r;
}

void token_make_ask(struct book *self, struct request *request, struct instant now)
{
    char text[KEEPER_MAX_TOKEN];
    struct session *session;
    struct user user;
    if (!book_own(self, request, &session, &user))
        return;
    const char *fault = make_fault(self, request, &user);
    if (fault) {
        book_fault(request, -EINVAL, fault);
        return;
    }
    struct token token = {
        .user_id = user.id, .created = now.wall_s, .expires = now.wall_s + request->life_s, .scoped = request->scoped};
    text_copy(token.name, sizeof token.name, request->name);
    int r = token_text_make(text);
    if (r >= 0)
        r = make(self, request, &user, now, &token, text);
    book_fault(request, r, r == -EEXIST ? "There is an API token of this name already." : NULL);
    if (r >= 0) {
        wire_write_le64(&request->answer, (uint64_t)token.id);
        ipc_write_string(&request->answer, text);
    }
    explicit_bzero(text, sizeof text);
}

/* Whose they are: of who asks, or of the user who is named; then the gateway has looked at the right over users. */
static bool find_owner(struct book *self, struct request *request, struct user *ret)
{
    struct session *session;
    if (request->type != KEEPER_USER_TOKENS && request->type != KEEPER_USER_TOKEN_REVOKE)
        return book_own(self, request, &session, ret);
    int r = user_find(&self->store, request->user, ret);
    if (r != 1)
        book_fault(request, r < 0 ? r : -ENOENT, r < 0 ? NULL : "There is no such user.");
    return r == 1;
}

static int drop(struct book *self, const struct token *token, struct instant now, const char *who, const char *what,
                const char *whose)
{
    int r = change_begin(self);
    if (r < 0)
        return r;
    r = token_remove(&self->store, token->id);
    r = change_commit(self, now, r, who, what, whose, token->name);
    if (r < 0)
        return r;
    token_clocks_remove(&self->tokens, token->id);
    sessions_note_ended(&self->sessions, KEEPER_TOKEN_SESSION | (uint64_t)token->id);
    return 0;
}

void token_revoke_ask(struct book *self, struct request *request, struct instant now)
{
    struct token token;
    struct user user;
    if (!find_owner(self, request, &user))
        return;
    int r = token_find(&self->store, (int64_t)request->after, NULL, &token);
    if (r == 0 || (r == 1 && token.user_id != user.id))
        r = -ENOENT;
    if (r >= 0)
        r = drop(self, &token, now, request->who[0] ? request->who : user.name, "token-revoked", user.name);
    book_fault(request, r, r == -ENOENT ? "There is no such API token." : NULL);
}

void tokens_ask(struct book *self, struct request *request, attr_unused struct instant now)
{
    _cleanup_statement_ *statement = NULL;
    static const struct grants all;
    struct request_page page;
    struct grants scope;
    struct token token;
    struct user user;
    if (!find_owner(self, request, &user))
        return;
    int r = tokens_after(&self->store, user.id, (int64_t)MIN(request->after, (uint64_t)INT64_MAX), &statement);
    request_page_begin(request, &page);
    while (r >= 0 && (r = token_row(&self->store, statement, &token)) == 1) {
        r = token.scoped ? token_grants(&self->store, token.id, &scope) : 0;
        if (r < 0 || !request_page_fits(request, &page, sizeof token + (token.scoped ? GRANTS_WIRE_MAX : 1)))
            break;
        wire_write_le64(&request->answer, (uint64_t)token.id);
        ipc_write_string(&request->answer, token.name);
        wire_write_le64(&request->answer, (uint64_t)token.created);
        wire_write_le64(&request->answer, (uint64_t)token.expires);
        wire_write_le64(&request->answer, (uint64_t)token.used);
        grants_write(&request->answer, token.scoped ? &scope : &all);
    }
    request_page_end(request, &page, r);
}

/* Those that are over leave the store. */
void tokens_expire(struct book *self, struct instant now)
{
    unsigned n = 0;
    for (unsigned i = self->tokens.n; i-- > 0 && n < EXPIRE_AT_ONCE;) {
        struct token token;
        int r = token_find(&self->store, self->tokens.list[i].id, NULL, &token);
        if (r != 1 || token_left_us(&token, &self->tokens.list[i], now) > 0)
            continue;
        if (drop(self, &token, now, "keeper", "token-expired", "") < 0)
            return;
        n++;
    }
}
