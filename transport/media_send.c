/* What goes out to the owner of a file: READs, and now and then a word about its medium. All of it is small and
 * bounded; several go in one round, as long as the socket takes them. */
#include <string.h>

#include "transport/media_peer.h"

#define WRITES_A_ROUND 32

static int write_message(struct media_peer *self, uint8_t *room, const struct wire_writer *w)
{
    assert(!w->full);
    if (lws_write(self->wsi, room + LWS_PRE, wire_written(w), LWS_WRITE_BINARY) < 0)
        return -1;
    if (lws_partial_buffered(self->wsi))
        self->server->statistics.partial_writes++;
    return 0;
}

static struct media_question *unsent_question(struct media_peer *self)
{
    for (unsigned i = 0; i < MEDIA_MOST; i++) {
        struct media_question *q = &self->questions[(self->next_question + i) % MEDIA_MOST];
        if (q->open && !q->sent) {
            self->next_question = (unsigned)(q - self->questions + 1) % MEDIA_MOST;
            return q;
        }
    }
    return NULL;
}

/* The next message, built. False: there is none. */
static bool build_next(struct media_peer *self, struct wire_writer *w)
{
    struct media_question *q;
    if (self->ready_due) {
        self->ready_due = false;
        media_write_ready(w, self->id);
    } else if (self->end_due) {
        media_write_end(w, self->end, self->why);
    } else if ((q = unsent_question(self))) {
        q->sent = true;
        media_write_read(w, q->id, q->offset, q->length);
    } else if (self->progress_due) {
        self->progress_due = false;
        media_write_progress(w, self->complete, self->copied, self->size);
    } else {
        return false;
    }
    return true;
}

static int close_code(const struct media_peer *self)
{
    switch (self->end) {
    case MEDIA_END_PROTOCOL:
        return LWS_CLOSE_STATUS_PROTOCOL_ERR;
    case MEDIA_END_STOPPING:
        return LWS_CLOSE_STATUS_GOINGAWAY;
    case MEDIA_END_SESSION:
    case MEDIA_END_REFUSED:
        return LWS_CLOSE_STATUS_POLICY_VIOLATION;
    default:
        return LWS_CLOSE_STATUS_NORMAL;
    }
}

static int close_now(struct media_peer *self)
{
    int code = self->orderly ? LWS_CLOSE_STATUS_NORMAL : close_code(self);
    lws_close_reason(self->wsi, (enum lws_close_status)code, NULL, 0);
    return -1;
}

int media_peer_write(struct media_peer *self)
{
    uint8_t room[LWS_PRE + MEDIA_MAX_OF_GATEWAY];
    if (self->orderly)
        return close_now(self);
    for (unsigned n = 0; n < WRITES_A_ROUND; n++) {
        /* the rest of an earlier write goes first; libwebsockets calls again after it */
        if (lws_partial_buffered(self->wsi) || (n && lws_send_pipe_choked(self->wsi)))
            break;
        struct wire_writer w = wire_writer_init(room + LWS_PRE, sizeof room - LWS_PRE);
        bool last = self->end_due && !self->ready_due;
        if (!build_next(self, &w))
            return 0;
        if (write_message(self, room, &w) < 0)
            return -1;
        if (last)
            return close_now(self);
    }
    lws_callback_on_writable(self->wsi);
    return 0;
}
