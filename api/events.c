/* The audit log's newest lines, and the gateway's own figures. */
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/tables.h"

#define DEFAULT_LIMIT 100
#define MAX_LIMIT 1000

static void read_done(void *data, int error, const struct keeper_audit_line *lines, unsigned n)
{
    struct route_call *call = data;

    if (error < 0) {
        route_reply_error(call, 503, "keeper-restarting", "The events cannot be read now; try again.");
        return;
    }
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:s, s:s}", "time", (json_int_t)lines[i].time, "who",
                                              lines[i].who, "what", lines[i].what, "target", lines[i].target, "detail",
                                              lines[i].detail));
    api_reply_json(call, 200, json_pack("{s:o}", "events", list));
}

static void get_events(void *context, struct route_call *call)
{
    struct api_context *api = context;
    char text[8], *end;
    unsigned long limit = DEFAULT_LIMIT;

    if (route_query(call, "limit", text, sizeof text)) {
        limit = strtoul(text, &end, 10);
        if (*end || text[0] < '0' || text[0] > '9' || limit < 1 || limit > MAX_LIMIT) {
            route_reply_error(call, 400, "bad-value", "'limit' must be a number from 1 to %d.", MAX_LIMIT);
            return;
        }
    }
    int r = keeper_client_audit_read(api->keeper, (unsigned)limit, read_done, call);
    if (r < 0)
        read_done(call, r, NULL, 0);
}

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
    ROUTE(ROUTE_GET, "/api/v1/events", ROUTE_RIGHT, RIGHT_AUDIT, get_events),
    ROUTE(ROUTE_GET, "/api/v1/statistics", ROUTE_RIGHT, RIGHT_AUDIT, get_statistics),
};
const struct api_rows api_event_rows = {rows, ARRAY_SIZE(rows)};
