/* The framebuffer of truth at the client, as applier and tile decoder see it. No C library here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pixels of four bytes, the last one always 255: R, G, B (what ImageData wants), or on the canvas of a YUV source U, Y,
 * V, so that what is coded is exact in the source's own planes; stride = width * 4 bytes. */
struct update_canvas {
    uint8_t *pixels;
    int width, height;
    uint8_t colour; /* enum colour of video/csc.h: 0 is RGB */
    uint8_t *lossy; /* bool per cell, rows of (width + 15) / 16: the content is not known to the server exactly */
};

static inline int update_cells(int pixels)
{
    return (pixels + 15) / 16;
}

/* Whether the pixel x, y lies in a lossy cell; it must lie on the canvas. */
static inline bool update_is_lossy(const struct update_canvas *canvas, int x, int y)
{
    return canvas->lossy[(size_t)(y / 16) * (size_t)update_cells(canvas->width) + (size_t)(x / 16)];
}
