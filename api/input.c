/* Keys and text without a viewer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/json.h"
#include "api/tables.h"

#define MAX_CHORDS 16

bool api_seat_is_open(const struct api_context *api, struct target *t, struct route_call *call, bool force)
{
    const struct seat_party *holder = &t->seat.holder;
    const char *why;
    if (target_seat_open_to(t, call->session)) {
        if (holder->session)
            t->ops->seat(t, call->session, SEAT_DO_REQUEST, 0, &why); /* its own: not idle */
        return true;
    }
    bool may = api->may(api->may_context, call->session, RIGHT_CONFIGURE, t->name);
    if (force && may)
        return true;
    route_reply_error(call, 409, "seat-taken", "%s is typing at '%s'; %s.", holder->name, t->name,
                      may ? "\"force\":true types all the same" : "ask for the keyboard (POST .../seat)");
    return false;
}

static void reply_type_error(struct route_call *call, int error, const char *code, const char *why)
{
    if (error == -EINVAL)
        route_reply_error(call, 422, code, "%s.", why);
    else if (error == -EBUSY)
        route_reply_error(call, 409, "busy", "Text is being typed already; DELETE .../type stops it.");
    else if (error == -EMSGSIZE)
        route_reply_error(call, 413, "too-long", "The text is too long; 65536 bytes are taken at a time.");
    else
        api_reply_port_error(call, error, why, "busy");
}

static void post_keys(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    bool force = false;
    char why[160] = "";

    if (!t)
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"keys", "force", NULL});
    if (!body || !api_bool(call, body, "force", &force))
        return;
    json_t *keys = json_object_get(body, "keys");
    if (!json_array_size(keys) || json_array_size(keys) > MAX_CHORDS) {
        route_reply_error(call, 400, "bad-value", "'keys' must be a list of 1 to %d chords like \"ctrl+alt+delete\".",
                          MAX_CHORDS);
        return;
    }
    if (!api_seat_is_open(context, t, call, force))
        return;
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *chord = json_string_value(json_array_get(keys, i));
        int r = chord ? t->ops->chord(t, chord, why, sizeof why) : -EINVAL;
        if (r < 0) {
            reply_type_error(call, r, "unknown-key", chord ? why : "a chord is a string");
            return;
        }
    }
    api_audit(context, call, "keys", t->name, "");
    route_reply(call, 204, NULL, NULL, 0);
}

static void post_type(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    const char *text, *layout = "us";
    bool force = false;
    char why[400] = "";
    size_t characters = 0;

    if (!t)
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"text", "layout", "force", NULL});
    if (!body || !api_string(call, body, "text", true, &text) || !api_string(call, body, "layout", false, &layout) ||
        !api_bool(call, body, "force", &force) || !api_seat_is_open(context, t, call, force))
        return;
    int r = t->ops->type(t, text, layout, &characters, why, sizeof why);
    if (r < 0) {
        reply_type_error(call, r, "cannot-type", why);
        return;
    }
    char detail[48]; /* never the text: it may be a password */
    snprintf(detail, sizeof detail, "%zu characters", characters);
    api_audit(context, call, "type", t->name, detail);
    api_reply_json(call, 202, json_pack("{s:I}", "characters", (json_int_t)characters));
}

static void get_type(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    if (t)
        api_reply_json(call, 200, json_pack("{s:I}", "remaining", (json_int_t)t->ops->type_remaining(t)));
}

static void delete_type(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    if (!t)
        return;
    t->ops->type_stop(t);
    route_reply(call, 204, NULL, NULL, 0);
}

static void get_layouts(void *context, struct route_call *call)
{
    struct api_context *api = context;
    json_t *list = json_array();

    for (const char *const *name = api->layouts; *name; name++)
        json_array_append_new(list, json_string(*name));
    api_reply_json(call, 200, json_pack("{s:o}", "layouts", list));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/layouts", ROUTE_SESSION, 0, get_layouts),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/keys", ROUTE_RIGHT, RIGHT_INPUT, post_keys),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/type", ROUTE_RIGHT, RIGHT_INPUT, post_type),
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/type", ROUTE_RIGHT, RIGHT_INPUT, get_type),
    ROUTE(ROUTE_DELETE, "/api/v1/targets/{target}/type", ROUTE_RIGHT, RIGHT_INPUT, delete_type),
};
const struct api_rows api_input_rows = {rows, ARRAY_SIZE(rows)};
