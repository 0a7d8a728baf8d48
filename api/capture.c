/* The capture device, and the EDID that it shows the target. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base64.h"
#include "api/json.h"
#include "api/tables.h"

/* The target that the path names, described; else replies and gives NULL. */
static struct target *capture_target(const struct api_context *api, struct route_call *call, struct target_capture *ret)
{
    struct target *target = api_target(api, call);
    if (!target)
        return NULL;
    if (!target->ops->describe_capture) {
        route_reply_error(call, 501, "not-supported", "Target '%s' has no capture device.", target->name);
        return NULL;
    }
    *ret = (struct target_capture){.has_edid = false};
    target->ops->describe_capture(target, ret);
    return target;
}

static json_t *statistics_json(const struct target_capture *c)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "frames", (json_int_t)c->frames,
                     "published", (json_int_t)c->published, "gaps", (json_int_t)c->gaps, "gaps_unexplained",
                     (json_int_t)c->gaps_unexplained, "requeued", (json_int_t)c->requeued, "copies",
                     (json_int_t)c->copies, "decoded", (json_int_t)c->decoded, "broken", (json_int_t)c->broken,
                     "errors", (json_int_t)c->errors, "restarts", (json_int_t)c->restarts, "stalls",
                     (json_int_t)c->stalls);
}

static void get_capture(void *context, struct route_call *call)
{
    struct target_capture c;
    if (!capture_target(context, call, &c))
        return;
    api_reply_json(call, 200,
                   json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "driver",
                             api_text(c.driver), "card", api_text(c.card), "bus", api_text(c.bus), "input",
                             api_text(c.input), "format", api_text(c.format), "memory", api_text(c.memory), "timings",
                             api_text(c.timings), "offered", api_text(c.offered), "why", api_text(c.why), "priority",
                             api_text(c.priority), "has_edid", (int)c.has_edid, "statistics", statistics_json(&c)));
}

static json_t *presets_json(void)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < EDID_PRESETS; i++)
        json_array_append_new(list, json_string(edid_preset_name((enum edid_preset)i)));
    return list;
}

static json_t *hex_json(const struct edid *edid)
{
    char text[2 * sizeof edid->bytes + 1] = "";
    for (size_t i = 0; i < edid->size && i < sizeof edid->bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", edid->bytes[i]);
    return json_string(text);
}

/* edid NULL: the device has none now, or none that can be read. */
static json_t *edid_json(const struct edid *edid, const struct edid_facts *f)
{
    if (!edid)
        return json_pack("{s:b, s:o}", "present", 0, "presets", presets_json());
    return json_pack("{s:b, s:o, s:o, s:o, s:i, s:i, s:I, s:b, s:b, s:s?, s:o, s:o}", "present", 1, "manufacturer",
                     api_text(f->manufacturer), "name", api_text(f->name), "serial", api_text(f->serial), "width",
                     f->width, "height", f->height, "refresh_millihertz", (json_int_t)(f->refresh * 1000 + 0.5), "hdmi",
                     (int)f->hdmi, "audio", (int)f->audio, "preset", f->preset[0] ? f->preset : NULL, "hex",
                     hex_json(edid), "presets", presets_json());
}

static void get_edid(void *context, struct route_call *call)
{
    struct target_capture c;
    if (capture_target(context, call, &c))
        api_reply_json(call, 200, edid_json(c.has_edid && c.edid.size ? &c.edid : NULL, &c.facts));
}

static void get_edid_raw(void *context, struct route_call *call)
{
    struct target_capture c;
    char name[TARGET_NAME_MAX + 48];
    struct target *t = capture_target(context, call, &c);
    if (!t)
        return;
    if (!c.has_edid || !c.edid.size) {
        route_reply_error(call, 404, "no-edid", "The capture device of '%s' has no EDID that can be read.", t->name);
        return;
    }
    snprintf(name, sizeof name, "attachment; filename=\"%s.edid\"", t->name);
    route_reply_header(call, "Content-Disposition", name);
    route_reply_header(call, "Cache-Control", "no-store");
    route_reply(call, 200, "application/octet-stream", c.edid.bytes, c.edid.size);
}

static bool read_custom(struct route_call *call, const char *hex, const char *base64, struct edid *ret)
{
    uint8_t room[EDID_MAX_BLOCKS * EDID_BLOCK];
    const uint8_t *bytes = (const uint8_t *)hex;
    char why[200] = "";
    int size;

    if (base64) {
        size = base64_decode(base64, room, sizeof room);
        if (size < 0) {
            route_reply_error(call, 400, "bad-value",
                              size == -EMSGSIZE ? "'base64' holds more than an EDID's 512 bytes."
                                                : "'base64' is no base64 text.");
            return false;
        }
        bytes = room;
    } else {
        size = (int)strlen(hex);
    }
    if (edid_parse(bytes, (size_t)size, ret, why, sizeof why) < 0) {
        route_reply_error(call, 422, "bad-edid", "%s", why);
        return false;
    }
    return true;
}

/* Exactly one of preset, hex and base64. Replies and gives false when that is not so. */
static bool read_edid(struct route_call *call, json_t *body, struct edid *ret)
{
    const char *word = NULL, *hex = NULL, *base64 = NULL;
    enum edid_preset preset;

    if (!api_string(call, body, "preset", false, &word) || !api_string(call, body, "hex", false, &hex) ||
        !api_string(call, body, "base64", false, &base64))
        return false;
    if (!!word + !!hex + !!base64 != 1) {
        route_reply_error(call, 400, "missing-key", "The body needs one of 'preset', 'hex' and 'base64'.");
        return false;
    }
    if (!word)
        return read_custom(call, hex, base64, ret);
    ret->size = 0;
    if (strcmp(word, "configured") == 0)
        return true;
    if (!edid_preset_parse(word, &preset)) {
        route_reply_error(call, 400, "bad-value", "'preset' must be 1080p60, 1080p50, 1200p60, 720p60, or configured.");
        return false;
    }
    edid_make(preset, NULL, ret);
    return true;
}

/* An EDID on its way to the device, and the call that waits for it. */
struct edid_change {
    struct api_context *api;
    struct route_call *call;
    struct target *target;
    struct edid edid;
};

static void set_done(void *data, int error, const char *why)
{
    struct edid_change *c = data;
    struct edid_facts facts;
    char detail[64];

    if (error < 0) {
        api_reply_port_error(c->call, error, why, "not-now");
    } else if (!c->edid.size) {
        struct target_capture now = {.has_edid = false};
        c->target->ops->describe_capture(c->target, &now);
        api_audit(c->api, c->call, "edid", c->target->name, "configured");
        api_reply_json(c->call, 200, edid_json(now.has_edid ? &now.edid : NULL, &now.facts));
    } else {
        edid_describe(&c->edid, &facts);
        snprintf(detail, sizeof detail, "%s %dx%d", facts.preset[0] ? facts.preset : "custom", facts.width,
                 facts.height);
        api_audit(c->api, c->call, "edid", c->target->name, detail);
        api_reply_json(c->call, 200, edid_json(&c->edid, &facts));
    }
    free(c);
}

static void put_edid(void *context, struct route_call *call)
{
    struct target_capture now;
    struct target *t = capture_target(context, call, &now);
    if (!t)
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"preset", "hex", "base64", NULL});
    struct edid edid;
    if (!body || !read_edid(call, body, &edid))
        return;
    /* one that is not plugged in just now is not known yet: it gets the EDID when it comes */
    if (!t->ops->set_edid || (now.driver[0] && !now.has_edid)) {
        route_reply_error(call, 501, "not-supported", "The capture device of '%s' takes no EDID.", t->name);
        return;
    }
    struct edid_change *c = calloc(1, sizeof *c);
    if (!c) {
        route_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
        return;
    }
    *c = (struct edid_change){.api = context, .call = call, .target = t, .edid = edid};
    t->ops->set_edid(t, &c->edid, set_done, c);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/capture", ROUTE_RIGHT, RIGHT_VIEW, get_capture),
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/edid", ROUTE_RIGHT, RIGHT_VIEW, get_edid),
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/edid/raw", ROUTE_RIGHT, RIGHT_VIEW, get_edid_raw),
    ROUTE(ROUTE_PUT, "/api/v1/targets/{target}/edid", ROUTE_RIGHT, RIGHT_CONFIGURE, put_edid),
};
const struct api_rows api_capture_rows = {rows, ARRAY_SIZE(rows)};
