/* What goes out to a viewer. Nothing is written before the socket can take it, and one write is made each time it can:
 * until then newer messages replace older ones (outbox.h), and no picture is even asked for. */
#include <string.h>

#include "core/clock.h"
#include "transport/viewer.h"

/* libwebsockets writes its frame header in front of what it is given: into the room that packets keep for it. */
_Static_assert(LWS_PRE + CONSOLE_UPDATE_HEADER + CONSOLE_UPDATE_TIMES <= PACKET_HEADROOM,
               "a packet has no room for headers");
_Static_assert(LWS_PRE <= OUTBOX_HEADROOM, "a message has no room for the websocket header");
_Static_assert(PACKET_MAX + CONSOLE_UPDATE_HEADER + CONSOLE_UPDATE_TIMES <= SERVER_WRITE_SIZE,
               "libwebsockets would copy the rest of a piece");

static int write_bytes(struct viewer *self, uint8_t *bytes, size_t size, bool first, bool last)
{
    int flags = lws_write_ws_flags(LWS_WRITE_BINARY, first, last);
    if (lws_write(self->wsi, bytes, size, (enum lws_write_protocol)flags) < 0)
        return -1;
    if (lws_partial_buffered(self->wsi))
        self->server->statistics.partial_writes++;
    return 0;
}

void viewer_drop_update(struct viewer *self)
{
    struct viewer_update *u = &self->update;
    for (unsigned i = 0; i < u->n_pieces; i++)
        packet_unref(u->pieces[i]);
    *u = (struct viewer_update){0};
    outbox_drop(&self->outbox, OUTBOX_UPDATE);
}

static void end_update(struct viewer *self)
{
    struct transport_statistics *statistics = &self->server->statistics;
    size_t bytes = self->update.header + self->update.bytes;
    self->stats.updates++;
    self->stats.bytes += (uint32_t)bytes;
    self->stats.class_bytes[self->update.class] += (uint32_t)bytes;
    statistics->class_bytes[self->update.class] += bytes;
    statistics->updates++;
    statistics->pieces += self->update.n_pieces;
    statistics->update_bytes += bytes;
    viewer_drop_update(self);
}

static uint32_t between(uint64_t from_us, uint64_t to_us)
{
    return (uint32_t)MIN(to_us - MIN(from_us, to_us), (uint64_t)UINT32_MAX);
}

static struct console_times times_of(const struct viewer_update *u, uint64_t now_us)
{
    return (struct console_times){.captured_us = (uint32_t)u->captured_us,
                                  .track_us = between(u->captured_us, u->tracked_us),
                                  .wait_us = between(u->tracked_us, u->begun_us),
                                  .encode_us = between(u->begun_us, u->encoded_us),
                                  .send_us = between(u->encoded_us, now_us)};
}

/* The viewer's header stands for a moment in front of the shared bytes, in the room that is the net thread's: nothing
 * is copied, and the first piece needs no packet of its own on the wire. */
static int begin_update(struct viewer *self)
{
    struct viewer_update *u = &self->update;
    struct packet *piece = u->pieces[u->next_piece++];
    uint64_t now_us = clock_now_us();
    struct console_times times = times_of(u, now_us);
    u->header = CONSOLE_UPDATE_HEADER + (self->watching ? CONSOLE_UPDATE_TIMES : 0);
    u->waiting = false;
    u->begun = true;
    uint8_t *begin = piece->data - u->header;
    struct wire_writer w = wire_writer_init(begin, u->header);
    console_write_update_header(&w, u->complete, u->check, self->watching ? &times : NULL);
    flow_sent(&self->flow, ++self->sequence, u->header + u->bytes, now_us);
    self->server->statistics.header_bytes += u->header;
    bool last = u->next_piece == u->n_pieces;
    int r = write_bytes(self, begin, u->header + piece->size, true, last);
    if (r >= 0 && last)
        end_update(self);
    return r;
}

static int continue_update(struct viewer *self)
{
    struct viewer_update *u = &self->update;
    struct packet *piece = u->pieces[u->next_piece++];
    bool last = u->next_piece == u->n_pieces;
    int r = write_bytes(self, piece->data, piece->size, false, last);
    if (r >= 0 && last)
        end_update(self);
    return r;
}

static int close_code(enum viewer_end end)
{
    switch (end) {
    case VIEWER_END_PROTOCOL:
        return LWS_CLOSE_STATUS_PROTOCOL_ERR;
    case VIEWER_END_STOPPING:
        return LWS_CLOSE_STATUS_GOINGAWAY;
    case VIEWER_END_SESSION:
    case VIEWER_END_RIGHTS:
    case VIEWER_END_TICKET:
        return LWS_CLOSE_STATUS_POLICY_VIOLATION;
    default:
        return LWS_CLOSE_STATUS_NORMAL;
    }
}

static int write_next(struct viewer *self)
{
    enum outbox_kind kind;
    uint8_t *bytes;
    size_t size;
    if (self->update.begun)
        return continue_update(self);
    if (!outbox_take(&self->outbox, &kind, &bytes, &size))
        return 0;
    if (kind == OUTBOX_UPDATE)
        return begin_update(self);
    if (write_bytes(self, bytes, size, true, true) < 0)
        return -1;
    if (kind != OUTBOX_END)
        return 0;
    lws_close_reason(self->wsi, (enum lws_close_status)close_code(self->end), NULL, 0);
    return -1;
}

int viewer_write(struct viewer *self)
{
    if (lws_partial_buffered(self->wsi)) { /* its rest goes first; libwebsockets calls again after it */
        lws_callback_on_writable(self->wsi);
        return 0;
    }
    if (write_next(self) < 0)
        return -1;
    if (self->update.begun || self->outbox.n)
        lws_callback_on_writable(self->wsi);
    else
        viewer_pull(self);
    return 0;
}

void viewer_pull(struct viewer *self)
{
    if (!self->handle || self->closing || self->hidden || self->update.waiting || self->update.begun)
        return;
    size_t credit = flow_credit(&self->flow);
    /* A pull that waits for a change is made again when acks have made room for a larger answer. */
    if (!credit || (self->pulled && credit <= self->pulled_budget + self->pulled_budget / 4))
        return;
    self->pulled = true;
    self->pulled_budget = credit;
    self->server->config.console->pull(self->handle, credit);
}

void viewer_update(struct viewer *self, const struct console_update *update)
{
    struct viewer_update *u = &self->update;
    if (self->closing || !self->pulled || update->n_pieces == 0 || update->n_pieces > PACKET_MAX_PIECES) {
        for (unsigned i = 0; i < update->n_pieces; i++)
            packet_unref(update->pieces[i]);
        /* The view behind this update is no longer what the page shows; only a new connection mends that. */
        if (!self->closing)
            viewer_close(self, VIEWER_END_GONE, "The gateway lost count of its pictures.");
        return;
    }
    self->pulled = false;
    *u = (struct viewer_update){
        .n_pieces = update->n_pieces,
        .waiting = true,
        .complete = update->complete,
        .check = update->check,
        .class = update->class,
        .captured_us = update->captured_us,
        .tracked_us = update->tracked_us,
        .begun_us = update->begun_us,
        .encoded_us = update->encoded_us,
    };
    for (unsigned i = 0; i < update->n_pieces; i++) {
        u->pieces[i] = update->pieces[i];
        u->bytes += update->pieces[i]->size;
    }
    self->stats.encode_us = between(update->begun_us, update->encoded_us);
    outbox_mark_update(&self->outbox);
    lws_callback_on_writable(self->wsi);
}
