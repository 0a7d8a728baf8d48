/* One's own account: password and second factor. */
#include <errno.h>
#include <string.h>

#include "api/json.h"
#include "api/session_json.h"
#include "api/tables.h"

static void changed(void *data, int error, const char *why)
{
    struct route_call *call = data;

    if (error == 0)
        route_reply(call, 204, NULL, NULL, 0);
    else if (error == -EACCES)
        route_reply_error(call, 403, "bad-password", "The present password is not right; nothing was changed.");
    else if (error == -EINVAL)
        route_reply_error(call, 422, "weak-password", "%s", why && *why ? why : "The new password is too weak.");
    else if (error == -ENOENT)
        route_reply_error(call, 404, "no-second-factor", "This account has no second factor.");
    else
        api_reply_keeper_error(call, error, why, 0);
}

static void put_password(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *password, *new;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"password", "new", NULL});

    if (!body || !api_string(call, body, "password", true, &password) || !api_string(call, body, "new", true, &new))
        return;
    int r = keeper_client_own_password(api->keeper, call->session, password, new, changed, call);
    if (r < 0)
        changed(call, r, NULL);
}

static void totp_begun(void *data, int error, const char *why, const char *secret, const char *uri)
{
    struct route_call *call = data;

    if (error == 0)
        api_reply_json(call, 200, json_pack("{s:s, s:s}", "secret", secret, "uri", uri));
    else if (error == -EEXIST)
        route_reply_error(call, 409, "has-second-factor",
                          "This account has a second factor already; remove it before adding another.");
    else
        api_reply_keeper_error(call, error, why, 0);
}

static void post_totp(void *context, struct route_call *call)
{
    struct api_context *api = context;
    int r = keeper_client_totp_begin(api->keeper, call->session, totp_begun, call);
    if (r < 0)
        totp_begun(call, r, NULL, NULL, NULL);
}

static void totp_confirmed(void *data, int error, const char *why, const char *const *codes, unsigned n)
{
    struct route_call *call = data;

    if (error == -EACCES) {
        route_reply_error(call, 422, "bad-code",
                          "The code does not fit: check the clock of the telephone, and give the newest code.");
    } else if (error == -ENOENT) {
        route_reply_error(call, 409, "not-begun", "Ask for a second factor first: POST /account/totp.");
    } else if (error < 0) {
        api_reply_keeper_error(call, error, why, 0);
    } else {
        json_t *list = json_array();
        for (unsigned i = 0; i < n; i++)
            json_array_append_new(list, json_string(codes[i]));
        api_reply_json(call, 200, json_pack("{s:o}", "recovery", list));
    }
}

static void post_totp_confirm(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *code;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"code", NULL});

    if (!body || !api_string(call, body, "code", true, &code))
        return;
    int r = keeper_client_totp_confirm(api->keeper, call->session, code, totp_confirmed, call);
    if (r < 0)
        totp_confirmed(call, r, NULL, NULL, 0);
}

static void delete_totp(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *password;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"password", NULL});

    if (!body || !api_string(call, body, "password", true, &password))
        return;
    int r = keeper_client_totp_drop(api->keeper, call->session, password, changed, call);
    if (r < 0)
        changed(call, r, NULL);
}

/* What the session does not tell: it is asked of the keeper. */
static void found(void *data, int error, const struct keeper_account_user *users, unsigned n)
{
    struct route_call *call = data;

    if (error < 0) {
        api_reply_keeper_error(call, error, NULL, 0);
        return;
    }
    for (unsigned i = 0; i < n; i++)
        if (!strcmp(users[i].name, call->session->user)) {
            api_reply_json(call, 200,
                           json_pack("{s:s, s:b, s:s, s:b}", "user", users[i].name, "second_factor",
                                     (int)users[i].second_factor, "origin",
                                     users[i].origin == KEEPER_LOCAL ? "local" : "directory", "certificate",
                                     (int)(users[i].certificate[0] != 0)));
            return;
        }
    api_reply_keeper_error(call, -EPERM, NULL, 0);
}

static void get_account(void *context, struct route_call *call)
{
    struct api_context *api = context;
    int r = keeper_client_accounts(api->keeper, found, call);
    if (r < 0)
        found(call, r, NULL, 0);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/account", ROUTE_SESSION, 0, get_account),
    ROUTE(ROUTE_PUT, "/api/v1/account/password", ROUTE_SESSION, 0, put_password),
    ROUTE(ROUTE_POST, "/api/v1/account/totp", ROUTE_SESSION, 0, post_totp),
    ROUTE(ROUTE_POST, "/api/v1/account/totp/confirm", ROUTE_SESSION, 0, post_totp_confirm),
    ROUTE(ROUTE_DELETE, "/api/v1/account/totp", ROUTE_SESSION, 0, delete_totp),
};
const struct api_rows api_account_rows = {rows, ARRAY_SIZE(rows)};
