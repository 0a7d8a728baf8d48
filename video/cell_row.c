#include "video/cell_row.h"

#include <string.h>

#include "core/attrs.h"

static const struct cell_layout layouts[] = {
    {.fourcc = FOURCC_BGRX, .bytes = {64}, .lone_luma = -1, .fourth_unseen = true},
    {.fourcc = FOURCC_YUYV, .bytes = {32}, .lone_luma = 2},
    {.fourcc = FOURCC_UYVY, .bytes = {32}, .lone_luma = 3},
    {.fourcc = FOURCC_NV12, .bytes = {16, 16}, .halved = true, .lone_luma = -1},
    {.fourcc = FOURCC_NV16, .bytes = {16, 16}, .lone_luma = -1},
    {.fourcc = FOURCC_YU12, .bytes = {16, 8, 8}, .halved = true, .lone_luma = -1},
    {.fourcc = FOURCC_422P, .bytes = {16, 8, 8}, .lone_luma = -1},
    {.fourcc = FOURCC_444P, .bytes = {16, 16, 16}, .full_chroma = true, .lone_luma = -1},
    {.fourcc = FOURCC_RGB24, .bytes = {48}, .lone_luma = -1},
    {.fourcc = FOURCC_BGR24, .bytes = {48}, .lone_luma = -1},
};

const struct cell_layout *cell_layout_of(uint32_t fourcc)
{
    for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
        if (layouts[i].fourcc == fourcc)
            return &layouts[i];
    return NULL;
}

size_t cell_layout_line_bytes(const struct cell_layout *layout, int plane, int width)
{
    bool paired = (plane > 0 && !layout->full_chroma) || layout->lone_luma >= 0;
    size_t pixels = (size_t)width + (paired ? (size_t)width & 1 : 0);
    return pixels * layout->bytes[plane] / CELL_SIZE;
}

int cell_layout_lines(const struct cell_layout *layout, int plane, int height)
{
    if (!layout->bytes[plane])
        return 0;
    return plane > 0 && layout->halved ? (height + 1) / 2 : height;
}

struct cell_row cell_row_of(const struct cell_layout *layout, const struct frame *frame, int cx, int cy, int cells)
{
    struct cell_row row = {
        .width = MIN(cells * CELL_SIZE, frame->width - cx * CELL_SIZE),
        .height = MIN(CELL_SIZE, frame->height - cy * CELL_SIZE),
    };
    for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++) {
        size_t line = (size_t)cy * (size_t)(p && layout->halved ? CELL_SIZE / 2 : CELL_SIZE);
        row.stride[p] = frame->planes[p].stride;
        row.plane[p] = frame->planes[p].data + line * row.stride[p] + (size_t)cx * layout->bytes[p];
    }
    return row;
}

/* The luma of the pixel that a line of odd width does not have. */
static void clear_lone(const struct cell_layout *layout, int width, int height, uint8_t *to)
{
    if (layout->lone_luma < 0 || !(width & 1))
        return;
    for (int y = 0; y < height; y++)
        to[y * layout->bytes[0] + (width - 1) * 2 + layout->lone_luma] = 0;
}

static void clear_fourth(uint8_t *bytes, int n)
{
    for (int i = 3; i < n; i += 4)
        bytes[i] = 0;
}

size_t cell_block_plane(const struct cell_layout *layout, int plane)
{
    size_t at = 0;
    for (int p = 0; p < plane; p++)
        at += (size_t)cell_layout_lines(layout, p, CELL_SIZE) * layout->bytes[p];
    return at;
}

void cell_block_take(const struct cell_layout *layout, const struct cell_row *row, int cell, struct cell_block *ret)
{
    int width = MIN(CELL_SIZE, row->width - cell * CELL_SIZE);
    memset(ret->bytes, 0, sizeof ret->bytes);
    for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++) {
        size_t step = layout->bytes[p], bytes = cell_layout_line_bytes(layout, p, width);
        uint8_t *to = ret->bytes + cell_block_plane(layout, p);
        const uint8_t *from = row->plane[p] + (size_t)cell * step;
        for (int y = 0; y < cell_layout_lines(layout, p, row->height); y++)
            memcpy(to + (size_t)y * step, from + (size_t)y * row->stride[p], bytes);
        if (p == 0)
            clear_lone(layout, width, row->height, to);
    }
    if (layout->fourth_unseen)
        clear_fourth(ret->bytes, CELL_SIZE * CELL_SIZE * 4);
}
