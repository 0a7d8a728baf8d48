/* Part of video/noise.c and video/noise_change.c: what is known of each cell, and one cell under the eye. */
#pragma once

#include "video/noise.h"
#include "video/noise_measure.h"
#include "video/noise_motion.h"

#define NOISE_LINE (CELL_SIZE * 4) /* bytes */
#define NOISE_BINS 256
#define NOISE_MAX_VARIANCE 36.0f /* a worse source is beyond help, and must not have real changes swallowed */
#define NOISE_OUTLIERS_CLEAR 3   /* pixels: so many make a change clear */

struct noise_state {
    float variance;    /* of one byte from capture to capture */
    uint8_t captures;  /* in the average; 0: it has been shown */
    uint8_t suspected; /* captures in a row that differ, but not clearly */
    bool confirmed;    /* what is shown was seen in two captures, at least */
    bool has_before;
};

struct noise {
    const struct noise_ops *ops;
    int width, height, cells_x;
    bool surveyed;
    float typical; /* variance of the whole picture at the survey, then of its still cells */
    uint32_t bins[NOISE_BINS];
    uint32_t n_bins;
    struct noise_state *states;
    uint16_t *sums;            /* of the bytes of each cell's captures, CELL_PIXELS * 4 for a cell */
    struct noise_state *old;   /* the states when what is shown now was shown */
    struct cell_block *before; /* per cell: what was shown at rest before */

    struct noise_motion *motion;
    struct noise_vector vectors[NOISE_VECTORS]; /* for the capture at hand */
    unsigned used[NOISE_VECTORS];               /* cells that each explained */
    unsigned n_vectors, likely;                 /* likely: that of the cell before */
};

/* A cell against something that it may still be. */
struct noise_look {
    struct noise *noise;
    struct noise_state *state;
    uint16_t *sums;
    const struct noise_cell *cell;
    const uint8_t *base; /* what it is held against: at first what is shown */
    size_t base_stride;
    int base_left, base_right; /* pixels that lie beside the base's cell */
    int width, height, limit;
    float variance; /* of the difference between capture and base */
    struct noise_measure m;
};

struct noise_finding {
    uint32_t shifted; /* lines that are the base, moved by a pixel */
    int outliers;     /* pixels beyond the limit on other lines */
};

uint32_t noise_cells(const struct noise *self);

struct noise_look noise_look_at(struct noise *self, const struct noise_cell *cell);

/* The variance of what is shown of a cell. */
float noise_shown_variance(const struct noise_state *state);

/* Sets variance and limit. */
void noise_look_expect(struct noise_look *l, float base_variance);

void noise_look_measure(struct noise_look *l);
bool noise_look_is_still(const struct noise_look *l);

/* Ends early once there are `enough` outliers. */
struct noise_finding noise_look_find(const struct noise_look *l, int enough);

/* Lines on which a move by a pixel would be seen. */
uint32_t noise_look_detailed(const struct noise_look *l);

void noise_average_begin(struct noise_look *l, const uint8_t *bytes);
