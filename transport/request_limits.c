/* The limits of transport/limits.h around each request. */
#include "core/clock.h"
#include "transport/request.h"

static bool refuse(struct request *self, unsigned wait_s, const char *who)
{
    char seconds[16];
    self->server->statistics.limited++;
    snprintf(seconds, sizeof seconds, "%u", wait_s);
    reply_header(&self->call, "Retry-After", seconds);
    self->close_after = true;
    route_reply_error(&self->call, 429, "too-many-requests", "Too many requests of this %s at once; try again in %s s.",
                      who, seconds);
    return false;
}

bool request_claim_peer(struct request *self)
{
    if (self->call.local)
        return true;
    struct limits_key key = limits_peer(self->peer);
    unsigned wait_s = limits_begin(self->server->limits, &key, false, clock_now_us());
    if (wait_s)
        return refuse(self, wait_s, "address");
    self->limits = self->server->limits;
    self->of_peer = key;
    return true;
}

bool request_claim_session(struct request *self)
{
    if (self->call.local || !self->call.session)
        return true;
    if (self->connection)
        self->connection->known = true;
    struct limits_key key = limits_session(self->call.session->id);
    unsigned wait_s = limits_begin(self->server->limits, &key, self->streaming, clock_now_us());
    if (wait_s)
        return refuse(self, wait_s, "session");
    self->limits = self->server->limits;
    self->of_stream = self->streaming;
    self->of_session = key;
    return true;
}

void request_unclaim(struct request *self)
{
    if (self->of_peer.kind)
        limits_end(self->limits, &self->of_peer, false);
    if (self->of_session.kind)
        limits_end(self->limits, &self->of_session, self->of_stream);
    self->of_peer = self->of_session = (struct limits_key){0};
}
