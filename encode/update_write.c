#include "encode/update_write.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_MAX 6 /* version, flags, varint */

int update_writer_init(struct update_writer *self)
{
    *self = (struct update_writer){.reset = true};
    int r = tile_encoder_create(&self->tiles);
    if (r < 0)
        return r;
    self->bytes = malloc(4 * UPDATE_BODY_MAX);
    self->slots = malloc(sizeof *self->slots);
    if (!self->bytes || !self->slots) {
        update_writer_finish(self);
        return -ENOMEM;
    }
    self->entropy = self->bytes + UPDATE_BODY_MAX;
    self->payload = self->entropy + UPDATE_BODY_MAX;
    self->block = self->payload + UPDATE_BODY_MAX;
    update_writer_begin(self, false);
    return 0;
}

void update_writer_finish(struct update_writer *self)
{
    self->tiles = tile_encoder_destroy(self->tiles);
    free(self->slots);
    free(self->bytes);
    self->slots = NULL;
    self->bytes = NULL;
}

void update_writer_reset(struct update_writer *self)
{
    self->reset = true;
    self->slots_ready = false;
    tile_encoder_reset(self->tiles);
}

void update_writer_begin(struct update_writer *self, bool fast)
{
    tile_encoder_begin(self->tiles, self->entropy, UPDATE_BODY_MAX, fast);
    self->out = wire_writer_init(self->bytes + HEADER_MAX, UPDATE_BODY_MAX - HEADER_MAX);
    self->payloads = wire_writer_init(self->payload, UPDATE_BODY_MAX);
    self->n_payloads = 0;
    self->tiles_count = NULL;
}

void update_writer_fast(struct update_writer *self, bool fast)
{
    tile_encoder_fast(self->tiles, fast);
}

size_t update_writer_size(const struct update_writer *self)
{
    return HEADER_MAX + wire_written(&self->payloads) + wire_written(&self->out) +
           tile_encoder_entropy_size(self->tiles);
}

/* Ops are written behind room for the head; now the head and the payloads move in front of them. */
const uint8_t *update_writer_end(struct update_writer *self, size_t *ret_size)
{
    size_t ops = wire_written(&self->out), payloads = wire_written(&self->payloads);
    size_t entropy = tile_encoder_end(self->tiles);
    if (self->out.full || self->payloads.full || HEADER_MAX + payloads + ops + entropy > UPDATE_BODY_MAX)
        return NULL;
    uint8_t count[4], *start = self->bytes;
    struct wire_writer size = wire_writer_init(count, sizeof count);
    wire_write_varint(&size, (uint32_t)ops);
    size_t head = 2 + payloads + wire_written(&size);
    memmove(start + head, start + HEADER_MAX, ops);
    start[0] = UPDATE_VERSION;
    start[1] = (uint8_t)((self->reset ? UPDATE_RESET : 0) | self->n_payloads << 1);
    memcpy(start + 2, self->payload, payloads);
    memcpy(start + 2 + payloads, count, wire_written(&size));
    memcpy(start + head + ops, self->entropy, entropy);
    self->reset = false;
    *ret_size = head + ops + entropy;
    return start;
}

static void write_rect(struct wire_writer *out, struct cell_rect cells)
{
    wire_write_varint(out, (uint32_t)cells.x);
    wire_write_varint(out, (uint32_t)cells.y);
    wire_write_varint(out, (uint32_t)cells.w);
    wire_write_varint(out, (uint32_t)cells.h);
}

static void write_area(struct update_writer *self, enum update_op op, struct cell_rect cells)
{
    wire_write_u8(&self->out, (uint8_t)op);
    write_rect(&self->out, cells);
}

void update_write_solid(struct update_writer *self, struct cell_rect cells, uint32_t colour)
{
    write_area(self, UPDATE_OP_SOLID, cells);
    wire_write_u8(&self->out, (uint8_t)(colour >> 16));
    wire_write_u8(&self->out, (uint8_t)(colour >> 8));
    wire_write_u8(&self->out, (uint8_t)colour);
}

static uint32_t zigzag(int v)
{
    return (uint32_t)v << 1 ^ (uint32_t)(v >> 31);
}

void update_write_copy(struct update_writer *self, struct cell_rect cells, int dx, int dy)
{
    write_area(self, UPDATE_OP_COPY, cells);
    wire_write_varint(&self->out, zigzag(dx));
    wire_write_varint(&self->out, zigzag(dy));
}

void update_write_mark(struct update_writer *self, struct cell_rect cells)
{
    write_area(self, UPDATE_OP_MARK, cells);
}

static void write_slots(struct update_writer *self, enum update_op op, struct cell_rect cells, const int32_t *slots,
                        size_t stride)
{
    if (!self->slots_ready)
        slot_model_init(self->slots);
    self->slots_ready = true;
    struct range_coder range = range_coder_writing(self->block, UPDATE_BODY_MAX);
    struct slot_walk walk = slot_walk_begin(self->slots, &range, op == UPDATE_OP_FILL, (unsigned)cells.w);
    for (int y = 0; y < cells.h; y++, slots += stride) {
        slot_walk_row(&walk);
        for (unsigned x = 0; x < (unsigned)cells.w; x++) {
            if (!slot_walk_part(&walk, x, slots[x] >= 0, true))
                continue;
            if (op == UPDATE_OP_FILL)
                slot_walk_fill(&walk, (unsigned)slots[x], true);
            else
                slot_walk_show(&walk, x, (unsigned)slots[x], true);
        }
    }
    range_coder_flush(&range);
    write_area(self, op, cells);
    wire_write_varint(&self->out, (uint32_t)range.size);
    wire_write_bytes(&self->out, self->block, range.size);
}

void update_write_fill(struct update_writer *self, struct cell_rect cells, const int32_t *slots, size_t stride)
{
    write_slots(self, UPDATE_OP_FILL, cells, slots, stride);
}

void update_write_show(struct update_writer *self, struct cell_rect cells, const int32_t *slots, size_t stride)
{
    write_slots(self, UPDATE_OP_SHOW, cells, slots, stride);
}

/* One op for all tiles in a row. */
void update_write_tile(struct update_writer *self, struct cell_rect cells, const struct tile_source *source)
{
    if (!self->tiles_count || *self->tiles_count == UINT8_MAX || self->tiles_end != wire_written(&self->out)) {
        wire_write_u8(&self->out, UPDATE_OP_TILES);
        self->tiles_count = wire_write_room(&self->out, 1);
        if (!self->tiles_count)
            return;
        *self->tiles_count = 0;
    }
    ++*self->tiles_count;
    tile_encode(self->tiles, &self->out, cells, source);
    self->tiles_end = wire_written(&self->out);
}

static void write_payload(struct update_writer *self, unsigned what, int columns, int rows, const uint8_t *bytes,
                          size_t size)
{
    assert(self->n_payloads < UPDATE_MAX_PAYLOADS);
    self->n_payloads++;
    wire_write_u8(&self->payloads, (uint8_t)what);
    wire_write_varint(&self->payloads, (uint32_t)columns);
    wire_write_varint(&self->payloads, (uint32_t)rows);
    wire_write_varint(&self->payloads, (uint32_t)size);
    wire_write_bytes(&self->payloads, bytes, size);
}

static void write_rects(struct update_writer *self, const struct cell_rect *rects, unsigned n_rects)
{
    wire_write_varint(&self->out, n_rects);
    for (unsigned i = 0; i < n_rects; i++)
        write_rect(&self->out, rects[i]);
}

void update_write_photo(struct update_writer *self, const uint8_t *jpeg, size_t size, int columns, int rows,
                        const struct cell_rect *rects, unsigned n_rects)
{
    write_payload(self, UPDATE_JPEG, columns, rows, jpeg, size);
    wire_write_u8(&self->out, UPDATE_OP_PHOTO);
    write_rects(self, rects, n_rects);
}

void update_write_video(struct update_writer *self, const struct update_video *video, const uint8_t *bytes, size_t size,
                        const struct cell_rect *rects, unsigned n_rects)
{
    write_payload(self, (unsigned)video->kind | (unsigned)video->key << 2 | video->stream << 3, video->region.w,
                  video->region.h, bytes, size);
    wire_write_u8(&self->out, UPDATE_OP_VIDEO);
    wire_write_varint(&self->out, (uint32_t)video->region.x);
    wire_write_varint(&self->out, (uint32_t)video->region.y);
    write_rects(self, rects, n_rects);
}
