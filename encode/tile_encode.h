/* Encodes the tiles of one update body, losslessly (docs/update-format.md). */
#pragma once

#include "core/wire.h"
#include "encode/update_format.h"

struct tile_encoder;

int tile_encoder_create(struct tile_encoder **ret);
struct tile_encoder *tile_encoder_destroy(struct tile_encoder *self); /* NULL allowed; returns NULL */

/* Before the first tile of each body. */
void tile_encoder_reset(struct tile_encoder *self);

/* No tile is longer than this, its op header included. */
#define TILE_ENCODED_MAX (UPDATE_TILE_PIXELS * 3 + 512)

/* Writes a tile of width x height pixels (each 1..64) of BGRX; *ret_mode is its tile_mode. At least TILE_ENCODED_MAX
 * bytes must be free. */
void tile_encode(struct tile_encoder *self, struct wire_writer *out, const uint8_t *bgrx, size_t stride, int width,
                 int height, unsigned *ret_mode);

void wire_write_varint(struct wire_writer *out, uint32_t value);
