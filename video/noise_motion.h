/* Part of video/noise.h: how what has changed in a noisy picture has moved. Equal content is never equal bit by bit
 * here, so places are compared by their strong edges, which noise does not reach. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOISE_VECTORS 6 /* at most at a time */

/* A place's content stood at (x + dx, y + dy). */
struct noise_vector {
    int16_t dx, dy;
};

struct noise_motion;

int noise_motion_create(int width, int height, struct noise_motion **ret); /* -ENOMEM */
struct noise_motion *noise_motion_destroy(struct noise_motion *self);      /* NULL allowed; returns NULL */

/* now: a picture that needs to be filled in changed cells only (`changed`: bool per cell); shown: all of it. Both
 * strides in bytes. Gives those that most places speak for first, then those of use
 * lately; at most NOISE_VECTORS. */
unsigned noise_motion_find(struct noise_motion *self, const uint8_t *changed, const uint8_t *now, size_t now_stride,
                           const uint8_t *shown, size_t shown_stride, int contrast, struct noise_vector *ret);

/* How many cells vector i of those found has explained. */
void noise_motion_used(struct noise_motion *self, struct noise_vector vector, unsigned cells);
