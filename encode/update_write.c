#include "encode/update_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_MAX 5 /* version, varint */

int update_writer_init(struct update_writer *self)
{
    int r = tile_encoder_create(&self->tiles);
    if (r < 0)
        return r;
    self->bytes = malloc(2 * UPDATE_BODY_MAX);
    if (!self->bytes) {
        self->tiles = tile_encoder_destroy(self->tiles);
        return -ENOMEM;
    }
    self->entropy = self->bytes + UPDATE_BODY_MAX;
    update_writer_begin(self, false);
    return 0;
}

void update_writer_finish(struct update_writer *self)
{
    tile_encoder_destroy(self->tiles);
    free(self->bytes);
}

void update_writer_begin(struct update_writer *self, bool fast)
{
    tile_encoder_begin(self->tiles, self->entropy, UPDATE_BODY_MAX, fast);
    self->out = wire_writer_init(self->bytes + HEADER_MAX, UPDATE_BODY_MAX - HEADER_MAX);
}

size_t update_writer_size(const struct update_writer *self)
{
    return HEADER_MAX + wire_written(&self->out) + tile_encoder_entropy_size(self->tiles);
}

bool update_writer_overflowed(const struct update_writer *self)
{
    return self->out.full || update_writer_size(self) > UPDATE_BODY_MAX;
}

struct update_mark update_writer_mark(const struct update_writer *self)
{
    return (struct update_mark){.at = self->out.at, .left = self->out.left, .range = tile_encoder_mark(self->tiles)};
}

void update_writer_back(struct update_writer *self, struct update_mark mark)
{
    self->out.at = mark.at;
    self->out.left = mark.left;
    self->out.full = false;
    tile_encoder_back(self->tiles, mark.range);
}

const uint8_t *update_writer_end(struct update_writer *self, size_t *ret_size)
{
    size_t ops = wire_written(&self->out), entropy = tile_encoder_end(self->tiles);
    memcpy(self->bytes + HEADER_MAX + ops, self->entropy, entropy);
    uint8_t head[HEADER_MAX];
    struct wire_writer header = wire_writer_init(head, sizeof head);
    wire_write_u8(&header, UPDATE_VERSION);
    wire_write_varint(&header, (uint32_t)ops);
    size_t size = wire_written(&header);
    uint8_t *start = self->bytes + HEADER_MAX - size;
    memcpy(start, head, size);
    *ret_size = size + ops + entropy;
    return start;
}

static void write_area(struct update_writer *self, enum update_op op, struct cell_rect cells)
{
    wire_write_u8(&self->out, (uint8_t)op);
    wire_write_varint(&self->out, (uint32_t)cells.x);
    wire_write_varint(&self->out, (uint32_t)cells.y);
    wire_write_varint(&self->out, (uint32_t)cells.w);
    wire_write_varint(&self->out, (uint32_t)cells.h);
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

void update_write_tile(struct update_writer *self, struct cell_rect cells, const struct tile_source *source)
{
    wire_write_u8(&self->out, UPDATE_OP_TILE);
    wire_write_varint(&self->out, (uint32_t)cells.x);
    wire_write_varint(&self->out, (uint32_t)cells.y);
    uint8_t *shape = wire_write_room(&self->out, 1);
    unsigned mode = tile_encode(self->tiles, &self->out, source);
    if (shape)
        *shape = (uint8_t)((unsigned)(cells.w - 1) | (unsigned)(cells.h - 1) << 2 | mode << 4);
}
