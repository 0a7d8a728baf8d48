/* What is given out by NBD on the network. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/exports.h"
#include "api/json.h"
#include "api/tables.h"
#include "core/text.h"

static bool is_off(struct api_context *api, struct route_call *call)
{
    if (api->exports)
        return false;
    route_reply_error(
        call, 409, "exports-off",
        "Exports are off: nbd-listen is not in the configuration, or its keys cannot be used (the log says "
        "why). docs/nbd.md tells how to turn them on.");
    return true;
}

static json_t *pack(const struct api_export *e)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:b, s:o, s:i, s:I, s:I}", "name", e->name, "image", e->image, "identity",
                     e->identity, "read_only", (int)e->read_only, "usable", (int)e->usable, "why", api_text(e->why),
                     "connections", (int)e->connections, "bytes_read", (json_int_t)e->bytes_read, "bytes_written",
                     (json_int_t)e->bytes_written);
}

static void get_exports(void *context, struct route_call *call)
{
    struct api_context *api = context;
    if (is_off(api, call))
        return;
    struct api_export *room = calloc(API_EXPORTS_MAX, sizeof *room);
    size_t n = room ? api->exports->list(api->exports_context, room, API_EXPORTS_MAX) : 0;
    json_t *list = room ? json_array() : NULL;
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, pack(&room[i]));
    free(room);
    api_reply_json(call, 200, json_pack("{s:o}", "exports", list));
}

struct adding {
    struct api_context *api;
    struct route_call *call;
    struct api_export export;
};

static void reply_refusal(struct route_call *call, int error, const char *why)
{
    switch (error) {
    case -EEXIST:
        route_reply_error(call, 409, "export-exists", "%s", why);
        break;
    case -EINVAL:
        route_reply_error(call, 422, "bad-export", "%s", why);
        break;
    case -ENOENT:
        route_reply_error(call, 404, "no-such-image", "%s", why);
        break;
    case -EBUSY:
    case -ENOSPC:
        route_reply_error(call, 409, "in-use", "%s", why);
        break;
    case -EISDIR:
    case -ENODATA:
    case -ELOOP:
    case -EACCES:
        route_reply_error(call, 422, "bad-image", "%s", why);
        break;
    default:
        route_reply_error(call, 500, "failed", "%s", why);
    }
}

static void add_done(void *data, int error, const char *why)
{
    struct adding *adding = data;
    struct route_call *call = adding->call;
    if (error < 0) {
        reply_refusal(call, error, why);
    } else {
        api_audit(adding->api, call, "export-granted", adding->export.name, adding->export.identity);
        adding->export.usable = true;
        api_reply_json(call, 201, pack(&adding->export));
    }
    free(adding);
}

static bool read_export(struct route_call *call, struct api_export *ret)
{
    static const char *const known[] = {"name", "image", "identity", "read_only", NULL};
    const char *name = NULL, *image = NULL, *identity = NULL;
    _cleanup_json_ json_t *body = api_body(call, known);
    ret->read_only = true;
    if (!body || !api_string(call, body, "name", true, &name) || !api_string(call, body, "image", true, &image) ||
        !api_string(call, body, "identity", true, &identity) || !api_bool(call, body, "read_only", &ret->read_only))
        return false;
    if (strlen(name) >= sizeof ret->name || strlen(image) >= sizeof ret->image ||
        strlen(identity) >= sizeof ret->identity) {
        route_reply_error(call, 422, "bad-export",
                          "name may have 63 bytes, image 255 and identity 159; shorten the one that is longer.");
        return false;
    }
    text_copy(ret->name, sizeof ret->name, name);
    text_copy(ret->image, sizeof ret->image, image);
    text_copy(ret->identity, sizeof ret->identity, identity);
    return true;
}

static void post_export(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct api_export export = {.connections = 0};
    if (is_off(api, call) || !read_export(call, &export))
        return;
    struct adding *adding = calloc(1, sizeof *adding);
    if (!adding) {
        route_reply_error(call, 500, "failed", "Memory is short.");
        return;
    }
    *adding = (struct adding){.api = api, .call = call, .export = export};
    api->exports->add(api->exports_context, &adding->export, add_done, adding);
}

static void delete_export(void *context, struct route_call *call)
{
    struct api_context *api = context;
    if (is_off(api, call))
        return;
    int r = api->exports->remove(api->exports_context, call->params[0]);
    if (r == -ENOENT) {
        route_reply_error(call, 404, "no-such-export", "There is no export '%s'; GET /api/v1/exports lists them.",
                          call->params[0]);
    } else if (r < 0) {
        route_reply_error(call, 500, "failed",
                          "The export has ended, but would be there again after a restart: the state folder cannot be "
                          "written (%s).",
                          strerror(-r));
    } else {
        api_audit(api, call, "export-withdrawn", call->params[0], "");
        route_reply(call, 204, NULL, NULL, 0);
    }
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/exports", ROUTE_RIGHT, RIGHT_LIBRARY, get_exports),
    ROUTE(ROUTE_POST, "/api/v1/exports", ROUTE_RIGHT, RIGHT_LIBRARY, post_export),
    ROUTE(ROUTE_DELETE, "/api/v1/exports/{name}", ROUTE_RIGHT, RIGHT_LIBRARY, delete_export),
};
const struct api_rows api_export_rows = {rows, ARRAY_SIZE(rows)};
