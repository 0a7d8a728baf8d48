/* User accounts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/tables.h"

static void list_done(void *data, int error, const struct keeper_user *users, unsigned n)
{
    struct route_call *call = data;

    if (error < 0) {
        route_reply_error(call, 503, "keeper-restarting", "The users cannot be read now; try again.");
        return;
    }
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "name", users[i].name, "role",
                                              role_name(users[i].role), "enabled", (int)users[i].enabled));
    api_reply_json(call, 200, json_pack("{s:o}", "users", list));
}

static void get_users(void *context, struct route_call *call)
{
    struct api_context *api = context;
    int r = keeper_client_users(api->keeper, list_done, call);
    if (r < 0)
        list_done(call, r, NULL, 0);
}

/* A change of one account and the call that waits for it. */
struct user_change {
    struct api_context *api;
    struct route_call *call;
    const char *what;
    char name[AUTH_USER_MAX];
    int status;
    bool enable, enabled; /* still to be done: switch the account on or off */
};

static void change_done(void *data, int error, const char *why)
{
    struct user_change *c = data;

    if (error == 0 && c->enable) {
        c->enable = false;
        error = keeper_client_user_enable(c->api->keeper, c->name, c->enabled, change_done, c);
        if (error == 0)
            return;
        why = NULL;
    }
    if (error == 0) {
        api_audit(c->api, c->call, c->what, NULL, c->name);
        route_reply(c->call, c->status, NULL, NULL, 0);
    } else if (error == -ENOENT) {
        route_reply_error(c->call, 404, "no-such-user", "There is no user '%s'.", c->name);
    } else if (error == -EEXIST) {
        route_reply_error(c->call, 409, "user-exists", "There is a user '%s' already.", c->name);
    } else if (error == -EPERM) {
        route_reply_error(c->call, 409, "last-administrator", "%s",
                          why && *why ? why : "The last enabled Administrator must stay.");
    } else if (error == -EINVAL) {
        route_reply_error(c->call, 422, "bad-user", "%s",
                          why && *why ? why : "The name or the password is not allowed.");
    } else if (error == -ENOSPC) {
        route_reply_error(c->call, 507, "disk-full", "The gateway's disk is full; nothing was changed.");
    } else {
        route_reply_error(c->call, 500, "failed", "%s", why && *why ? why : "The user could not be changed.");
    }
    free(c);
}

static struct user_change *change_new(struct api_context *api, struct route_call *call, const char *what,
                                      const char *name, int status)
{
    struct user_change *c = calloc(1, sizeof *c);
    if (!c) {
        route_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
        return NULL;
    }
    *c = (struct user_change){.api = api, .call = call, .what = what, .status = status};
    snprintf(c->name, sizeof c->name, "%s", name);
    return c;
}

static bool body_role(struct route_call *call, json_t *body, bool required, enum auth_role *ret)
{
    const char *word = NULL;

    *ret = ROLE_NONE;
    if (!api_string(call, body, "role", required, &word))
        return false;
    if (!word || role_parse(word, ret))
        return true;
    route_reply_error(call, 400, "bad-value", "'role' must be Administrator, Operator or ReadOnly.");
    return false;
}

static void post_users(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *name, *password;
    enum auth_role role;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"name", "password", "role", NULL});

    if (!body || !api_string(call, body, "name", true, &name) || !api_string(call, body, "password", true, &password) ||
        !body_role(call, body, true, &role))
        return;
    struct user_change *c = change_new(api, call, "user-create", name, 201);
    if (!c)
        return;
    int r = keeper_client_user_put(api->keeper, name, password, role, true, change_done, c);
    if (r < 0)
        change_done(c, r, NULL);
}

static void patch_user(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *password = NULL;
    enum auth_role role;
    bool enabled = true;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"password", "role", "enabled", NULL});

    if (!body || !api_string(call, body, "password", false, &password) || !body_role(call, body, false, &role) ||
        !api_bool(call, body, "enabled", &enabled))
        return;
    if (!json_object_size(body)) {
        route_reply_error(call, 400, "missing-key", "Nothing to change: give password, role or enabled.");
        return;
    }
    struct user_change *c = change_new(api, call, "user-change", call->params[0], 204);
    if (!c)
        return;
    c->enable = json_object_get(body, "enabled");
    c->enabled = enabled;
    if (!password && role == ROLE_NONE) {
        change_done(c, 0, NULL);
        return;
    }
    int r = keeper_client_user_put(api->keeper, call->params[0], password, role, false, change_done, c);
    if (r < 0)
        change_done(c, r, NULL);
}

static void delete_user(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct user_change *c = change_new(api, call, "user-delete", call->params[0], 204);
    if (!c)
        return;
    int r = keeper_client_user_delete(api->keeper, call->params[0], change_done, c);
    if (r < 0)
        change_done(c, r, NULL);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/users", ROUTE_RIGHT, RIGHT_USERS, get_users),
    ROUTE(ROUTE_POST, "/api/v1/users", ROUTE_RIGHT, RIGHT_USERS, post_users),
    ROUTE(ROUTE_PATCH, "/api/v1/users/{user}", ROUTE_RIGHT, RIGHT_USERS, patch_user),
    ROUTE(ROUTE_DELETE, "/api/v1/users/{user}", ROUTE_RIGHT, RIGHT_USERS, delete_user),
};
const struct api_rows api_user_rows = {rows, ARRAY_SIZE(rows)};
