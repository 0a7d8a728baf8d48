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
    uint8_t *bytes;
    size_t capacity;
    struct wire_writer out;
};

/* capacity: no body grows beyond. 0 or -ENOMEM. */
int update_writer_init(struct update_writer *self, size_t capacity);
void update_writer_finish(struct update_writer *self);

/* Begins a body: only its version stands in it. */
void update_writer_begin(struct update_writer *self);

/* Bytes written so far, and whether one more op of any kind fits. */
size_t update_writer_size(const struct update_writer *self);
bool update_writer_has_room(const struct update_writer *self);

/* Takes back what was written beyond size. The body must end there: no op may follow. */
void update_writer_cut(struct update_writer *self, size_t size);

/* No copy or solid op is longer. */
#define UPDATE_SHORT_OP_MAX 20

/* colour: 0x00RRGGBB. */
void update_write_solid(struct update_writer *self, struct cell_rect cells, uint32_t colour);

/* The cells become what stands dx, dy pixels from them. */
void update_write_copy(struct update_writer *self, struct cell_rect cells, int dx, int dy);

/* At most UPDATE_TILE_CELLS each way; width and height of their visible pixels. */
void update_write_tile(struct update_writer *self, struct cell_rect cells, const uint8_t *bgrx, size_t stride,
                       int width, int height);
