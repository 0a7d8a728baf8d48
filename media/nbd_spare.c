#include "media/nbd_spare.h"

#include <stdlib.h>

#include "media/nbd_connection_internal.h"

/* NBD_SPARE_CLASSES: too large to be kept. */
static unsigned class_of(size_t room)
{
    unsigned class = 0;
    while (class < NBD_SPARE_CLASSES && NBD_SPARE_LEAST << class < room)
        class ++;
    return class;
}

struct nbd_request *nbd_spare_take(struct nbd_spare *self, size_t room)
{
    unsigned class = class_of(room);
    struct nbd_request *request = class < NBD_SPARE_CLASSES ? self->first[class] : NULL;
    self->used = true;
    if (request) {
        self->first[class] = request->next;
        self->bytes -= request->room;
        return request;
    }
    if (class < NBD_SPARE_CLASSES)
        room = NBD_SPARE_LEAST << class;
    request = malloc(sizeof *request + room);
    if (request)
        request->room = room;
    return request;
}

void nbd_spare_give(struct nbd_spare *self, struct nbd_request *request)
{
    unsigned class = class_of(request->room);
    if (class == NBD_SPARE_CLASSES || request->room > NBD_SPARE_BYTES - self->bytes) {
        free(request);
        return;
    }
    request->next = self->first[class];
    self->first[class] = request;
    self->bytes += request->room;
}

void nbd_spare_drop(struct nbd_spare *self)
{
    for (unsigned class = 0; class < NBD_SPARE_CLASSES; class ++) {
        for (struct nbd_request *request; (request = self->first[class]);) {
            self->first[class] = request->next;
            free(request);
        }
    }
    self->bytes = 0;
}

bool nbd_spare_rest(struct nbd_spare *self)
{
    if (!self->used)
        nbd_spare_drop(self);
    self->used = false;
    return !self->bytes;
}
