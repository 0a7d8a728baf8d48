/* The jiggler of a target, for the time being: what the configuration says counts again after a restart. */
#include "api/json.h"
#include "api/tables.h"

static json_t *jiggler_json(const struct target *t)
{
    return json_pack("{s:I, s:I}", "seconds", (json_int_t)t->jiggler_s, "configured",
                     (json_int_t)t->jiggler_configured_s);
}

static void get_jiggler(void *context, struct route_call *call)
{
    const struct target *t = api_target(context, call);
    if (t)
        api_reply_json(call, 200, jiggler_json(t));
}

static void put_jiggler(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    if (!t)
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"seconds", NULL});
    if (!body)
        return;
    const json_t *value = json_object_get(body, "seconds");
    json_int_t seconds = json_integer_value(value);
    if (!json_is_integer(value) || seconds < 0 || seconds > 3600 || (seconds && seconds < 10)) {
        route_reply_error(call, 400, "bad-value", "'seconds' must be a number from 10 to 3600, or 0 for off.");
        return;
    }
    if (!t->ops->set_jiggler) {
        route_reply_error(call, 501, "not-supported", "The target has no pointer that could be moved.");
        return;
    }
    t->ops->set_jiggler(t, (unsigned)seconds);
    api_audit(context, call, "jiggler", t->name, seconds ? "on" : "off");
    api_reply_json(call, 200, jiggler_json(t));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/jiggler", ROUTE_RIGHT, RIGHT_VIEW, get_jiggler),
    ROUTE(ROUTE_PUT, "/api/v1/targets/{target}/jiggler", ROUTE_RIGHT, RIGHT_INPUT, put_jiggler),
};
const struct api_rows api_jiggler_rows = {rows, ARRAY_SIZE(rows)};
