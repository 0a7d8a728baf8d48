/* Keys and pointer without a viewer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/macros.h"
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

/* ---- pointer ---- */

struct pointer_call {
    const struct api_macros_ops *ops;
    struct target *target;
    struct route_call *call;
};

static void pointer_cancelled(void *data)
{
    const struct pointer_call *self = data;
    self->ops->point_stop(self->target);
}

static void reply_pointer(struct route_call *call, int error, const char *why)
{
    if (error == 0)
        route_reply(call, 204, NULL, NULL, 0);
    else if (error == -EINVAL)
        route_reply_error(call, 400, "bad-value", "%s", why);
    else if (error == -EPERM)
        route_reply_error(call, 409, "seat-taken", "%s", why);
    else
        api_reply_port_error(call, error, why, "busy");
}

static void pointer_done(void *data, int error, const char *why)
{
    struct pointer_call *self = data;
    struct route_call *call = self->call;
    call->cancelled = NULL;
    free(self);
    reply_pointer(call, error, why);
}

static void begin_pointer(const struct api_context *api, struct route_call *call, struct target *t, json_t *steps,
                          bool force)
{
    char why[240] = "There is no memory for this.";
    struct pointer_call *self = malloc(sizeof *self);
    if (!self) {
        reply_pointer(call, -ENOMEM, why);
        return;
    }
    *self = (struct pointer_call){.ops = api->macros, .target = t, .call = call};
    const struct api_gesture gesture = {
        .steps = steps, .session = call->session, .force = force, .done = pointer_done, .data = self};
    int r = api->macros->point(t, &gesture, why, sizeof why);
    if (r < 0) {
        free(self);
        reply_pointer(call, r, why);
        return;
    }
    call->cancelled = pointer_cancelled; /* nothing stays pressed for who has gone */
    call->cancelled_data = self;
    api_audit(api, call, "pointer", t->name, "");
}

static void post_pointer(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    struct target *t = api_target(context, call);
    bool force = false;

    if (!t)
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"steps", "force", NULL});
    if (!body || !api_bool(call, body, "force", &force))
        return;
    if (!api->macros)
        route_reply_error(call, 501, "not-supported", "This gateway moves no pointer.");
    else if (api_seat_is_open(context, t, call, force))
        begin_pointer(api, call, t, json_object_get(body, "steps"), force);
}

static const struct route rows[] = {
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/keys", ROUTE_RIGHT, RIGHT_INPUT, post_keys),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/pointer", ROUTE_RIGHT, RIGHT_INPUT, post_pointer),
};
const struct api_rows api_input_rows = {rows, ARRAY_SIZE(rows)};
