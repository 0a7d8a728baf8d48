/* The targets a caller may see. */
#include "api/drive_json.h"
#include "api/json.h"
#include "api/macros.h"
#include "api/tables.h"
#include "api/target_events_json.h"
#include "api/usb_json.h"

static json_t *mode_json(const struct target *t)
{
    if (!t->width || !t->height)
        return json_null();
    return json_pack("{s:i, s:i}", "width", t->width, "height", t->height);
}

static json_t *vm_json(const struct target *t)
{
    json_t *log = json_array();

    if (!t->vm_state[0]) {
        json_decref(log);
        return json_null();
    }
    for (unsigned i = 0; i < TARGET_LOG_LINES && t->vm_log[i]; i++)
        json_array_append_new(log, api_text(t->vm_log[i]));
    return json_pack("{s:s, s:o, s:o}", "state", t->vm_state, "why", api_text(t->vm_why), "log", log);
}

/* What who may not view it sees of it: nothing that is made from its picture, or tells what its viewers do. */
static void hide(json_t *json, bool media)
{
    json_object_set_new(json, "signal",
                        json_pack("{s:s, s:s}", "name", "hidden", "why", "You may not view this target."));
    json_object_set_new(json, "mode", json_null());
    json_object_set_new(json, "viewers", json_integer(0));
    json_object_set_new(json, "seat", json_pack("{s:n, s:b}", "holder", "shared", 0));
    json_object_set_new(json, "leds", json_pack("{s:b, s:b, s:b}", "num", 0, "caps", 0, "scroll", 0));
    json_object_set_new(json, "macro", json_null());
    json_object_set_new(json, "vm", json_null());
    json_object_set_new(json, "usb", json_null());
    json_object_set_new(json, "health", json_null());
    json_object_set_new(json, "last_event", json_null());
    json_object_set_new(json, "capture", json_false());
    json_object_set_new(json, "recording", json_false());
    if (!media)
        json_object_set_new(json, "drives", json_array());
}

static json_t *whole_json(struct target *t)
{
    enum power_state power = t->power ? t->power->ops->state(t->power) : POWER_UNKNOWN;

    return json_pack("{s:s, s:s, s:s, s:{s:s, s:o}, s:o, s:i, s:{s:s?, s:b}, s:o, s:{s:b, s:b, s:b}, s:o, s:o, s:b}",
                     "name", t->name, "machine", t->machine, "power", power_state_name(power), "signal", "name",
                     screen_signal_name(t->signal), "why", api_text(t->signal_why), "mode", mode_json(t), "viewers",
                     (int)t->viewers, "seat", "holder", t->seat.holder.session ? t->seat.holder.name : NULL, "shared",
                     t->seat.shared, "drives", api_drives_json(t), "leds", "num", t->leds & INPUT_LED_NUM, "caps",
                     t->leds & INPUT_LED_CAPS, "scroll", t->leds & INPUT_LED_SCROLL, "vm", vm_json(t), "usb",
                     api_usb_summary_json(t), "capture", t->ops->describe_capture != NULL);
}

static json_t *target_json(const struct api_context *api, const struct route_call *call, struct target *t)
{
    json_t *json = whole_json(t);
    if (json)
        json_object_set_new(json, "recording", json_boolean(t->recording));
    json_object_set_new(json, "macro", api->macros ? api->macros->running(t) : json_null());
    json_object_set_new(json, "group", json_string(t->group));
    json_object_set_new(json, "title", api_text(t->title));
    json_object_set_new(json, "waits", json_string(t->waits));
    json_object_set_new(json, "health", api_health_json(t));
    json_object_set_new(json, "last_event", api_last_event_json(t));
    json_object_set_new(json, "jiggler", json_integer(t->jiggler_s));
    json_object_set_new(json, "layout", json_string(*t->layout ? t->layout : "us"));
    if (json && !api->may(api->may_context, call->session, RIGHT_VIEW, t->name))
        hide(json, api->may(api->may_context, call->session, RIGHT_MEDIA, t->name));
    return json;
}

static void get_targets(void *context, struct route_call *call)
{
    struct api_context *api = context;
    json_t *list = json_array();

    for (size_t i = 0; i < api->targets->n; i++) {
        struct target *t = api->targets->targets[i];
        if (auth_session_sees(call->session, t->name))
            json_array_append_new(list, target_json(api, call, t));
    }
    api_reply_tagged_json(call, json_pack("{s:o}", "targets", list));
}

static void get_target(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    if (t)
        api_reply_tagged_json(call, target_json(context, call, t));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets", ROUTE_SESSION, 0, get_targets),
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}", ROUTE_SESSION, 0, get_target),
};
const struct api_rows api_target_rows = {rows, ARRAY_SIZE(rows)};
