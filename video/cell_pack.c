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
    case FOURCC_NV16:
    case FOURCC_YU12:
    case FOURCC_422P:
    case FOURCC_444P:
        return FOURCC_VYUX;
    default:
        return 0;
    }
}

/* Each takes one line of 16 pixels; from1, from2: that of the planes behind the first. */
typedef void line_fn(const uint8_t *restrict from, const uint8_t *restrict from1, const uint8_t *restrict from2,
                     uint8_t *restrict to);

static void pack_pixel(uint8_t *to, uint8_t a, uint8_t b, uint8_t c)
{
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = 0;
}

static void bgrx(const uint8_t *restrict from, const uint8_t *restrict from1, const uint8_t *restrict from2,
                 uint8_t *restrict to)
{
    (void)from1, (void)from2;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[4 * x], from[4 * x + 1], from[4 * x + 2]);
}

static void rgb24(const uint8_t *restrict from, const uint8_t *restrict from1, const uint8_t *restrict from2,
                  uint8_t *restrict to)
{
    (void)from1, (void)from2;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[3 * x + 2], from[3 * x + 1], from[3 * x]);
}

static void bgr24(const uint8_t *restrict from, const uint8_t *restrict from1, const uint8_t *restrict from2,
                  uint8_t *restrict to)
{
    (void)from1, (void)from2;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[3 * x], from[3 * x + 1], from[3 * x + 2]);
}

static void yuyv(const uint8_t *restrict from, const uint8_t *restrict from1, const uint8_t *restrict from2,
                 uint8_t *restrict to)
{
    (void)from1, (void)from2;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[x / 2 * 4 + 3], from[2 * x], from[x / 2 * 4 + 1]);
}

static void uyvy(const uint8_t *restrict from, const uint8_t *restrict from1, const uint8_t *restrict from2,
                 uint8_t *restrict to)
{
    (void)from1, (void)from2;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from[x / 2 * 4 + 2], from[2 * x + 1], from[x / 2 * 4]);
}

/* NV12 and NV16 differ only in which line of chroma comes with which of luma. */
static void semi_planar(const uint8_t *restrict from, const uint8_t *restrict from1, const uint8_t *restrict from2,
                        uint8_t *restrict to)
{
    (void)from2;
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from1[x / 2 * 2 + 1], from[x], from1[x / 2 * 2]);
}

static void planar(const uint8_t *restrict from, const uint8_t *restrict from1, const uint8_t *restrict from2,
                   uint8_t *restrict to)
{
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from2[x / 2], from[x], from1[x / 2]);
}

static void planar_full(const uint8_t *restrict from, const uint8_t *restrict from1, const uint8_t *restrict from2,
                        uint8_t *restrict to)
{
    for (int x = 0; x < CELL_SIZE; x++)
        pack_pixel(to + 4 * x, from2[x], from[x], from1[x]);
}

static line_fn *line_of(const struct cell_layout *layout)
{
    if (layout->bytes[2])
        return layout->full_chroma ? planar_full : planar;
    if (layout->bytes[1])
        return semi_planar;
    switch (layout->fourcc) {
    case FOURCC_RGB24:
        return rgb24;
    case FOURCC_BGR24:
        return bgr24;
    case FOURCC_YUYV:
        return yuyv;
    case FOURCC_UYVY:
        return uyvy;
    default:
        return bgrx;
    }
}

/* Places in memory, and how far it is to the next line; a plane that is not there is never looked at. */
struct planes {
    const uint8_t *at[CELL_ROW_PLANES];
    size_t stride[CELL_ROW_PLANES]; /* bytes */
};

static void pack_lines(const struct cell_layout *layout, const struct planes *from, int height, uint8_t *to,
                       size_t to_stride)
{
    line_fn *line = line_of(layout);
    for (int y = 0; y < height; y++) {
        const size_t chroma = (size_t)(layout->halved ? y / 2 : y);
        line(from->at[0] + (size_t)y * from->stride[0], from->at[1] + chroma * from->stride[1],
             from->at[2] + chroma * from->stride[2], to + (size_t)y * to_stride);
    }
}

void cell_pack(const struct cell_layout *layout, const struct cell_row *row, int cell, uint8_t *to, size_t stride)
{
    const int width = MIN(CELL_SIZE, row->width - cell * CELL_SIZE);
    struct planes from = {.at = {row->plane[0], row->plane[0], row->plane[0]}};
    if (width == CELL_SIZE) {
        for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++) {
            from.at[p] = row->plane[p] + (size_t)cell * layout->bytes[p];
            from.stride[p] = row->stride[p];
        }
        pack_lines(layout, &from, row->height, to, stride);
        return;
    }
    /* A cut cell: neither side has 16 pixels. */
    struct cell_block block, packed;
    cell_block_take(layout, row, cell, &block);
    for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++) {
        from.at[p] = block.bytes + cell_block_plane(layout, p);
        from.stride[p] = layout->bytes[p];
    }
    pack_lines(layout, &from, row->height, packed.bytes, CELL_SIZE * 4);
    for (int y = 0; y < row->height; y++)
        memcpy(to + (size_t)y * stride, packed.bytes + y * CELL_SIZE * 4, (size_t)width * 4);
}
