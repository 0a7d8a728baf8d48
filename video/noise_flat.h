/* Part of video/noise.h: makes flat areas even. */
#pragma once

#include "video/cell_row.h"

/* Sets pixels (16 lines of 64 bytes, of which width x height are there) that lie around a colour that many of them have
 * to that colour, where they spread no wider than noise of this variance would. */
void noise_flatten(struct cell_block *pixels, int width, int height, float variance);
