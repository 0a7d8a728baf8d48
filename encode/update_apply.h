/* Applies an update body (docs/update-format.md) to a framebuffer. Used by native tests and, compiled to freestanding
 * WASM, by the page: no C library here. The body is hostile: any bytes give a result or false, never a write outside.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RGBA bytes in memory order R,G,B,255 (what ImageData wants), stride = width * 4 bytes. */
struct update_canvas {
    uint8_t *pixels;
    int width, height;
};

#define UPDATE_MAX_DIRTY 256

/* Rectangles in pixels that an update painted: x, y, w, h. When more would be needed they are merged. */
struct update_dirty {
    uint32_t count;
    struct {
        uint16_t x, y, w, h;
    } rects[UPDATE_MAX_DIRTY];
};

/* False: the body is malformed; the canvas may be partly painted, but only inside itself. */
bool update_apply(struct update_canvas *canvas, const uint8_t *body, size_t size, struct update_dirty *dirty);
