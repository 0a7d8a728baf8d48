/* An answer waits until the audit line of what it acknowledges is on disk. The line is handed to the keeper at once;
 * the call gets reply functions in front of its own, which keep the answer so long. When the disk is full the line
 * waits in the keeper's memory and the answer goes: whether that may be is decided before the handler runs
 * (audit-full). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/tables.h"
#include "auth/keeper_audit.h"
#include "core/log.h"

struct held {
    struct route_call *call; /* NULL: it has gone */
    const struct route_reply_ops *inner;
    struct route_reply_ops ops;
    unsigned pending; /* lines */
    bool replied;
    int status;
    const char *content_type;
    void *body;
    size_t size;
};

static void held_free(struct held *self)
{
    free(self->body);
    free(self);
}

static void give_back(struct held *self)
{
    self->call->reply = self->inner;
    self->call->held = NULL;
    self->call = NULL;
}

static void send_now(struct held *self)
{
    struct route_call *call = self->call;
    give_back(self);
    self->inner->send(call, self->status, self->content_type, self->body, self->size);
}

static void held_send(struct route_call *call, int status, const char *content_type, const void *body, size_t size)
{
    struct held *self = call->held;
    void *copy = self->pending && size ? malloc(size) : NULL;
    if (!self->pending || (size && !copy)) {
        bool waits = self->pending;
        give_back(self);
        self->inner->send(call, status, content_type, body, size);
        if (!waits)
            held_free(self);
        return;
    }
    if (size)
        memcpy(copy, body, size);
    self->replied = true;
    self->status = status;
    self->content_type = content_type; /* a literal, in all of api/ */
    self->body = copy;
    self->size = size;
}

/* A long answer does not wait: there is none behind a change. */
static void held_stream(struct route_call *call, int status, const char *content_type, uint64_t size,
                        const struct route_source *source, void *data)
{
    struct held *self = call->held;
    bool waits = self->pending;
    give_back(self);
    self->inner->send_stream(call, status, content_type, size, source, data);
    if (!waits)
        held_free(self);
}

static void line_written(void *data, int error, attr_unused const char *why)
{
    struct held *self = data;
    if (error < 0 && error != -ENOSPC)
        log_error("audit", "a line could not be kept (%s)", strerror(-error));
    if (--self->pending)
        return;
    if (self->call && self->replied)
        send_now(self);
    if (!self->call)
        held_free(self);
}

static struct held *held_of(struct route_call *call)
{
    struct held *self = call->held;
    if (self)
        return self;
    self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    *self = (struct held){.call = call, .inner = call->reply, .ops = *call->reply};
    self->ops.send = held_send;
    if (self->ops.send_stream)
        self->ops.send_stream = held_stream;
    call->held = self;
    call->reply = &self->ops;
    return self;
}

void api_audit(const struct api_context *context, struct route_call *call, const char *what, const char *target,
               const char *detail)
{
    const char *who = call->session ? call->session->user : call->peer;
    struct held *held = context->audit_waits ? held_of(call) : NULL;
    int r = held ? keeper_client_audit_write(context->keeper, who, what, target ? target : "", detail ? detail : "",
                                             line_written, held)
                 : -ENOMEM;
    if (r == 0)
        held->pending++;
    else /* the ordinary log has it when this fails too */
        keeper_client_audit(context->keeper, who, what, target ? target : "", detail ? detail : "");
}
