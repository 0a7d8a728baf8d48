#include "video/packet.h"

#include <errno.h>

int packet_create(size_t capacity, struct packet **ret)
{
    size_t size;
    if (add_overflows(capacity, sizeof(struct packet) + PACKET_HEADROOM, &size))
        return -ENOMEM;
    struct packet *self = malloc(size);
    if (!self)
        return -ENOMEM;
    ref_init(&self->ref);
    self->size = 0;
    self->capacity = capacity;
    self->data = (uint8_t *)(self + 1) + PACKET_HEADROOM;
    *ret = self;
    return 0;
}

struct packet *packet_ref(struct packet *self)
{
    ref_get(&self->ref);
    return self;
}

struct packet *packet_unref(struct packet *self)
{
    if (self && ref_put(&self->ref))
        free(self);
    return NULL;
}
