/* User accounts, what they may, and what proves them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/grants_json.h"
#include "api/json.h"
#include "api/session_json.h"
#include "api/tables.h"

static json_t *user_json(const struct keeper_account_user *user)
{
    struct grants role;
    const struct grants *grants = user->grants;

    if (user->role != ROLE_CUSTOM) {
        grants_of_role(&role, user->role);
        grants = &role;
    }
    return json_pack("{s:s, s:s, s:b, s:s, s:b, s:o, s:o}", "name", user->name, "role", role_name(user->role),
                     "enabled", (int)user->enabled, "origin", user->origin == KEEPER_LOCAL ? "local" : "directory",
                     "second_factor", (int)user->second_factor, "certificate",
                     user->certificate && *user->certificate ? api_text(user->certificate) : json_null(), "grants",
                     api_grants_json(grants));
}

static void listed(void *data, int error, const struct keeper_account_user *users, unsigned n)
{
    struct route_call *call = data;

    if (error < 0) {
        api_reply_keeper_error(call, error, NULL, 0);
        return;
    }
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++)
        json_array_append_new(list, user_json(&users[i]));
    api_reply_json(call, 200, json_pack("{s:o}", "users", list));
}

static void get_users(void *context, struct route_call *call)
{
    struct api_context *api = context;
    int r = keeper_client_accounts(api->keeper, listed, call);
    if (r < 0)
        listed(call, r, NULL, 0);
}

static void reply_change(struct route_call *call, int status, int error, const char *why)
{
    const char *name = call->params[0] ? call->params[0] : "";

    switch (error) {
    case 0:
        route_reply(call, status, NULL, NULL, 0);
        break;
    case -ENOENT:
        route_reply_error(call, 404, "no-such-user", "There is no user '%s'.", name);
        break;
    case -EEXIST:
        route_reply_error(call, 409, "user-exists", "%s",
                          why && *why ? why : "The name or the certificate belongs to another user already.");
        break;
    case -EPERM:
        route_reply_error(call, 409, "last-administrator", "%s",
                          why && *why ? why : "The last enabled Administrator must stay.");
        break;
    case -EINVAL:
        route_reply_error(call, 422, "bad-user", "%s",
                          why && *why ? why : "The name, the password or the certificate is not allowed.");
        break;
    default:
        api_reply_keeper_error(call, error, why, 0);
    }
}

static void created(void *data, int error, const char *why)
{
    reply_change(data, 201, error, why);
}

static void changed(void *data, int error, const char *why)
{
    reply_change(data, 204, error, why);
}

static bool body_role(struct route_call *call, json_t *body, enum auth_role *ret)
{
    const char *word = NULL;

    *ret = ROLE_NONE;
    if (!api_string(call, body, "role", false, &word))
        return false;
    if (!word || role_parse(word, ret))
        return true;
    route_reply_error(call, 400, "bad-value", "'role' must be Administrator, Operator, ReadOnly or Custom.");
    return false;
}

/* Grants belong to the role Custom, and make one of who has none. */
static bool body_grants(struct route_call *call, json_t *body, struct keeper_user_change *change, struct grants *room)
{
    int r = api_grants(call, body, "grants", room);

    if (r < 0)
        return false;
    if (r == 1 && change->role == ROLE_NONE)
        change->role = ROLE_CUSTOM;
    if (r == 1 && change->role != ROLE_CUSTOM) {
        route_reply_error(call, 400, "bad-value", "'grants' are listed for the role Custom only; leave 'role' out.");
        return false;
    }
    change->grants = r == 1 ? room : NULL;
    return true;
}

/* What set-up and change have in common. */
static bool body_change(struct route_call *call, json_t *body, struct keeper_user_change *change, struct grants *room)
{
    if (!api_string(call, body, "password", change->create, &change->password) ||
        !body_role(call, body, &change->role) || !body_grants(call, body, change, room) ||
        !api_string(call, body, "certificate", false, &change->certificate))
        return false;
    change->who = call->session->user;
    if (!change->create || change->role != ROLE_NONE)
        return true;
    route_reply_error(call, 400, "missing-key", "A new user needs a 'role', or 'grants'.");
    return false;
}

static void post_users(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct keeper_user_change change = {.create = true};
    struct grants room;
    _cleanup_json_ json_t *body =
        api_body(call, (const char *const[]){"name", "password", "role", "grants", "certificate", NULL});

    if (!body || !api_string(call, body, "name", true, &change.name) || !body_change(call, body, &change, &room))
        return;
    int r = keeper_client_user_change(api->keeper, &change, created, call);
    if (r < 0)
        created(call, r, NULL);
}

/* "second_factor": false removes it; only its owner can add one. */
static bool body_factor(struct route_call *call, json_t *body, bool *ret)
{
    bool keep = true;

    if (!api_bool(call, body, "second_factor", &keep))
        return false;
    *ret = !keep;
    if (!keep || !json_object_get(body, "second_factor"))
        return true;
    route_reply_error(call, 400, "bad-value", "'second_factor' can only be set to false: its owner adds one.");
    return false;
}

static void patch_user(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct keeper_user_change change = {.name = call->params[0]};
    struct grants room;
    bool enabled = true;
    _cleanup_json_ json_t *body = api_body(
        call, (const char *const[]){"password", "role", "enabled", "grants", "certificate", "second_factor", NULL});

    if (!body || !body_change(call, body, &change, &room) || !api_bool(call, body, "enabled", &enabled) ||
        !body_factor(call, body, &change.drop_second_factor))
        return;
    if (!json_object_size(body)) {
        route_reply_error(call, 400, "missing-key",
                          "Nothing to change: give password, role, enabled, grants, certificate or second_factor.");
        return;
    }
    if (json_object_get(body, "enabled"))
        change.enabled = &enabled;
    int r = keeper_client_user_change(api->keeper, &change, changed, call);
    if (r < 0)
        changed(call, r, NULL);
}

static void delete_user(void *context, struct route_call *call)
{
    struct api_context *api = context;
    int r = keeper_client_user_remove(api->keeper, call->params[0], call->session->user, changed, call);
    if (r < 0)
        changed(call, r, NULL);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/users", ROUTE_RIGHT, RIGHT_USERS, get_users),
    ROUTE(ROUTE_POST, "/api/v1/users", ROUTE_RIGHT, RIGHT_USERS, post_users),
    ROUTE(ROUTE_PATCH, "/api/v1/users/{user}", ROUTE_RIGHT, RIGHT_USERS, patch_user),
    ROUTE(ROUTE_DELETE, "/api/v1/users/{user}", ROUTE_RIGHT, RIGHT_USERS, delete_user),
};
const struct api_rows api_user_rows = {rows, ARRAY_SIZE(rows)};
