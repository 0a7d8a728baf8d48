/* Login, logout, who am I; version. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/json.h"
#include "api/session_json.h"
#include "api/tables.h"

static const struct {
    enum auth_right right;
    const char *name;
} right_names[] = {
    {RIGHT_VIEW, "view"},           {RIGHT_INPUT, "input"}, {RIGHT_MEDIA, "media"},
    {RIGHT_LIBRARY, "library"},     {RIGHT_POWER, "power"}, {RIGHT_SERIAL, "serial"},
    {RIGHT_CONFIGURE, "configure"}, {RIGHT_USERS, "users"}, {RIGHT_AUDIT, "audit"},
};

json_t *api_session_json(const struct auth_session *session)
{
    json_t *rights = json_array();
    uint32_t bits = role_rights(session->role);

    for (size_t i = 0; i < ARRAY_SIZE(right_names); i++)
        if (bits & right_names[i].right)
            json_array_append_new(rights, json_string(right_names[i].name));
    return json_pack("{s:s, s:s, s:o}", "user", session->user, "role", role_name(session->role), "rights", rights);
}

void api_reply_login(struct route_call *call, int status, const struct keeper_login_result *result)
{
    char seconds[16];

    switch (result->error) {
    case 0:
        route_set_session_cookie(call, result->token);
        api_reply_json(call, status, api_session_json(result->session));
        break;
    case -EACCES:
        route_reply_error(call, 401, "bad-login", "User name or password is wrong.");
        break;
    case -EAGAIN:
        snprintf(seconds, sizeof seconds, "%u", result->retry_s);
        route_reply_header(call, "Retry-After", seconds);
        route_reply_error(call, 429, "locked-out", "Too many failed logins; try again in %u s.", result->retry_s);
        break;
    case -ENOSPC:
        route_reply_error(call, 507, "disk-full", "The gateway's disk is full; nothing was changed.");
        break;
    case -ECONNRESET:
        route_reply_error(call, 503, "keeper-restarting", "The gateway's key keeper is restarting; try again.");
        break;
    default:
        route_reply_error(call, 500, "failed", "%s", result->why ? result->why : "The login could not be checked.");
    }
}

static void login_done(void *data, const struct keeper_login_result *result)
{
    api_reply_login(data, 200, result);
}

static void post_session(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *user, *password;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"user", "password", NULL});

    if (!body || !api_string(call, body, "user", true, &user) || !api_string(call, body, "password", true, &password))
        return;
    int r = keeper_client_login(api->keeper, user, password, call->peer, call->cookie_token, login_done, call);
    if (r < 0)
        api_reply_login(call, 200, &(struct keeper_login_result){.error = r});
}

static void get_session(void *context, struct route_call *call)
{
    (void)context;
    api_reply_json(call, 200, api_session_json(call->session));
}

static void delete_session(void *context, struct route_call *call)
{
    struct api_context *api = context;

    route_set_session_cookie(call, NULL);
    if (!call->session->local)
        keeper_client_logout(api->keeper, call->session);
    route_reply(call, 204, NULL, NULL, 0);
}

static void get_version(void *context, struct route_call *call)
{
    struct api_context *api = context;
    api_reply_json(call, 200,
                   json_pack("{s:s, s:s, s:b}", "name", "lightsout", "version", api->version, "needs_setup",
                             (int)api->needs_setup));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/version", ROUTE_PUBLIC, 0, get_version),
    ROUTE(ROUTE_POST, "/api/v1/session", ROUTE_PUBLIC, 0, post_session),
    ROUTE(ROUTE_GET, "/api/v1/session", ROUTE_SESSION, 0, get_session),
    ROUTE(ROUTE_DELETE, "/api/v1/session", ROUTE_SESSION, 0, delete_session),
};
const struct api_rows api_session_rows = {rows, ARRAY_SIZE(rows)};
