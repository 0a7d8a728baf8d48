/* The image library. */
#include <string.h>

#include "api/json.h"
#include "api/tables.h"

static void list_done(void *data, int error, const struct library_image *images, size_t n)
{
    struct route_call *call = data;
    json_t *list;

    if (error < 0) {
        route_reply_error(call, 500, "library-unreadable", "The image library cannot be read: %s.", strerror(-error));
        return;
    }
    list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:s, s:b, s:s}", "name", images[i].name, "size",
                                              (json_int_t)images[i].size, "modified", (json_int_t)images[i].modified,
                                              "kind", images[i].kind == DRIVE_CDROM ? "cdrom" : "disk", "usable",
                                              (int)images[i].usable, "why", images[i].why));
    api_reply_json(call, 200, json_pack("{s:o}", "images", list));
}

static void get_images(void *context, struct route_call *call)
{
    struct api_context *api = context;

    if (!api->library) {
        list_done(call, 0, NULL, 0);
        return;
    }
    int r = library_list(api->library, list_done, call);
    if (r < 0)
        list_done(call, r, NULL, 0);
}

static const struct route rows[] = {ROUTE(ROUTE_GET, "/api/v1/images", ROUTE_RIGHT, RIGHT_VIEW, get_images)};
const struct api_rows api_image_rows = {rows, ARRAY_SIZE(rows)};
