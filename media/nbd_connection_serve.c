/* What the peer wants done to the medium. */
#include <errno.h>
#include <stdlib.h>

#include "media/nbd_connection_internal.h"

void nbd_connection_served(void *data, int error)
{
    struct nbd_request *request = data;
    struct nbd_connection *self = request->connection;
    if (self->fd < 0) {
        free(request);
    } else if (error == 0 && request->command.fua && request->command.type != NBD_CMD_READ) {
        request->command.fua = false;
        source_flush(self->export->source, nbd_connection_served, request);
        return; /* with its reference */
    } else {
        nbd_connection_answer(self, request, nbd_error_from_errno(error));
        nbd_connection_answered(self);
    }
    nbd_connection_unref(self);
}

static void serve(struct nbd_connection *self, struct nbd_request *request)
{
    const struct nbd_command *c = &request->command;
    struct source *source = self->export->source;
    if (c->error != NBD_OK) {
        nbd_connection_answer(self, request, c->error);
        return;
    }
    ref_get(&self->ref);
    switch (c->type) {
    case NBD_CMD_READ:
        nbd_connection_read(self, request);
        return;
    case NBD_CMD_WRITE:
        source_write(source, c->offset, request->payload, c->length, nbd_connection_served, request);
        return;
    case NBD_CMD_TRIM:
        source_trim(source, c->offset, c->length, nbd_connection_served, request);
        return;
    case NBD_CMD_FLUSH:
        source_flush(source, nbd_connection_served, request);
        return;
    case NBD_CMD_WRITE_ZEROES:
        source_zero(source, c->offset, c->length, c->no_hole, nbd_connection_served, request);
        return;
    case NBD_CMD_DISC:
        break;
    }
    nbd_connection_served(request, -EINVAL);
}

/* Room for the bytes of a read or a write, charged to the connection until its answer has left. */
struct nbd_request *nbd_connection_make_request(struct nbd_connection *self)
{
    const struct nbd_command *c = &self->wire.command;
    bool moves_bytes = c->type == NBD_CMD_READ || c->type == NBD_CMD_WRITE;
    size_t room = c->error == NBD_OK && moves_bytes ? c->length : 0;
    struct nbd_request *request = nbd_spare_take(&self->spare, room);
    if (!request)
        return NULL;
    *request = (struct nbd_request){.connection = self, .charged = room, .room = request->room};
    self->requests++;
    self->bytes += room;
    return request;
}

void nbd_connection_command(struct nbd_connection *self)
{
    struct nbd_request *request = self->incoming ? take(self->incoming) : nbd_connection_make_request(self);
    if (!request) {
        nbd_connection_end(self, "memory is short");
        return;
    }
    request->command = self->wire.command;
    serve(self, request);
}
