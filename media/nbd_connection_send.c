/* What goes to the peer: first the negotiation's talk, then answers in the order in which they became ready. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/nbd_connection_internal.h"

#define SEND_PIECES 64

bool nbd_connection_unsent(const struct nbd_connection *self)
{
    return self->talk_sent < self->talk_size || self->first || nbd_link_unsent(self);
}

void nbd_connection_talk(struct nbd_connection *self, const void *bytes, size_t size)
{
    uint8_t *talk = realloc(self->talk, self->talk_size + size);
    if (!talk) {
        self->finishing = true; /* it would wait for this answer for ever */
        return;
    }
    memcpy(talk + self->talk_size, bytes, size);
    self->talk = talk;
    self->talk_size += size;
}

static unsigned gather(struct nbd_connection *self, struct iovec pieces[SEND_PIECES])
{
    unsigned n = 0;
    if (self->talk_sent < self->talk_size)
        pieces[n++] = (struct iovec){self->talk + self->talk_sent, self->talk_size - self->talk_sent};
    size_t skip = self->sent;
    for (struct nbd_request *r = self->first; r && n + 2 <= SEND_PIECES; r = r->next) {
        size_t in_header = MIN(skip, r->header_size);
        if (in_header < r->header_size)
            pieces[n++] = (struct iovec){r->header + in_header, r->header_size - in_header};
        if (r->payload_size)
            pieces[n++] = (struct iovec){r->payload + (skip - in_header), r->payload_size - (skip - in_header)};
        skip = 0;
    }
    return n;
}

void nbd_connection_finish_request(struct nbd_connection *self, struct nbd_request *request)
{
    self->requests--;
    self->bytes -= request->charged;
    nbd_spare_give(&self->spare, request);
    if (self->resting || !self->export)
        return;
    self->resting = true;
    loop_timer_arm_in(self->timer, NBD_SPARE_REST_US);
}

static void account_sent(struct nbd_connection *self, size_t n)
{
    size_t talk = MIN(n, self->talk_size - self->talk_sent);
    self->talk_sent += talk;
    if (self->talk_sent == self->talk_size) {
        free(take(self->talk));
        self->talk_size = self->talk_sent = 0;
    }
    self->sent += n - talk;
    while (self->first && self->sent >= self->first->header_size + self->first->payload_size) {
        struct nbd_request *done = self->first;
        self->sent -= done->header_size + done->payload_size;
        self->first = done->next;
        if (!self->first)
            self->last = &self->first;
        nbd_connection_finish_request(self, done);
    }
}

void nbd_connection_flush(struct nbd_connection *self)
{
    for (unsigned i = 0; i < NBD_CONNECTION_ROUNDS && self->fd >= 0 && nbd_connection_unsent(self); i++) {
        struct iovec pieces[SEND_PIECES];
        ssize_t n = nbd_link_send(self, pieces, gather(self, pieces));
        if (n == -EAGAIN)
            return;
        if (n < 0)
            nbd_connection_end(self, self->finishing ? NULL : "it closed before it had its answers");
        else
            account_sent(self, (size_t)n);
    }
}

void nbd_connection_answer(struct nbd_connection *self, struct nbd_request *request, enum nbd_error error)
{
    struct nbd_export_stats *stats = &self->export->stats;
    stats->requests++;
    stats->errors += error != NBD_OK;
    if (error == NBD_OK && request->command.type == NBD_CMD_READ) {
        request->payload_size = request->command.length;
        stats->bytes_read += request->command.length;
    }
    if (error == NBD_OK && request->command.type == NBD_CMD_WRITE)
        stats->bytes_written += request->command.length;
    request->header_size = nbd_reply_write(request->header, &request->command, error, self->wire.structured);
    request->next = NULL;
    *self->last = request;
    self->last = &request->next;
}

void nbd_connection_answered(struct nbd_connection *self)
{
    if (self->busy)
        return;
    nbd_connection_flush(self);
    nbd_connection_settle(self);
}
