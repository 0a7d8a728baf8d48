/* Reads. Those of a kernel may come twice, and are late at some time (media/nbd_reads.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "media/nbd_connection_internal.h"

#define LOOK_US 1000000 /* how often those that are under way are looked at */

static struct nbd_request *request_of(struct nbd_read *read)
{
    return container_of(read, struct nbd_request, reading);
}

static void end_read(struct nbd_request *request, int error)
{
    struct nbd_connection *self = request->connection;
    if (!request->reading.late) {
        nbd_connection_served(request, error);
        return;
    }
    if (self->fd < 0) {
        free(request);
    } else {
        nbd_connection_finish_request(self, request);
        nbd_connection_settle(self);
    }
    nbd_connection_unref(self);
}

static void read_done(void *data, int error)
{
    struct nbd_request *request = data;
    for (struct nbd_read *r = nbd_reads_remove(&request->reading), *next; r; r = next) {
        struct nbd_request *follower = request_of(r);
        next = r->next;
        if (error == 0 && !r->late && follower->connection->fd >= 0)
            memcpy(follower->payload, request->payload, r->length);
        end_read(follower, error);
    }
    end_read(request, error);
}

/* What the source still writes to stays where it is: the peer is told by another answer. */
static void on_late(struct nbd_read *read)
{
    struct nbd_connection *self = request_of(read)->connection;
    struct nbd_request *notice = self->fd < 0 ? NULL : nbd_spare_take(&self->spare, 0);
    if (!notice)
        return; /* without memory the peer waits as long as it likes */
    *notice = (struct nbd_request){.connection = self, .room = notice->room, .command = request_of(read)->command};
    self->requests++;
    ref_get(&self->ref);
    nbd_connection_answer(self, notice, NBD_EIO);
    nbd_connection_flush(self);
    nbd_connection_settle(self);
    nbd_connection_unref(self);
}

void nbd_export_look(void *data)
{
    struct nbd_export *export = data;
    export->looking = nbd_reads_look(&export->reads, clock_now_us(), on_late);
    if (export->looking)
        loop_timer_arm_in(export->look, LOOK_US);
}

static void read_for_kernel(struct nbd_export *export, struct nbd_request *request, size_t there)
{
    const struct nbd_command *c = &request->command;
    switch (nbd_reads_add(&export->reads, &request->reading, c->offset, c->length, clock_now_us())) {
    case NBD_READS_FOLLOW:
        return;
    case NBD_READS_LATE:
        nbd_connection_served(request, -EIO);
        return;
    case NBD_READS_BEGIN:
        break;
    }
    if (!export->looking)
        loop_timer_arm_in(export->look, LOOK_US);
    export->looking = true;
    source_read(export->source, c->offset, request->payload, there, read_done, request);
}

/* Behind the end of a source whose size is no multiple of the device's block there are zeros. */
void nbd_connection_read(struct nbd_connection *self, struct nbd_request *request)
{
    const struct nbd_command *c = &request->command;
    struct source *source = self->export->source;
    uint64_t there = c->offset < source->size ? MIN(source->size - c->offset, (uint64_t)c->length) : 0;
    memset(request->payload + there, 0, c->length - there);
    if (!there)
        nbd_connection_served(request, 0);
    else if (self->kernel)
        read_for_kernel(self->export, request, (size_t)there);
    else
        source_read(source, c->offset, request->payload, (size_t)there, nbd_connection_served, request);
}
