/* The test card in other formats than BGRX: drawn once in BGRX, and converted where it changed. */
#pragma once

#include "capture/testcard_draw.h"
#include "video/frame.h"

struct testcard_original;

int testcard_original_create(int width, int height, struct testcard_original **ret);
struct testcard_original *testcard_original_destroy(struct testcard_original *self); /* NULL allowed; returns NULL */

void testcard_original_draw(struct testcard_original *self, uint32_t number);

/* Turns pixels, which are the frame's planes and hold picture `before` (0: nothing), into the original. Pixels that
 * share their chroma get that of the first of them. */
void testcard_convert(const struct testcard_original *self, const struct frame *frame, uint8_t *pixels,
                      uint32_t before);

/* The rectangle grown to pixels with even numbers, which share no chroma with others. */
struct rect testcard_even(struct rect r);
