/* Login, logout, who am I; version. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/grants_json.h"
#include "api/json.h"
#include "api/session_json.h"
#include "api/tables.h"
#include "core/clock.h"

const char *api_kind_name(enum auth_kind kind)
{
    static const char *const names[] = {
        [AUTH_BROWSER] = "browser",     [AUTH_TOKEN] = "token", [AUTH_CERTIFICATE] = "certificate",
        [AUTH_DIRECTORY] = "directory", [AUTH_LOCAL] = "local",
    };
    return (unsigned)kind < ARRAY_SIZE(names) && names[kind] ? names[kind] : "unknown";
}

/* Milliseconds until it ends, however much it is used; null when only its connection ends it. */
static json_t *left_json(const struct auth_session *session)
{
    uint64_t now = clock_boot_us();
    if (session->expires_us == UINT64_MAX)
        return json_null();
    return json_integer(session->expires_us > now ? (json_int_t)((session->expires_us - now) / 1000) : 0);
}

json_t *api_session_json(const struct auth_session *session)
{
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:o}", "user", session->user, "role", role_name(session->role), "rights",
        api_rights_json(grants_on(&session->grants, GRANT_GATEWAY) | grants_on(&session->grants, GRANT_ALL_TARGETS)),
        "grants", api_grants_json(&session->grants), "kind", api_kind_name(session->kind), "expires",
        left_json(session));
}

void api_reply_keeper_error(struct route_call *call, int error, const char *why, unsigned retry_s)
{
    char seconds[16];

    switch (error) {
    case -EAGAIN:
        snprintf(seconds, sizeof seconds, "%u", MAX(retry_s, 1u));
        route_reply_header(call, "Retry-After", seconds);
        route_reply_error(call, 429, "locked-out", "Too many failed tries; try again in %u s.", MAX(retry_s, 1u));
        break;
    case -EHOSTUNREACH:
        snprintf(seconds, sizeof seconds, "%u", MAX(retry_s, 1u));
        route_reply_header(call, "Retry-After", seconds);
        route_reply_error(call, 503, "directory-away", "%s", why && *why ? why : "The directory cannot be asked.");
        break;
    case -EPERM:
        route_reply_error(
            call, 403, "no-account", "%s",
            why && *why ? why : "This needs an account's own session: an API token or the local socket has none.");
        break;
    case -ENOSPC:
        route_reply_error(call, 507, "disk-full", "The gateway's disk is full; nothing was changed.");
        break;
    case -ECONNRESET:
        route_reply_error(call, 503, "keeper-restarting", "The gateway's key keeper is restarting; try again.");
        break;
    default:
        route_reply_error(call, 500, "failed", "%s", why && *why ? why : "The keeper could not do it.");
    }
}

void api_reply_login(struct route_call *call, int status, const struct keeper_login_result *result)
{
    switch (result->error) {
    case 0:
        route_set_session_cookie(call, result->token);
        if (result->device)
            route_set_device_cookie(call, result->device);
        api_reply_json(call, status, api_session_json(result->session));
        break;
    case -EACCES:
        route_reply_error(call, 401, "bad-login", "%s",
                          result->why && *result->why ? result->why : "User name or password is wrong.");
        break;
    case KEEPER_CODE_REQUIRED:
        route_reply_error(call, 401, "code-required",
                          "This account has a second factor: give \"code\" too, six digits or a recovery code.");
        break;
    default:
        api_reply_keeper_error(call, result->error, result->why, result->retry_s);
    }
}

#define MAX_CHAIN 8 /* certificates that a browser shows */

static void login_done(void *data, const struct keeper_login_result *result)
{
    api_reply_login(data, 200, result);
}

/* The handshake has proved who holds the key; the keeper says whose it is. */
static void log_in_by_certificate(struct api_context *api, struct route_call *call, struct keeper_credentials *login)
{
    struct route_der shown[MAX_CHAIN];
    struct keeper_der chain[MAX_CHAIN];
    const char *why = "";
    unsigned n = route_peer_chain(call, shown, MAX_CHAIN, &why);

    if (n == 0) {
        route_reply_error(call, 401, "no-certificate", "%s",
                          *why ? why : "The browser showed no certificate that this gateway knows the authority of.");
        return;
    }
    for (unsigned i = 0; i < n; i++)
        chain[i] = (struct keeper_der){.bytes = shown[i].bytes, .size = shown[i].size};
    login->user = login->password = "";
    int r = keeper_client_log_in_certificate(api->keeper, chain, n, login, login_done, call);
    if (r < 0)
        api_reply_login(call, 200, &(struct keeper_login_result){.error = r});
}

static void post_session(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct keeper_credentials login = {.code = "",
                                       .peer = call->peer,
                                       .agent = call->agent,
                                       .old_token = call->cookie_token,
                                       .device = call->device_token};
    bool certificate = false;
    _cleanup_json_ json_t *body =
        api_body(call, (const char *const[]){"user", "password", "code", "certificate", NULL});

    if (!body || !api_bool(call, body, "certificate", &certificate))
        return;
    if (certificate) {
        log_in_by_certificate(api, call, &login);
        return;
    }
    if (!api_string(call, body, "user", true, &login.user) ||
        !api_string(call, body, "password", true, &login.password) ||
        !api_string(call, body, "code", false, &login.code))
        return;
    int r = keeper_client_log_in(api->keeper, &login, login_done, call);
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
                   json_pack("{s:s, s:s, s:b, s:b}", "name", "lightsout", "version", api->version, "needs_setup",
                             (int)api->needs_setup, "certificate", (int)api->client_certificates));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/version", ROUTE_PUBLIC, 0, get_version),
    ROUTE(ROUTE_POST, "/api/v1/session", ROUTE_PUBLIC, 0, post_session),
    ROUTE(ROUTE_GET, "/api/v1/session", ROUTE_SESSION, 0, get_session),
    ROUTE(ROUTE_DELETE, "/api/v1/session", ROUTE_SESSION, 0, delete_session),
};
const struct api_rows api_session_rows = {rows, ARRAY_SIZE(rows)};
