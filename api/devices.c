/* Devices of the gateway's machine that targets are made of. */
#include "api/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/tables.h"

#define VALUE_MAX 255

struct asked {
    struct api_context *api;
    struct route_call *call;
};

static json_t *text_or_null(const char *text)
{
    return *text ? api_text(text) : json_null();
}

static json_t *captures_json(const struct api_devices *list)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < list->n_captures; i++) {
        const struct api_device_capture *d = &list->captures[i];
        json_array_append_new(array, json_pack("{s:o, s:o, s:o, s:o, s:o}", "node", api_text(d->node), "stable",
                                               api_text(d->stable), "card", api_text(d->card), "driver",
                                               api_text(d->driver), "target", text_or_null(d->target)));
    }
    return array;
}

static json_t *udcs_json(const struct api_devices *list)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < list->n_udcs; i++) {
        const struct api_device_udc *d = &list->udcs[i];
        json_array_append_new(array,
                              json_pack("{s:o, s:o, s:o, s:o}", "name", api_text(d->name), "state", api_text(d->state),
                                        "gadget", api_text(d->gadget), "target", text_or_null(d->target)));
    }
    return array;
}

static json_t *gpios_json(const struct api_devices *list)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < list->n_gpios; i++) {
        const struct api_device_gpio *d = &list->gpios[i];
        json_t *used = json_array();
        for (unsigned k = 0; k < list->n_lines; k++)
            if (list->lines[k].chip == i)
                json_array_append_new(used, json_pack("{s:i, s:o}", "line", (int)list->lines[k].line, "target",
                                                      api_text(list->lines[k].target)));
        json_array_append_new(array, json_pack("{s:o, s:o, s:I, s:o}", "chip", api_text(d->chip), "label",
                                               api_text(d->label), "lines", (json_int_t)d->lines, "used", used));
    }
    return array;
}

static json_t *list_json(const struct api_devices *list)
{
    json_t *qemu = json_pack("{s:b, s:b, s:b, s:b, s:b, s:b}", "installed", list->qemu, "kvm", list->kvm, "tpm",
                             list->tpm, "bios", list->bios, "uefi", list->uefi, "uefi_secure", list->uefi_secure);
    return json_pack("{s:o, s:o, s:o, s:o, s:i}", "capture", captures_json(list), "udc", udcs_json(list), "gpio",
                     gpios_json(list), "qemu", qemu, "left_out", (int)list->left_out);
}

static json_t *seen_json(const struct api_device_seen *seen)
{
    json_t *json =
        json_pack("{s:s, s:o, s:o, s:b, s:o, s:o, s:o}", "kind", seen->kind, "device", api_text(seen->device), "works",
                  seen->works < 0 ? json_null() : json_boolean(seen->works), "busy", seen->busy, "target",
                  text_or_null(seen->target), "why", text_or_null(seen->why), "not_seen", text_or_null(seen->not_seen));
    for (unsigned i = 0; i < seen->n_facts; i++)
        if (*seen->facts[i].text)
            json_object_set_new(json, seen->facts[i].name, api_text(seen->facts[i].text));
    return json;
}

static void on_done(void *data, int error, const struct api_devices *list, const struct api_device_seen *seen)
{
    struct asked *self = data;
    struct route_call *call = self->call;
    if (seen)
        api_audit(self->api, call, "device-tested", seen->target, seen->device);
    if (!error)
        api_reply_json(call, 200, seen ? seen_json(seen) : list_json(list));
    else if (error == -ENOENT)
        route_reply_error(call, 404, "no-such-device",
                          "This machine has no such device: plug it in, or take one of GET /api/v1/devices.");
    else if (error == -EBUSY || error == -EAGAIN)
        route_reply_error(call, 409, "not-now", "Another device is being looked at: try again in a moment.");
    else
        route_reply_error(call, 503, "failed", "The devices cannot be looked at just now; try again in a moment.");
    free(self);
}

static struct asked *asked_new(struct api_context *api, struct route_call *call)
{
    struct asked *self = api->devices ? malloc(sizeof *self) : NULL;
    if (self)
        *self = (struct asked){api, call};
    else
        route_reply_error(call, 503, "failed", "The devices cannot be looked at just now; try again in a moment.");
    return self;
}

static void get_devices(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct asked *self = asked_new(api, call);
    if (self)
        api->devices->list(api->devices_context, on_done, self);
}

static void post_test(void *context, struct route_call *call)
{
    static const char *const kinds[] = {"capture", "udc", "gpio", NULL};
    struct api_context *api = context;
    _cleanup_json_ json_t *body = api_body(call, kinds);
    const char *kind = NULL, *value = NULL;
    if (!body)
        return;
    for (unsigned i = 0; kinds[i]; i++) {
        const char *text = NULL;
        if (!api_string(call, body, kinds[i], false, &text))
            return;
        if (text && !value) {
            kind = kinds[i];
            value = text;
        }
    }
    if (!value || json_object_size(body) != 1 || strlen(value) > VALUE_MAX) {
        route_reply_error(call, 400, "bad-value", "Name one device: 'capture', 'udc' or 'gpio', as GET /devices does.");
        return;
    }
    struct asked *self = asked_new(api, call);
    if (self)
        api->devices->test(api->devices_context, kind, value, on_done, self);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/devices", ROUTE_RIGHT, RIGHT_CONFIGURE, get_devices),
    ROUTE(ROUTE_POST, "/api/v1/devices/test", ROUTE_RIGHT, RIGHT_CONFIGURE, post_test),
};
const struct api_rows api_device_rows = {rows, ARRAY_SIZE(rows)};
