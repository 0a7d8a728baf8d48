/* Writes an update body (docs/update-format.md) op by op into one piece of memory. */
#pragma once

#include "core/wire.h"
#include "encode/tile_encode.h"

/* In cells. */
struct cell_rect {
    int x, y, w, h;
};

struct update_writer {
    struct tile_encoder *tiles;
    uint8_t *bytes;   /* room for the header, then the ops */
    uint8_t *entropy; /* the entropy stream, which follows the ops in the end */
    struct wire_writer out;
};

int update_writer_init(struct update_writer *self); /* 0 or -ENOMEM */
void update_writer_finish(struct update_writer *self);

/* Begins a body. fast: tiles are larger, and decoded faster. */
void update_writer_begin(struct update_writer *self, bool fast);

/* Bytes that the body would have at most if it ended now, and whether that is too much. */
size_t update_writer_size(const struct update_writer *self);
bool update_writer_overflowed(const struct update_writer *self);

/* Goes back to a mark. The body must end there: no op may follow. */
struct update_mark {
    uint8_t *at;
    size_t left;
    struct range_coder range;
};
struct update_mark update_writer_mark(const struct update_writer *self);
void update_writer_back(struct update_writer *self, struct update_mark mark);

/* Ends the body; valid until the next begins. */
const uint8_t *update_writer_end(struct update_writer *self, size_t *ret_size);

/* No copy or solid op is longer. */
#define UPDATE_SHORT_OP_MAX 20

/* colour: 0x00RRGGBB. */
void update_write_solid(struct update_writer *self, struct cell_rect cells, uint32_t colour);

/* The cells become what stands dx, dy pixels from them. */
void update_write_copy(struct update_writer *self, struct cell_rect cells, int dx, int dy);

/* source: the visible pixels of at most UPDATE_TILE_CELLS cells each way. */
void update_write_tile(struct update_writer *self, struct cell_rect cells, const struct tile_source *source);
