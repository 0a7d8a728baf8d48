/* POST /targets/{target}/ticket: the one-use ticket with which a page opens a console websocket, or with ?for=media a
 * media websocket. It stands here because their doors redeem it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "transport/media_peer.h"
#include "transport/server_internal.h"
#include "transport/viewer.h"

/* The tickets of what is asked for, or NULL after a refusal. */
static struct auth_tickets *find_tickets(struct server *self, struct route_call *call)
{
    const struct server_config *config = &self->config;
    char purpose[16] = "console";
    route_query(call, "for", purpose, sizeof purpose);
    if (!strcmp(purpose, "console"))
        return self->tickets;
    if (strcmp(purpose, "media") != 0) {
        route_reply_error(call, 422, "bad-purpose", "Tickets are for 'console' or 'media'.");
        return NULL;
    }
    if (config->may(config->may_context, call->session, RIGHT_MEDIA, call->params[0]))
        return self->media_tickets;
    route_reply_error(call, 403, "forbidden", "User %s may not insert media on target %s.", call->session->user,
                      call->params[0]);
    return NULL;
}

/* Consoles and media of browsers that it has open. */
static unsigned sockets_of(const struct server *self, const struct auth_session *session)
{
    unsigned n = 0;
    for (struct viewer *v = self->viewers; v; v = viewer_next(v))
        n += viewer_session(v) && viewer_session(v)->id == session->id;
    for (const struct media_peer *p = self->media_peers; p; p = p->next)
        n += p->session && p->session->id == session->id;
    return n;
}

static void post_ticket(void *context, struct route_call *call)
{
    struct server *self = context;
    char ticket[AUTH_TICKET_HEX + 1], body[AUTH_TICKET_HEX + 32];
    uint64_t now = clock_boot_us();
    struct auth_tickets *tickets = find_tickets(self, call);
    if (!tickets)
        return;
    auth_tickets_purge(tickets, now);
    if (!call->local && sockets_of(self, call->session) >= LIMITS_SESSION_SOCKETS) {
        self->statistics.limited++;
        route_reply_header(call, "Retry-After", "5");
        route_reply_error(call, 429, "too-many-sockets", "This session has %d consoles and media open; close some.",
                          LIMITS_SESSION_SOCKETS);
        return;
    }
    int r = auth_tickets_issue(tickets, call->session, call->params[0], now, ticket);
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
