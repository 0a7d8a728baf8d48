/* The first user, by the one-time secret; and a new secret for root. */
#include <errno.h>

#include "api/json.h"
#include "api/session_json.h"
#include "api/tables.h"

static void reply_already(struct route_call *call)
{
    route_reply_error(call, 409, "already-set-up", "A user exists already; log in instead.");
}

static void setup_done(void *data, const struct keeper_login_result *result)
{
    struct route_call *call = data;

    if (result->error == -EACCES)
        route_reply_error(
            call, 403, "bad-secret",
            "The set-up secret is wrong or no longer valid; 'lightsout setup-secret' on the gateway prints a "
            "new one.");
    else if (result->error == -EALREADY)
        reply_already(call);
    else if (result->error == -EINVAL)
        route_reply_error(call, 422, "weak-password", "%s", result->why ? result->why : "The password is too weak.");
    else
        api_reply_login(call, 201, result);
}

static void post_setup(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *secret, *user, *password;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"secret", "user", "password", NULL});

    if (!body || !api_string(call, body, "secret", true, &secret) || !api_string(call, body, "user", true, &user) ||
        !api_string(call, body, "password", true, &password))
        return;
    int r = keeper_client_setup(api->keeper, secret, user, password, call->peer, call->agent, setup_done, call);
    if (r < 0)
        setup_done(call, &(struct keeper_login_result){.error = r});
}

static void secret_done(void *data, int error, const char *secret)
{
    struct route_call *call = data;

    if (error == -EALREADY)
        reply_already(call);
    else if (error < 0)
        route_reply_error(call, 500, "failed", "No new set-up secret could be stored.");
    else
        api_reply_json(call, 200, json_pack("{s:s}", "secret", secret));
}

static void post_setup_secret(void *context, struct route_call *call)
{
    struct api_context *api = context;

    if (!call->local) {
        route_reply_error(call, 403, "local-only",
                          "A new set-up secret is only given out on the gateway itself: "
                          "'lightsout setup-secret' as root or as the gateway's user.");
        return;
    }
    int r = keeper_client_new_setup_secret(api->keeper, secret_done, call);
    if (r < 0)
        secret_done(call, r, NULL);
}

static const struct route rows[] = {
    ROUTE(ROUTE_POST, "/api/v1/setup", ROUTE_SETUP, 0, post_setup),
    ROUTE(ROUTE_POST, "/api/v1/setup-secret", ROUTE_SETUP, 0, post_setup_secret),
};
const struct api_rows api_setup_rows = {rows, ARRAY_SIZE(rows)};
