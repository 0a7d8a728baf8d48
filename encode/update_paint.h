/* What the ops of an update body do to a canvas, once their numbers have been checked. No C library here. */
#pragma once

#include "encode/update_apply.h"

/* A rectangle on the canvas: in cells and, cut at the canvas's edges, in pixels. */
struct update_area {
    int cx, cy, cw, ch;
    int x, y, w, h;
};

struct update_area update_area(const struct update_canvas *canvas, int cx, int cy, int cw, int ch);

void update_paint_mark(const struct update_canvas *canvas, const struct update_area *area, bool lossy);
void update_paint_solid(const struct update_canvas *canvas, const struct update_area *area, const uint8_t *rgb);

/* Each pixel becomes what stood dx, dy from it; the source lies on the canvas. A cell becomes lossy when any of the
 * cells it came from was. */
void update_paint_copy(const struct update_canvas *canvas, const struct update_area *area, int dx, int dy);

/* One whole cell to and from a slot. */
void update_paint_fill(const struct update_canvas *canvas, const struct update_slots *slots, int cx, int cy,
                       unsigned slot);
void update_paint_show(const struct update_canvas *canvas, const struct update_slots *slots, int cx, int cy,
                       unsigned slot);

/* One cell, from the pixels at ix, iy of a decoded picture that is `width` x `height` pixels. */
void update_paint_image(const struct update_canvas *canvas, const struct update_image *image, int width, int height,
                        int cx, int cy, int ix, int iy);
