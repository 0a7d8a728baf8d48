/* What the test card shows, as a pure function of its size and number. */
#pragma once

#include <stddef.h>

#include "video/rect.h"

struct testcard_canvas {
    uint8_t *pixels; /* BGRX */
    size_t stride;   /* bytes */
    int width, height;
};

/* The parts in which the pictures of one size differ. */
enum { TESTCARD_PARTS = 3 };
void testcard_parts(int width, int height, uint32_t number, struct rect ret[TESTCARD_PARTS]);

void testcard_draw_all(const struct testcard_canvas *canvas, uint32_t number);

/* Turns picture `before` into picture `number`; touches only the parts of both. */
void testcard_draw_step(const struct testcard_canvas *canvas, uint32_t before, uint32_t number);
