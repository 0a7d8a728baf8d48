/* A viewer's page in C, for tests and benches: it applies updates with the applier that the page has, too, and has
 * payloads decoded by the libraries that browsers use. */
#pragma once

#include "encode/update_apply.h"
#include "video/packet.h"

struct replica;

int replica_create(struct replica **ret);              /* 0 or -ENOMEM */
struct replica *replica_destroy(struct replica *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct replica, replica_destroy)

/* What MODE does on the page: a black canvas; slots stay. -ENOMEM. */
int replica_mode(struct replica *self, int width, int height, uint8_t colour);

/* False: malformed, or a payload that cannot be decoded. The second one takes the references. */
bool replica_apply(struct replica *self, const uint8_t *body, size_t size);
bool replica_apply_packets(struct replica *self, struct packet *const *pieces, unsigned n_pieces);

/* What the page does before it applies a body: whether it is as it was sent. */
bool replica_check_packets(struct replica *self, struct packet *const *pieces, unsigned n_pieces, uint16_t check);

const struct update_canvas *replica_canvas(const struct replica *self);
const struct update_dirty *replica_dirty(const struct replica *self);

/* As the canvas has it, 0x00RRGGBB or 0x00UUYYVV: comparable with a frame's pixel. */
static inline uint32_t replica_pixel(const struct update_canvas *canvas, int x, int y)
{
    const uint8_t *p = canvas->pixels + 4 * ((size_t)y * (size_t)canvas->width + (size_t)x);
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}
