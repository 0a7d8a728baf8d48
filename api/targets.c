/* The targets a caller may see. */
#include "api/drive_json.h"
#include "api/json.h"
#include "api/tables.h"
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

static json_t *target_json(struct target *t)
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

static void get_targets(void *context, struct route_call *call)
{
    struct api_context *api = context;
    json_t *list = json_array();

    for (size_t i = 0; i < api->targets->n; i++) {
        struct target *t = api->targets->targets[i];
        if (api->may(api->may_context, call->session, RIGHT_VIEW, t->name))
            json_array_append_new(list, target_json(t));
    }
    api_reply_json(call, 200, json_pack("{s:o}", "targets", list));
}

static void get_target(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    if (t)
        api_reply_json(call, 200, target_json(t));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets", ROUTE_SESSION, 0, get_targets),
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}", ROUTE_RIGHT, RIGHT_VIEW, get_target),
};
const struct api_rows api_target_rows = {rows, ARRAY_SIZE(rows)};
