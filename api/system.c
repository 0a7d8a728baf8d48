/* The gateway itself: its machine's clock, how long it runs, and the languages in which it recognises text. */
#include <errno.h>
#include <stdlib.h>

#include "api/json.h"
#include "api/tables.h"
#include "core/clock.h"

#define MOST_LANGUAGES 200
#define LATEST_MS (8000ll * 365 * 86400 * 1000) /* of a number that is a time at all */

static json_t *clock_json(const struct api_context *api)
{
    return json_pack("{s:{s:b, s:I}}", "clock", "synchronised", (int)api->clock_synchronised, "time",
                     (json_int_t)(clock_wall_us() / 1000));
}

static json_t *languages_json(const struct api_context *api)
{
    char names[MOST_LANGUAGES][API_LANGUAGE];
    size_t n = api->languages ? api->languages(names, MOST_LANGUAGES) : 0;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, api_text(names[i]));
    return list;
}

static void get_system(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    json_t *system = clock_json(api);
    json_object_set_new(system, "uptime", json_integer((json_int_t)((clock_now_us() - api->begun_us) / 1000000)));
    json_object_set_new(system, "recognise", languages_json(api));
    api_reply_json(call, 200, system);
}

struct clock_change {
    struct api_context *api;
    struct route_call *call;
};

static void set_done(void *data, int error, const char *why)
{
    struct clock_change *change = data;
    struct route_call *call = change->call;
    switch (error) {
    case 0:
        api_audit(change->api, call, "clock", "", "set from the browser");
        api_reply_json(call, 200, clock_json(change->api));
        break;
    case -EALREADY:
        route_reply_error(call, 409, "clock-synchronised", "%s", why);
        break;
    case -ERANGE:
        route_reply_error(call, 422, "bad-time", "%s", why);
        break;
    case -EPERM:
    case -EACCES:
        route_reply_error(call, 501, "not-permitted", "%s", why);
        break;
    case -EBUSY:
        route_reply_error(call, 409, "busy", "%s", why);
        break;
    default:
        route_reply_error(call, 503, "failed", "%s", why);
    }
    free(change);
}

static void post_clock(void *context, struct route_call *call)
{
    struct api_context *api = context;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"time", NULL});
    const json_t *time = body ? json_object_get(body, "time") : NULL;

    if (!body)
        return;
    json_int_t ms = json_integer_value(time);
    if (!json_is_integer(time) || ms < 0 || ms > LATEST_MS) {
        route_reply_error(call, 400, "bad-value", "'time' must be the milliseconds since 1970 began.");
        return;
    }
    struct clock_change *change = malloc(sizeof *change);
    if (!change || !api->set_clock) {
        free(change);
        route_reply_error(call, 501, "not-supported", "The clock cannot be set here.");
        return;
    }
    *change = (struct clock_change){.api = api, .call = call};
    api->set_clock(api->clock_context, (uint64_t)ms * 1000, set_done, change);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/system", ROUTE_SESSION, 0, get_system),
    ROUTE(ROUTE_POST, "/api/v1/system/clock", ROUTE_RIGHT, RIGHT_CONFIGURE, post_clock),
};
const struct api_rows api_system_rows = {rows, ARRAY_SIZE(rows)};
