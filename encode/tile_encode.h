/* Encodes the tiles of one update body, losslessly (docs/update-format.md). */
#pragma once

#include "core/wire.h"
#include "encode/range_coder.h"
#include "encode/update_format.h"

struct tile_encoder;

int tile_encoder_create(struct tile_encoder **ret);
struct tile_encoder *tile_encoder_destroy(struct tile_encoder *self); /* NULL allowed; returns NULL */

/* Before the first tile of each body; its entropy stream will stand in `room`. fast: only tiles that are decoded
 * fastest, several times as large. */
void tile_encoder_begin(struct tile_encoder *self, uint8_t *room, size_t size, bool fast);

/* Bytes that the entropy stream will have at most if it ends now; ends it and returns how many it has. */
size_t tile_encoder_entropy_size(const struct tile_encoder *self);
size_t tile_encoder_end(struct tile_encoder *self);

/* A point to go back to. No tile may follow in the same body after going back: what the tiles taught stays. */
struct range_coder tile_encoder_mark(const struct tile_encoder *self);
void tile_encoder_back(struct tile_encoder *self, struct range_coder mark);

/* A rectangle of a picture, at most 64x64 pixels, and the canvas it will be painted on, both BGRX. */
struct tile_source {
    const uint8_t *picture, *canvas; /* first pixel of the whole */
    size_t picture_stride, canvas_stride;
    int canvas_width, canvas_height;
    int x, y, width, height;
};

/* 0x00RRGGBB; x, y within the rectangle. */
static inline uint32_t tile_source_pixel(const struct tile_source *self, int x, int y)
{
    const uint8_t *p = self->picture + (size_t)(self->y + y) * self->picture_stride + 4 * (size_t)(self->x + x);
    return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* No tile writes more to `out` than this. */
#define TILE_OPS_MAX (UPDATE_TILE_PIXELS * 3 + 512)

/* Codes a tile to `out` or to the entropy stream; returns its tile_mode. */
unsigned tile_encode(struct tile_encoder *self, struct wire_writer *out, const struct tile_source *source);

void wire_write_varint(struct wire_writer *out, uint32_t value);
