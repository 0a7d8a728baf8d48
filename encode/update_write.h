/* Writes an update body (docs/update-format.md) op by op into one piece of memory. */
#pragma once

#include "core/wire.h"
#include "encode/cell_rect.h"
#include "encode/slot_model.h"
#include "encode/tile_encode.h"

struct update_writer {
    struct tile_encoder *tiles;
    struct slot_model *slots;
    uint8_t *bytes;   /* room for the header, the ops and what follows them */
    uint8_t *entropy; /* the entropy stream, which follows the ops in the end */
    uint8_t *payload; /* payloads, which stand in front of the ops in the end */
    uint8_t *block;   /* what an op on slots names, coded */
    unsigned n_payloads;
    struct wire_writer out, payloads;
    uint8_t *tiles_count; /* of the tiles op that was begun last */
    size_t tiles_end;     /* where it ends in out */
    bool reset;
    bool slots_ready; /* the first op on slots makes their model ready */
};

int update_writer_init(struct update_writer *self); /* 0 or -ENOMEM */
void update_writer_finish(struct update_writer *self);

/* The next body begins without what tiles have taught so far. */
void update_writer_reset(struct update_writer *self);

/* Begins a body. fast: tiles are larger, and decoded faster; may change between two tiles. */
void update_writer_begin(struct update_writer *self, bool fast);
void update_writer_fast(struct update_writer *self, bool fast);

/* Bytes that the body would have at most if it ended now, and how many still fit. */
size_t update_writer_size(const struct update_writer *self);
static inline size_t update_writer_room(const struct update_writer *self)
{
    size_t size = update_writer_size(self);
    return size < UPDATE_BODY_MAX ? UPDATE_BODY_MAX - size : 0;
}

/* Ends the body; valid until the next begins. NULL: it became larger than UPDATE_BODY_MAX, which a caller prevents who
 * looks at the room before each op. */
const uint8_t *update_writer_end(struct update_writer *self, size_t *ret_size);

/* No solid, copy or mark op is longer. */
#define UPDATE_SHORT_OP_MAX 20

/* colour: 0x00RRGGBB. */
void update_write_solid(struct update_writer *self, struct cell_rect cells, uint32_t colour);

/* The cells become what stands dx, dy pixels from them. */
void update_write_copy(struct update_writer *self, struct cell_rect cells, int dx, int dy);

void update_write_mark(struct update_writer *self, struct cell_rect cells);

/* Ops on slots: of the cells of a rectangle, all whole, those for which slots[i * stride + k] is not negative (the one
 * k to the right of and i below the first) go into these slots, or become what these slots hold. They are smallest
 * where fills are of one slot after the other. */
#define UPDATE_SLOT_OP_MAX(cells) (32u + 32u * (size_t)(cells))
void update_write_fill(struct update_writer *self, struct cell_rect cells, const int32_t *slots, size_t stride);
void update_write_show(struct update_writer *self, struct cell_rect cells, const int32_t *slots, size_t stride);

/* source: the visible pixels of at most UPDATE_TILE_CELLS cells each way. At most TILE_BYTES_MAX. */
void update_write_tile(struct update_writer *self, struct cell_rect cells, const struct tile_source *source);

/* Room for the ops below, besides the bytes of the picture itself. */
#define UPDATE_PAYLOAD_OP_MAX(rects) (32u + 20u * (size_t)(rects))

/* A JPEG of columns x rows cells, in which the cells of all rectangles stand one after the other. At most
 * UPDATE_MAX_PAYLOADS payloads in a body. */
void update_write_photo(struct update_writer *self, const uint8_t *jpeg, size_t size, int columns, int rows,
                        const struct cell_rect *rects, unsigned n_rects);

/* The next frame of a stream, for `region`; of it these rectangles are painted. */
struct update_video {
    enum update_payload_kind kind;
    unsigned stream;
    bool key;
    struct cell_rect region;
};
void update_write_video(struct update_writer *self, const struct update_video *video, const uint8_t *bytes, size_t size,
                        const struct cell_rect *rects, unsigned n_rects);
