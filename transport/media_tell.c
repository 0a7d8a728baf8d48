/* What the gateway says to the owner of a file: kept until the socket takes it, the newest of each kind. */
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "transport/media_peer.h"

void media_peer_ready(struct media_peer *self, const uint8_t id[MEDIUM_ID_SIZE])
{
    if (self->closing)
        return;
    memcpy(self->id, id, sizeof self->id);
    self->ready_due = true;
    lws_callback_on_writable(self->wsi);
}

static struct media_question *free_question(struct media_peer *self)
{
    for (unsigned i = 0; i < MEDIA_MOST; i++) {
        struct media_question *q = &self->questions[(self->next_question + i) % MEDIA_MOST];
        if (!q->open)
            return q;
    }
    return NULL;
}

void media_peer_ask(struct media_peer *self, uint32_t id, uint64_t offset, uint32_t length)
{
    struct media_question *q = free_question(self);
    assert(length > 0 && length <= MEDIA_LONGEST);
    if (self->closing)
        return;
    if (!q) {
        log_error("media", "more than %d questions at a time were asked of the owner of a file", MEDIA_MOST);
        media_peer_end(self, MEDIA_END_REFUSED, "The gateway lost count of its questions.");
        return;
    }
    *q = (struct media_question){.id = id, .offset = offset, .length = length, .open = true};
    lws_callback_on_writable(self->wsi);
}

void media_peer_progress(struct media_peer *self, uint64_t copied, uint64_t size, bool complete)
{
    self->copied = copied;
    self->size = size;
    self->complete = complete;
    self->progress_due = true;
    if (!self->closing)
        lws_callback_on_writable(self->wsi);
}

/* The gateway is told from the loop: it may be in the middle of something of its own. */
void media_peer_end(struct media_peer *self, enum media_end reason, const char *why)
{
    if (self->closing)
        return;
    self->closing = true;
    self->end = reason;
    self->end_due = true;
    snprintf(self->why, sizeof self->why, "%s", why);
    log_info("media", "%s: the file for %s is let go: %s", self->connection->peer, self->target, self->why);
    loop_timer_arm_in(self->timer, 0);
    lws_callback_on_writable(self->wsi);
}
