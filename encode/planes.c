#include "encode/planes.h"

#include <libyuv/convert_from_argb.h>
#include <string.h>

#include "video/csc.h"

#define CHROMA (CELL_SIZE / 2)

static struct planes behind(const struct planes *to, int cells)
{
    struct planes ret = *to;
    for (int i = 0; i < 3; i++)
        ret.data[i] += cells * (i ? CHROMA : CELL_SIZE);
    return ret;
}

static void take_rgb(const struct planes *to, const uint8_t *from, size_t stride, int columns)
{
    (to->limited ? ARGBToI420 : ARGBToJ420)(from, (int)stride, to->data[0], (int)to->stride[0], to->data[1],
                                            (int)to->stride[1], to->data[2], (int)to->stride[2], columns * CELL_SIZE,
                                            CELL_SIZE);
}

static uint8_t mean(const uint8_t *p, size_t stride)
{
    return (uint8_t)((p[0] + p[4] + p[stride] + p[stride + 4] + 2) / 4);
}

/* FOURCC_VYUX: bytes V, Y, U, x. */
static void take_yuv(const struct planes *to, const uint8_t *from, size_t stride, int columns)
{
    for (int y = 0; y < CELL_SIZE; y++)
        for (int x = 0; x < columns * CELL_SIZE; x++)
            to->data[0][(size_t)y * to->stride[0] + (size_t)x] = from[(size_t)y * stride + 4 * (size_t)x + 1];
    for (int y = 0; y < CHROMA; y++)
        for (int x = 0; x < columns * CHROMA; x++) {
            const uint8_t *p = from + 2 * (size_t)y * stride + 8 * (size_t)x;
            to->data[1][(size_t)y * to->stride[1] + (size_t)x] = mean(p + 2, stride);
            to->data[2][(size_t)y * to->stride[2] + (size_t)x] = mean(p, stride);
        }
}

static void take_whole(const struct planes *to, const struct frame *frame, const uint8_t *from, size_t stride,
                       int columns)
{
    if (frame->colour == COLOUR_RGB)
        take_rgb(to, from, stride, columns);
    else
        take_yuv(to, from, stride, columns);
}

static void take_cut(const struct planes *to, const struct frame *frame, const uint8_t *from, int width, int height)
{
    uint8_t cell[CELL_PIXELS * 4];
    for (int y = 0; y < CELL_SIZE; y++) {
        const uint8_t *row = from + (size_t)MIN(y, height - 1) * frame->planes[0].stride;
        uint8_t *line = cell + 4 * CELL_SIZE * (size_t)y;
        memcpy(line, row, 4 * (size_t)width);
        for (int x = width; x < CELL_SIZE; x++)
            memcpy(line + 4 * x, row + 4 * (size_t)(width - 1), 4);
    }
    take_whole(to, frame, cell, sizeof cell / CELL_SIZE, 1);
}

void planes_take_cells(const struct planes *to, const struct frame *frame, int cx, int cy, int columns)
{
    const struct frame_plane *plane = &frame->planes[0];
    const uint8_t *from = plane->data + (size_t)cy * CELL_SIZE * plane->stride + (size_t)cx * CELL_SIZE * 4;
    int height = MIN(CELL_SIZE, frame->height - cy * CELL_SIZE);
    int whole = height < CELL_SIZE ? 0 : MIN(columns, frame->width / CELL_SIZE - cx);
    if (whole > 0)
        take_whole(to, frame, from, plane->stride, whole);
    for (int i = whole; i < columns; i++) {
        struct planes part = behind(to, i);
        take_cut(&part, frame, from + (size_t)i * CELL_SIZE * 4, MIN(CELL_SIZE, frame->width - (cx + i) * CELL_SIZE),
                 height);
    }
}
