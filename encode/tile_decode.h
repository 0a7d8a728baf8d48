/* Decodes the tiles of update bodies (docs/update-format.md). The bytes are hostile. No C library here. */
#pragma once

#include "core/wire.h"
#include "encode/tile_model.h"
#include "encode/update_canvas.h"

struct tile_decoder {
    uint8_t cache[TILE_CACHE][3]; /* R, G, B */
    unsigned cache_next;
    uint32_t values[MODEL_ROOM > UPDATE_TILE_PIXELS ? MODEL_ROOM : UPDATE_TILE_PIXELS];
    struct range_coder range;
    struct tile_model model; /* lives from one body to the next */
    bool model_ready;        /* the first tile that needs it makes it ready */
    bool range_ready;        /* the same in each body */
};

/* Forgets what tiles have taught. */
void tile_decoder_reset(struct tile_decoder *self);

/* Before the first tile of each body; entropy: its entropy stream. */
void tile_decoder_begin(struct tile_decoder *self, const uint8_t *entropy, size_t size);

/* After the last: the entropy stream was used up exactly. */
bool tile_decoder_complete(const struct tile_decoder *self);

/* The next tile's place in cells, shape and mode: not yet checked in any way, but width and height are 1..4. */
void tile_decode_place(struct tile_decoder *self, struct model_place *ret);

/* Decodes a tile of width x height pixels (each 1..64) in the given mode into the canvas, inside which it must lie.
 * False: malformed; the tile may then be partly painted. */
bool tile_decode(struct tile_decoder *self, struct wire_reader *in, unsigned mode, struct update_canvas *canvas, int x,
                 int y, int width, int height);

/* LEB128, at most four bytes (28 bits); longer ones turn the reader bad. */
uint32_t wire_read_varint(struct wire_reader *in);
