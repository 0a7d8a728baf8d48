/* An answer of any length: its body comes from a source, one piece at a time, the next asked for while the last one
 * drains. A peer that does not read is not read for. */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "transport/request.h"

static struct request *request_of(struct route_call *call)
{
    return container_of(call, struct request, call);
}

void reply_end_source(struct request *self)
{
    const struct route_source *source = take(self->source);
    if (source)
        source->ended(self->source_data);
}

void reply_send_stream(struct route_call *call, int status, const char *content_type, uint64_t size,
                       const struct route_source *source, void *data)
{
    struct request *self = request_of(call);
    assert(self->phase != REQUEST_REPLYING);
    self->source = source;
    self->source_data = data;
    if (!self->connection) {
        reply_end_source(self);
        request_destroy(self);
        return;
    }
    reply_settle(self, &status, &content_type, &size);
    if (!self->head && status != 204 && status != 304)
        self->source_left = size;
    if (self->source_left)
        self->piece = malloc(LWS_PRE + REPLY_PIECE);
    if ((self->source_left && !self->piece) || !request_start_tick(self) ||
        !reply_prepare(self, status, content_type, NULL, 0, size, api_security_headers)) {
        self->phase = REQUEST_REPLYING;
        request_kill(self->connection);
        return;
    }
    reply_start(self);
}

void reply_pull(struct request *self)
{
    if (!self->source || self->pulled || self->piece_size || !self->source_left)
        return;
    self->pulled = (size_t)MIN(self->source_left, (uint64_t)REPLY_PIECE);
    self->source->pull(self->source_data, self->pulled);
}

void reply_wait_for_source(struct request *self)
{
    request_watch_leaving(self->connection);
    reply_pull(self);
}

void reply_piece(struct route_call *call, const void *bytes, size_t size)
{
    struct request *self = request_of(call);
    assert(size <= self->pulled);
    if (size == 0 || size > self->pulled) {
        log_warn("http", "%s: the answer ends in the middle: its source failed", self->peer);
        self->source_failed = true;
        request_kill(self->connection);
        return;
    }
    self->pulled = 0;
    self->source_left -= size;
    self->piece_size = size;
    memcpy(self->piece + LWS_PRE, bytes, size);
    request_unwatch(self->connection);
    request_want_write(self->connection);
}
