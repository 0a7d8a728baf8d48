/* Trying the directory that logins are asked of. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/grants_json.h"
#include "api/json.h"
#include "api/session_json.h"
#include "api/tables.h"

/* The steps, a line each. */
static json_t *lines(const char *text)
{
    json_t *list = json_array();
    while (*text) {
        size_t n = strcspn(text, "\n");
        char line[512];
        size_t kept = n < sizeof line ? n : sizeof line - 1;
        memcpy(line, text, kept);
        line[kept] = '\0';
        json_array_append_new(list, api_text(line));
        text += n + (text[n] == '\n');
    }
    return list;
}

static void tested(void *data, int error, const char *why, unsigned retry_s, const struct keeper_directory_test *result)
{
    struct route_call *call = data;
    if (error == -ENOENT)
        route_reply_error(call, 404, "no-directory", "%s", why ? why : "No directory is configured.");
    else if (error == -EEXIST)
        route_reply_error(call, 409, "local-account", "%s", why ? why : "No directory is asked for a local account.");
    else if (error == -EINVAL)
        route_reply_error(call, 422, "bad-name", "%s", why && *why ? why : "This can be no user's name or password.");
    else if (error < 0)
        api_reply_keeper_error(call, error, why, retry_s);
    if (error < 0)
        return;
    bool worth = result->error == 0 && result->role != ROLE_NONE;
    api_reply_json(call, 200,
                   json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "works", (int)worth, "why",
                             result->error ? api_text(result->why)
                             : worth       ? json_null()
                                           : json_string("The password is right, but none of the groups has rights "
                                                               "here: directory-group names those that have."),
                             "steps", lines(result->steps), "dn", *result->dn ? api_text(result->dn) : json_null(),
                             "role", worth ? json_string(role_name(result->role)) : json_null(), "grants",
                             worth ? api_grants_json(result->grants) : json_array()));
}

static void post_test(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *user = NULL, *password = NULL;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"user", "password", NULL});
    if (!body || !api_string(call, body, "user", true, &user) || !api_string(call, body, "password", true, &password))
        return;
    int r = keeper_client_directory_test(api->keeper, user, password, call->peer, call->session->user, tested, call);
    if (r < 0)
        tested(call, r, NULL, 0, NULL);
}

static const struct route rows[] = {
    ROUTE(ROUTE_POST, "/api/v1/directory/test", ROUTE_RIGHT, RIGHT_CONFIGURE, post_test),
};
const struct api_rows api_directory_rows = {rows, ARRAY_SIZE(rows)};
