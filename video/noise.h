/* Analogue sources: no two captures of a still picture are alike. This decides cell by cell what has really changed,
 * and averages what has not, so that still content is shown once, cleaner than any single capture of it.
 *
 * Every cell estimates its own noise. A clear difference from what is shown is shown at once. One that may be noise
 * (few bytes beyond the limit, a cell that is a little brighter) has to be there in two captures; lines that look like
 * what is shown moved sideways by one pixel, as a bad horizontal sync gives, in three unless all of the cell moved.
 * What has moved, or comes back to where it stood, is shown again as it was shown, bit by bit, so that it need not be
 * sent again.
 *
 * What is shown is fixed, never a running average, so that a slow fade leaves it and is followed. A cell that stays
 * still is shown once more, averaged and with the colours of its flat areas made even again.
 *
 * Pure; one thread. */
#pragma once

#include <stdbool.h>

#include "video/cell_row.h"

struct noise;

int noise_create(int width, int height, struct noise **ret); /* -ENOMEM */
struct noise *noise_destroy(struct noise *self);             /* NULL allowed; returns NULL */

/* Packed pixels of one cell in the newest capture, lines of 64 bytes, 0 where a cut cell has none; and of what is shown
 * now: a place in a whole picture whose lines are padded with 0 to whole cells. */
struct noise_cell {
    int cx, cy;
    const struct cell_block *now;
    const uint8_t *shown;
    size_t stride; /* bytes */
};

/* Nothing is shown yet: begins with this. */
void noise_first(struct noise *self, const struct noise_cell *cell);

/* While true, before the cells of a capture are judged: each of them is to be surveyed, which gives the first estimate
 * of the noise. */
bool noise_wants_survey(const struct noise *self);
void noise_survey(struct noise *self, const struct noise_cell *cell);
void noise_survey_end(struct noise *self);

enum noise_verdict {
    NOISE_SAME,
    NOISE_CLEANER, /* the cell is to be shown as *ret from now on */
    NOISE_CHANGED, /* it shows something else: for noise_change */
};
enum noise_verdict noise_judge(struct noise *self, const struct noise_cell *cell, struct cell_block *ret);

/* Between judging the cells of a capture and noise_change of those that changed: finds out how they have moved.
 * changed: bool per cell; now: a picture in which at least those are filled in; shown: that of the cells. Strides in
 * bytes. */
void noise_seek(struct noise *self, const uint8_t *changed, const uint8_t *now, size_t now_stride, const uint8_t *shown,
                size_t shown_stride);

/* The changed cell is to be shown as *ret from now on: what is known already and has moved there, or has been there
 * before, exactly as it has been shown, and the rest as captured. */
void noise_change(struct noise *self, const struct noise_cell *cell, struct cell_block *ret);

/* All cells of a capture have been judged and changed. */
void noise_end(struct noise *self);
