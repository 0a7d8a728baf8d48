/* API tokens of one's own account, and of others. */
#include <errno.h>
#include <string.h>

#include "auth/keeper_client_internal.h"
#include "core/text.h"

#define OWN_SIZE 40
#define USER_SIZE (AUTH_USER_MAX + 2)

/* ---- listing ---- */

static int tokens_send(struct keeper_client *self, struct keeper_ask *ask)
{
    uint8_t room[OWN_SIZE + 8 + USER_SIZE];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (ask->session)
        write_own(&w, ask->session);
    wire_write_le64(&w, ask->page->last);
    if (!ask->session)
        ipc_write_string(&w, ask->user);
    return ask_send(self, ask, ask->session ? KEEPER_TOKENS : KEEPER_USER_TOKENS, &w);
}

static bool token_read(struct keeper_page *page, struct wire_reader *r)
{
    struct keeper_token *token = page_row(page, r);
    if (!token)
        return false;
    token->id = wire_read_le64(r);
    token->name = page_string(page, r, KEEPER_MAX_TOKEN_NAME);
    token->created = (int64_t)wire_read_le64(r);
    token->expires = (int64_t)wire_read_le64(r);
    token->used = (int64_t)wire_read_le64(r);
    token->scope = page_grants(page, r);
    if (r->bad || token->id <= page->last)
        return false; /* out of order: it would never end */
    page->last = token->id;
    return true;
}

static enum ask_next tokens_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    bool more = false;
    int error = answer->error;
    if (!error && !page_read(ask->page, &answer->body, token_read, &more))
        return ASK_BAD;
    if (more) {
        error = tokens_send(self, ask);
        if (!error)
            return ASK_AGAIN;
    }
    ask->tokens(ask->data, error, ask->page->rows, error ? 0 : ask->page->n);
    return ASK_DONE;
}

static int tokens_of(struct keeper_client *self, const struct auth_session *session, const char *user,
                     keeper_tokens_fn *done, void *data)
{
    struct keeper_ask *ask = ask_paged(tokens_answered, data, sizeof(struct keeper_token), KEEPER_TOKENS_PER_USER);
    if (!ask)
        return -ENOMEM;
    ask->tokens = done;
    if (session)
        ask->session = auth_session_ref((struct auth_session *)session);
    int r = text_copy(ask->user, sizeof ask->user, user) ? tokens_send(self, ask) : -ENOENT;
    if (r < 0)
        ask_free(ask);
    return r;
}

int keeper_client_tokens(struct keeper_client *self, const struct auth_session *session, keeper_tokens_fn *done,
                         void *data)
{
    return tokens_of(self, session, "", done, data);
}

int keeper_client_user_tokens(struct keeper_client *self, const char *user, keeper_tokens_fn *done, void *data)
{
    return tokens_of(self, NULL, user, done, data);
}

/* ---- making and revoking ---- */

static enum ask_next made_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                   struct keeper_answer *answer)
{
    char token[AUTH_API_TOKEN_MAX] = "";
    uint64_t id = 0;
    if (!answer->error) {
        id = wire_read_le64(&answer->body);
        ipc_read_string(&answer->body, token, sizeof token);
    }
    bool good = wire_read_complete(&answer->body);
    if (good)
        ask->token_made(ask->data, answer->error, answer->why, id, answer->error ? NULL : token);
    explicit_bzero(token, sizeof token);
    return good ? ASK_DONE : ASK_BAD;
}

int keeper_client_token_make(struct keeper_client *self, const struct auth_session *session, const char *name,
                             unsigned life_s, const struct grants *scope, keeper_token_made_fn *done, void *data)
{
    static const struct grants all;
    if (strlen(name) > KEEPER_TOKEN_NAME_MAX)
        return -EINVAL;
    struct keeper_ask *ask = ask_new(made_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->token_made = done;
    uint8_t room[OWN_SIZE + KEEPER_MAX_TOKEN_NAME + 8 + GRANTS_WIRE_MAX];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_own(&w, session);
    ipc_write_string(&w, name);
    wire_write_le32(&w, life_s);
    wire_write_u8(&w, scope != NULL);
    grants_write(&w, scope ? scope : &all);
    return ask_go(self, ask, KEEPER_TOKEN_MAKE, &w);
}

int keeper_client_token_revoke(struct keeper_client *self, const struct auth_session *session, uint64_t id,
                               keeper_done_fn *done, void *data)
{
    uint8_t room[OWN_SIZE + 8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_own(&w, session);
    wire_write_le64(&w, id);
    return ask_done(self, KEEPER_TOKEN_REVOKE, &w, done, data);
}

int keeper_client_user_token_revoke(struct keeper_client *self, const char *user, uint64_t id, const char *who,
                                    keeper_done_fn *done, void *data)
{
    if (strlen(user) >= AUTH_USER_MAX)
        return -ENOENT;
    uint8_t room[8 + 2 * USER_SIZE];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_le64(&w, id);
    ipc_write_string(&w, user);
    write_cut(&w, who, AUTH_USER_MAX - 1);
    return ask_done(self, KEEPER_USER_TOKEN_REVOKE, &w, done, data);
}
