/* API tokens of one's own account; and of others', for who may change users. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/grants_json.h"
#include "api/id_text.h"
#include "api/json.h"
#include "api/session_json.h"
#include "api/tables.h"

#define DEFAULT_LIFE_S (90 * 86400u)

static void listed(void *data, int error, const struct keeper_token *tokens, unsigned n)
{
    struct route_call *call = data;
    json_t *list;

    if (error < 0) {
        api_reply_keeper_error(call, error, NULL, 0);
        return;
    }
    list = json_array();
    for (unsigned i = 0; i < n; i++) {
        const struct keeper_token *t = &tokens[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:I, s:I, s:o, s:o}", "id", api_id_json(t->id), "name",
                                        api_text(t->name), "created", (json_int_t)t->created, "expires",
                                        (json_int_t)t->expires, "used", t->used ? json_integer(t->used) : json_null(),
                                        "grants", t->scope && t->scope->n ? api_grants_json(t->scope) : json_null()));
    }
    api_reply_json(call, 200, json_pack("{s:o}", "tokens", list));
}

static void get_tokens(void *context, struct route_call *call)
{
    struct api_context *api = context;
    int r = keeper_client_tokens(api->keeper, call->session, listed, call);
    if (r < 0)
        listed(call, r, NULL, 0);
}

static void made(void *data, int error, const char *why, uint64_t id, const char *token)
{
    struct route_call *call = data;

    if (error == 0)
        api_reply_json(call, 201, json_pack("{s:o, s:s}", "id", api_id_json(id), "token", token));
    else if (error == -EEXIST)
        route_reply_error(call, 409, "token-exists", "There is a token of this name already.");
    else if (error == -ENOBUFS)
        route_reply_error(call, 409, "too-many-tokens", "An account has at most %d tokens; revoke one first.",
                          KEEPER_TOKENS_PER_USER);
    else if (error == -EINVAL)
        route_reply_error(call, 422, "bad-token", "%s",
                          why && *why ? why
                                      : "A token has a name of 1 to 63 characters and lives for at most 366 days.");
    else
        api_reply_keeper_error(call, error, why, 0);
}

/* False: refused with a 400. */
static bool read_life(struct route_call *call, json_t *body, unsigned *ret)
{
    json_t *life = json_object_get(body, "expires");

    *ret = DEFAULT_LIFE_S;
    if (!life)
        return true;
    if (json_is_integer(life) && json_integer_value(life) > 0 &&
        json_integer_value(life) <= (json_int_t)KEEPER_TOKEN_LIFE_S) {
        *ret = (unsigned)json_integer_value(life);
        return true;
    }
    route_reply_error(call, 400, "bad-value", "'expires' must be seconds from now, from 1 to %u.", KEEPER_TOKEN_LIFE_S);
    return false;
}

static void post_token(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct grants scope;
    const char *name;
    unsigned life_s;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"name", "expires", "grants", NULL});

    if (!body || !api_string(call, body, "name", true, &name) || !read_life(call, body, &life_s))
        return;
    int scoped = api_grants(call, body, "grants", &scope);
    if (scoped < 0)
        return;
    if (scoped == 1 && scope.n == 0) {
        route_reply_error(call, 400, "bad-value",
                          "A token without any right is of no use; leave 'grants' out for all.");
        return;
    }
    int r = keeper_client_token_make(api->keeper, call->session, name, life_s, scoped ? &scope : NULL, made, call);
    if (r < 0)
        made(call, r, NULL, 0, NULL);
}

static void reply_revoked(struct route_call *call, const char *token, int error, const char *why)
{
    if (error == 0)
        route_reply(call, 204, NULL, NULL, 0);
    else if (error == -ENOENT)
        route_reply_error(call, 404, "no-such-token", "There is no token '%s' in this account.", token);
    else
        api_reply_keeper_error(call, error, why, 0);
}

static void revoked(void *data, int error, const char *why)
{
    struct route_call *call = data;
    reply_revoked(call, call->params[0], error, why);
}

static void delete_token(void *context, struct route_call *call)
{
    struct api_context *api = context;
    uint64_t id;
    int r = -ENOENT;

    if (api_id_parse(call->params[0], &id))
        r = keeper_client_token_revoke(api->keeper, call->session, id, revoked, call);
    if (r < 0)
        revoked(call, r, NULL);
}

/* ---- others' ---- */

static void listed_of_user(void *data, int error, const struct keeper_token *tokens, unsigned n)
{
    struct route_call *call = data;
    if (error == -ENOENT)
        route_reply_error(call, 404, "no-such-user", "There is no user '%s'.", call->params[0]);
    else
        listed(call, error, tokens, n);
}

static void get_user_tokens(void *context, struct route_call *call)
{
    struct api_context *api = context;
    int r = keeper_client_user_tokens(api->keeper, call->params[0], listed_of_user, call);
    if (r < 0)
        listed_of_user(call, r, NULL, 0);
}

static void revoked_of_user(void *data, int error, const char *why)
{
    struct route_call *call = data;
    reply_revoked(call, call->params[1], error, why);
}

static void delete_user_token(void *context, struct route_call *call)
{
    struct api_context *api = context;
    uint64_t id;
    int r = -ENOENT;

    if (api_id_parse(call->params[1], &id))
        r = keeper_client_user_token_revoke(api->keeper, call->params[0], id, call->session->user, revoked_of_user,
                                            call);
    if (r < 0)
        revoked_of_user(call, r, NULL);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/account/tokens", ROUTE_SESSION, 0, get_tokens),
    ROUTE(ROUTE_POST, "/api/v1/account/tokens", ROUTE_SESSION, 0, post_token),
    ROUTE(ROUTE_DELETE, "/api/v1/account/tokens/{token}", ROUTE_SESSION, 0, delete_token),
    ROUTE(ROUTE_GET, "/api/v1/users/{user}/tokens", ROUTE_RIGHT, RIGHT_USERS, get_user_tokens),
    ROUTE(ROUTE_DELETE, "/api/v1/users/{user}/tokens/{token}", ROUTE_RIGHT, RIGHT_USERS, delete_user_token),
};
const struct api_rows api_token_rows = {rows, ARRAY_SIZE(rows)};
