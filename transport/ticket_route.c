/* POST /targets/{target}/ticket: the one-use ticket with which a page opens a console websocket. It stands here because
 * the console's door redeems it. */
#include <errno.h>
#include <stdio.h>

#include "core/clock.h"
#include "transport/server_internal.h"

static void post_ticket(void *context, struct route_call *call)
{
    struct server *self = context;
    char ticket[AUTH_TICKET_HEX + 1], body[AUTH_TICKET_HEX + 32];
    uint64_t now = clock_boot_us();
    auth_tickets_purge(self->tickets, now);
    int r = auth_tickets_issue(self->tickets, call->session, call->params[0], now, ticket);
    if (r == -EBUSY) {
        route_reply_error(call, 429, "too-many-tickets",
                          "This session has too many unused tickets; wait half a minute and try again.");
        return;
    }
    if (r < 0) {
        route_reply_error(call, 500, "failed", "No ticket could be made.");
        return;
    }
    int n = snprintf(body, sizeof body, "{\"ticket\":\"%s\"}\n", ticket);
    route_reply(call, 200, "application/json", body, (size_t)n);
}

static const struct route rows[] = {
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/ticket", ROUTE_RIGHT, RIGHT_VIEW, post_ticket),
};

void server_add_own_routes(struct server *self)
{
    self->own_table = (struct route_table){.rows = rows, .n_rows = ARRAY_SIZE(rows), .context = self};
}
