/* Cells of a picture as planes of a video frame, chroma of half size each way: RGB becomes BT.601 in full or limited
 * range, a YUV source's own values are kept, chroma as the mean of four. */
#pragma once

#include "encode/picture.h"

struct planes {
    uint8_t *data[3]; /* of what the first cell becomes */
    size_t stride[3];
    bool limited; /* RGB becomes that: what every player takes for granted */
};

/* `columns` cells beside each other from cx, cy on, the first of them going to `to`. What the picture's edges cut off
 * repeats the last pixels. */
void planes_take_cells(const struct planes *to, const struct frame *frame, int cx, int cy, int columns);
