/* Encodes the tiles of update bodies, losslessly (docs/update-format.md). What tiles teach lives from one body to the
 * next, until it is reset: all bodies of an encoder reach a decoder in order, or a reset comes between. */
#pragma once

#include "core/wire.h"
#include "encode/cell_rect.h"
#include "encode/range_coder.h"
#include "encode/update_format.h"

struct tile_encoder;

int tile_encoder_create(struct tile_encoder **ret);
struct tile_encoder *tile_encoder_destroy(struct tile_encoder *self); /* NULL allowed; returns NULL */

/* Forgets what tiles have taught: the next body says so to the decoder. */
void tile_encoder_reset(struct tile_encoder *self);

/* Before the first tile of each body; its entropy stream will stand in `room`. fast: only tiles that are decoded
 * fastest, several times as large. */
void tile_encoder_begin(struct tile_encoder *self, uint8_t *room, size_t size, bool fast);
void tile_encoder_fast(struct tile_encoder *self, bool fast); /* from the next tile on */

/* Bytes that the entropy stream will have at most if it ends now; ends it and returns how many it has. */
size_t tile_encoder_entropy_size(const struct tile_encoder *self);
size_t tile_encoder_end(struct tile_encoder *self);

/* A rectangle of a picture, at most 64x64 pixels, and the canvas it will be painted on, both BGRX (or VYUX). */
struct tile_source {
    const uint8_t *picture, *canvas; /* first pixel of the whole */
    size_t picture_stride, canvas_stride;
    const uint8_t *canvas_exact; /* bool per cell of the canvas: what stands in others is not known at the client */
    int canvas_width, canvas_height;
    int x, y, width, height;
    uint8_t colour; /* enum colour of video/csc.h: 0 is RGB; others have chroma in the place of red and blue */
};

/* 0x00RRGGBB; x, y within the rectangle. */
static inline uint32_t tile_source_pixel(const struct tile_source *self, int x, int y)
{
    const uint8_t *p = self->picture + (size_t)(self->y + y) * self->picture_stride + 4 * (size_t)(self->x + x);
    return ((uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0]) & 0xFFFFFF; /* one load */
}

/* No tile adds more than this to a body, ops and entropy stream together: at most nine decisions of ten bits and three
 * symbols of twelve with seven even bits for a pixel. */
#define TILE_BYTES_MAX (UPDATE_TILE_PIXELS * 19 + 64)

/* Codes a tile, which covers these cells, to `out` and the entropy stream. */
void tile_encode(struct tile_encoder *self, struct wire_writer *out, struct cell_rect cells,
                 const struct tile_source *source);

void wire_write_varint(struct wire_writer *out, uint32_t value);
