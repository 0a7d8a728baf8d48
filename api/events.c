/* The gateway's own figures. */
#include <stdlib.h>
#include <string.h>

#include "api/tables.h"

static void get_statistics(void *context, struct route_call *call)
{
    struct api_context *api = context;
    char *text = api->statistics(api->statistics_context);

    if (!text) {
        route_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
        return;
    }
    route_reply(call, 200, "application/json", text, strlen(text));
    free(text);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/statistics", ROUTE_RIGHT, RIGHT_AUDIT, get_statistics),
};
const struct api_rows api_event_rows = {rows, ARRAY_SIZE(rows)};
