/* The picture as a file; as text: screen_text.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/screen_text.h"
#include "api/tables.h"
#include "api/viewers.h"

#define MAX_WIDTH 8192

static void reply_no_picture(struct route_call *call, int error, const char *why)
{
    if (error == -ENODATA)
        route_reply_error(call, 409, "no-picture", "%s", why && *why ? why : "There is no picture now.");
    else if (error == -EBUSY)
        route_reply_error(call, 503, "busy", "%s", why && *why ? why : "Too many pictures are being made; try again.");
    else
        route_reply_error(call, 500, "failed", "%s", why && *why ? why : "The picture could not be coded.");
}

static void png_done(void *data, int error, const char *why, const void *bytes, size_t size)
{
    if (error < 0)
        reply_no_picture(data, error, why);
    else
        route_reply(data, 200, "image/png", bytes, size);
}

static void jpeg_done(void *data, int error, const char *why, const void *bytes, size_t size)
{
    if (error < 0)
        reply_no_picture(data, error, why);
    else
        route_reply(data, 200, "image/jpeg", bytes, size);
}

/* A width from the query: 0 when absent. Replies and gives false when it is no sensible number. */
static bool query_width(struct route_call *call, unsigned *ret)
{
    char text[8], *end;

    *ret = 0;
    if (!route_query(call, "width", text, sizeof text))
        return true;
    unsigned long width = strtoul(text, &end, 10);
    if (*end || text[0] < '0' || text[0] > '9' || width < 16 || width > MAX_WIDTH) {
        route_reply_error(call, 400, "bad-value", "'width' must be a number from 16 to %d.", MAX_WIDTH);
        return false;
    }
    *ret = (unsigned)width;
    return true;
}

static void get_screenshot(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    char format[8] = "png";
    unsigned width;

    if (!t || !query_width(call, &width))
        return;
    route_query(call, "format", format, sizeof format);
    route_reply_header(call, "Cache-Control", "no-store");
    if (!strcmp(format, "png"))
        t->ops->screenshot(t, width, TARGET_SHOT_PNG, png_done, call);
    else if (!strcmp(format, "jpeg"))
        t->ops->screenshot(t, width, TARGET_SHOT_JPEG, jpeg_done, call);
    else
        route_reply_error(call, 400, "bad-value", "'format' must be png or jpeg.");
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/screenshot", ROUTE_RIGHT, RIGHT_VIEW, get_screenshot),
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/screen-text", ROUTE_RIGHT, RIGHT_VIEW, api_get_screen_text),
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/viewers", ROUTE_RIGHT, RIGHT_VIEW, api_get_viewers),
    ROUTE(ROUTE_DELETE, "/api/v1/targets/{target}/viewers/{viewer}", ROUTE_RIGHT, RIGHT_CONFIGURE, api_delete_viewer),
};
const struct api_rows api_screen_rows = {rows, ARRAY_SIZE(rows)};
