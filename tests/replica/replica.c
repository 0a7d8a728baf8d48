#include "replica/replica.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct replica {
    struct update_applier applier;
    struct update_dirty dirty;
    uint8_t body[UPDATE_BODY_MAX];
};

int replica_create(struct replica **ret)
{
    struct replica *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->applier.slots.pixels = malloc((size_t)UPDATE_SLOTS * UPDATE_CELL_PIXELS * 4);
    self->applier.slots.state = calloc(UPDATE_SLOTS, 1);
    if (!self->applier.slots.pixels || !self->applier.slots.state) {
        replica_destroy(self);
        return -ENOMEM;
    }
    *ret = self;
    return 0;
}

struct replica *replica_destroy(struct replica *self)
{
    if (self) {
        free(self->applier.slots.pixels);
        free(self->applier.slots.state);
        free(self->applier.canvas.pixels);
        free(self->applier.canvas.lossy);
        free(self);
    }
    return NULL;
}

int replica_mode(struct replica *self, int width, int height, uint8_t colour)
{
    struct update_canvas *canvas = &self->applier.canvas;
    free(canvas->pixels);
    free(canvas->lossy);
    *canvas = (struct update_canvas){.width = width, .height = height, .colour = colour};
    canvas->pixels = calloc((size_t)width * (size_t)height, 4);
    canvas->lossy = calloc((size_t)update_cells(width) * (size_t)update_cells(height), 1);
    if (!canvas->pixels || !canvas->lossy)
        return -ENOMEM;
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        canvas->pixels[4 * i + 3] = 255;
    update_applier_begin(&self->applier);
    return 0;
}

bool replica_apply(struct replica *self, const uint8_t *body, size_t size)
{
    struct update_payload payloads[UPDATE_MAX_PAYLOADS];
    struct update_image images[UPDATE_MAX_PAYLOADS] = {{UPDATE_IMAGE_NONE, NULL}};
    return update_scan(body, size, payloads) >= 0 && update_apply(&self->applier, body, size, images, &self->dirty);
}

bool replica_apply_packets(struct replica *self, struct packet *const *pieces, unsigned n_pieces)
{
    size_t size = 0;
    for (unsigned i = 0; i < n_pieces; i++) {
        if (size + pieces[i]->size <= sizeof self->body)
            memcpy(self->body + size, pieces[i]->data, pieces[i]->size);
        size += pieces[i]->size;
        packet_unref(pieces[i]);
    }
    return size <= sizeof self->body && replica_apply(self, self->body, size);
}

const struct update_canvas *replica_canvas(const struct replica *self)
{
    return &self->applier.canvas;
}

const struct update_dirty *replica_dirty(const struct replica *self)
{
    return &self->dirty;
}
