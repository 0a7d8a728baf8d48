#include "encode/update_write.h"

#include <errno.h>
#include <stdlib.h>

int update_writer_init(struct update_writer *self, size_t capacity)
{
    int r = tile_encoder_create(&self->tiles);
    if (r < 0)
        return r;
    self->capacity = capacity;
    self->bytes = malloc(capacity);
    if (!self->bytes) {
        self->tiles = tile_encoder_destroy(self->tiles);
        return -ENOMEM;
    }
    update_writer_begin(self);
    return 0;
}

void update_writer_finish(struct update_writer *self)
{
    tile_encoder_destroy(self->tiles);
    free(self->bytes);
}

void update_writer_begin(struct update_writer *self)
{
    tile_encoder_reset(self->tiles);
    self->out = wire_writer_init(self->bytes, self->capacity);
    wire_write_u8(&self->out, UPDATE_VERSION);
}

size_t update_writer_size(const struct update_writer *self)
{
    return wire_written(&self->out);
}

bool update_writer_has_room(const struct update_writer *self)
{
    return self->out.left >= TILE_ENCODED_MAX;
}

void update_writer_cut(struct update_writer *self, size_t size)
{
    self->out = wire_writer_init(self->bytes, size);
    self->out.at += size;
    self->out.left = 0;
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

void update_write_tile(struct update_writer *self, struct cell_rect cells, const uint8_t *bgrx, size_t stride,
                       int width, int height)
{
    wire_write_u8(&self->out, UPDATE_OP_TILE);
    wire_write_varint(&self->out, (uint32_t)cells.x);
    wire_write_varint(&self->out, (uint32_t)cells.y);
    uint8_t *shape = wire_write_room(&self->out, 1);
    unsigned mode;
    tile_encode(self->tiles, &self->out, bgrx, stride, width, height, &mode);
    *shape = (uint8_t)((cells.w - 1) | (cells.h - 1) << 2 | (int)mode << 4);
}
