#include "video/cell_pack.h"

#include <string.h>

#include "core/attrs.h"

uint32_t cell_pack_fourcc(uint32_t fourcc)
{
    switch (fourcc) {
    case FOURCC_BGRX:
    case FOURCC_RGB24:
    case FOURCC_BGR24:
        return FOURCC_BGRX;
    case FOURCC_YUYV:
    case FOURCC_UYVY:
    case FOURCC_NV12:
        return FOURCC_VYUX;
    default:
        return 0;
    }
}

/* Each takes one line of 16 pixels; from1: the chroma of a second plane. */
typedef void line_fn(const uint8_t *restrict from, const uint8_t *restrict from1, uint8_t *restrict to);

static void pack_pixel(uint8_t *to, uint8_t a, uint8_t b, uint8_t c)
{
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = 0;
}

static void bgrx(const uint8_t *restrict from, const uint8_t *restrict from1, uint8_t *restrict to)
{
    (void)from1;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[4 * x], from[4 * x + 1], from[4 * x + 2]);
}

static void rgb24(const uint8_t *restrict from, const uint8_t *restrict from1, uint8_t *restrict to)
{
    (void)from1;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[3 * x + 2], from[3 * x + 1], from[3 * x]);
}

static void bgr24(const uint8_t *restrict from, const uint8_t *restrict from1, uint8_t *restrict to)
{
    (void)from1;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[3 * x], from[3 * x + 1], from[3 * x + 2]);
}

static void yuyv(const uint8_t *restrict from, const uint8_t *restrict from1, uint8_t *restrict to)
{
    (void)from1;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[x / 2 * 4 + 3], from[2 * x], from[x / 2 * 4 + 1]);
}

static void uyvy(const uint8_t *restrict from, const uint8_t *restrict from1, uint8_t *restrict to)
{
    (void)from1;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[x / 2 * 4 + 2], from[2 * x + 1], from[x / 2 * 4]);
}

static void nv12(const uint8_t *restrict from, const uint8_t *restrict from1, uint8_t *restrict to)
{
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from1[x / 2 * 2 + 1], from[x], from1[x / 2 * 2]);
}

static line_fn *line_of(uint32_t fourcc)
{
    switch (fourcc) {
    case FOURCC_RGB24:
        return rgb24;
    case FOURCC_BGR24:
        return bgr24;
    case FOURCC_YUYV:
        return yuyv;
    case FOURCC_UYVY:
        return uyvy;
    case FOURCC_NV12:
        return nv12;
    default:
        return bgrx;
    }
}

static void pack_lines(line_fn *line, const struct cell_layout *layout, const uint8_t *plane[CELL_ROW_PLANES],
                       const size_t stride[CELL_ROW_PLANES], int height, uint8_t *to, size_t to_stride)
{
    for (int y = 0; y < height; y++)
        line(plane[0] + (size_t)y * stride[0], plane[1] + (size_t)(layout->halved ? y / 2 : y) * stride[1],
             to + (size_t)y * to_stride);
}

void cell_pack(const struct cell_layout *layout, const struct cell_row *row, int cell, uint8_t *to, size_t stride)
{
    const int width = MIN(CELL_SIZE, row->width - cell * CELL_SIZE);
    /* A second plane that is not there is never looked at. */
    const uint8_t *plane[CELL_ROW_PLANES] = {row->plane[0], row->plane[0]};
    size_t from_stride[CELL_ROW_PLANES] = {0, 0};
    line_fn *line = line_of(layout->fourcc);
    if (width == CELL_SIZE) {
        for (int p = 0; p < CELL_ROW_PLANES && layout->units[p]; p++) {
            plane[p] = row->plane[p] + (size_t)cell * layout->units[p] * CELL_ROW_UNIT;
            from_stride[p] = row->stride[p];
        }
        pack_lines(line, layout, plane, from_stride, row->height, to, stride);
        return;
    }
    /* A cut cell: neither side has 16 pixels. */
    struct cell_block block, packed;
    cell_block_take(layout, row, cell, &block);
    for (int p = 0; p < CELL_ROW_PLANES; p++) {
        plane[p] = p ? block.bytes + CELL_SIZE * from_stride[0] : block.bytes;
        from_stride[p] = (size_t)layout->units[p] * CELL_ROW_UNIT;
    }
    pack_lines(line, layout, plane, from_stride, row->height, packed.bytes, CELL_SIZE * 4);
    for (int y = 0; y < row->height; y++)
        memcpy(to + (size_t)y * stride, packed.bytes + y * CELL_SIZE * 4, (size_t)width * 4);
}
