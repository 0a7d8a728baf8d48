/* Decodes the tiles of one update body (docs/update-format.md). The bytes are hostile. No C library here. */
#pragma once

#include "core/wire.h"
#include "encode/update_format.h"

struct tile_decoder {
    uint8_t cache[TILE_CACHE][3]; /* R, G, B */
    unsigned cache_next;
    uint32_t values[UPDATE_TILE_PIXELS];
};

/* Before the first tile of each body. */
void tile_decoder_init(struct tile_decoder *self);

/* Decodes a tile of width x height pixels (each 1..64) in the given mode to RGBA bytes. False: malformed; the pixels
 * may then be partly written. */
bool tile_decode(struct tile_decoder *self, struct wire_reader *in, unsigned mode, uint8_t *rgba, size_t stride,
                 int width, int height);

/* LEB128, at most four bytes (28 bits); longer ones turn the reader bad. */
uint32_t wire_read_varint(struct wire_reader *in);
