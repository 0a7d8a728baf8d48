#include "encode/film.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encode/planes.h"
#include "encode/vpx.h"
#include "video/csc.h"

/* Text is readable, and nobody sees a difference, at the finer one; the coarser is for what moves and moves on, and is
 * made better when it rests. */
#define BEST_QUANTIZER 12
#define WORST_QUANTIZER 44
#define COARSE_QUANTIZER 18
#define RATE (600 * 1000)       /* bytes/s that motion without end may take */
#define PURSE (3 * 1000 * 1000) /* bytes that may be spent at once; below half of it quantizers become coarser */
#define NO_RATE                                                                                                        \
    (5 * 1000 * 1000) /* the library shall not be coarser than it is told; at 25 MB/s a number overflows in it */

struct film {
    struct vpx_encoder *encoder; /* NULL: before the first picture */
    int width, height, cells;
    uint8_t colour;      /* of the pictures */
    uint32_t generation; /* of the last picture coded */
    bool coarse;
    uint8_t *active; /* a byte a cell */

    int64_t purse; /* bytes */
    uint64_t paid_us;
};

int film_create(struct film **ret)
{
    struct film *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->purse = PURSE;
    *ret = self;
    return 0;
}

struct film *film_destroy(struct film *self)
{
    if (self) {
        vpx_encoder_destroy(self->encoder);
        free(self->active);
        free(self);
    }
    return NULL;
}

static uint8_t coded_colour(const struct film *self)
{
    return self->colour == COLOUR_RGB ? COLOUR_BT601_LIMITED : self->colour;
}

static bool fits(const struct film *self, const struct picture *picture)
{
    const struct frame *frame = picture->frame;
    return self->encoder && frame->width == self->width && frame->height == self->height &&
           frame->colour == self->colour;
}

static int begin_stream(struct film *self, const struct picture *picture)
{
    const struct frame *frame = picture->frame;
    self->encoder = vpx_encoder_destroy(self->encoder);
    free(self->active);
    self->cells = picture->cells_x * picture->cells_y;
    self->active = calloc((size_t)self->cells, 1);
    self->width = frame->width;
    self->height = frame->height;
    self->colour = frame->colour;
    const struct vpx_screen screen = {
        .width = frame->width, .height = frame->height, .colour = coded_colour(self), .worst = WORST_QUANTIZER};
    return self->active ? vpx_encoder_create_screen(&screen, &self->encoder) : -ENOMEM;
}

/* Cells that changed after the last picture coded, or all; how many. */
static int mark_changed(struct film *self, const struct picture *picture, bool all)
{
    int n = 0;
    for (int i = 0; i < self->cells; i++) {
        self->active[i] = all || (int32_t)(picture->changed_in[i] - self->generation) > 0;
        n += self->active[i];
    }
    return n;
}

static void take_cells(struct film *self, const struct picture *picture)
{
    struct planes whole = {.limited = true};
    for (int i = 0; i < 3; i++)
        whole.data[i] = vpx_encoder_plane(self->encoder, i, &whole.stride[i]);
    for (int cy = 0; cy < picture->cells_y; cy++) {
        const uint8_t *row = self->active + (size_t)cy * (size_t)picture->cells_x;
        for (int cx = 0, end; cx < picture->cells_x; cx = end) {
            for (end = cx + 1; end < picture->cells_x && row[end] == row[cx]; end++)
                ;
            struct planes part = whole;
            for (int i = 0; i < 3; i++) {
                const size_t side = i ? CELL_SIZE / 2 : CELL_SIZE;
                part.data[i] += (size_t)cy * side * whole.stride[i] + (size_t)cx * side;
            }
            if (row[cx])
                planes_take_cells(&part, picture->frame, cx, cy, end - cx);
        }
    }
}

/* By what was spent lately. */
static unsigned choose_quantizer(struct film *self, uint64_t now_us)
{
    const uint64_t since = self->paid_us ? MIN(now_us - self->paid_us, (uint64_t)PURSE * 1000000 / RATE) : 0;
    self->purse = MIN(self->purse + (int64_t)(since * RATE / 1000000), (int64_t)PURSE);
    self->paid_us = now_us;
    const int64_t missing = MAX(PURSE / 2 - MAX(self->purse, (int64_t)0), (int64_t)0);
    return (unsigned)(BEST_QUANTIZER + missing * (WORST_QUANTIZER - BEST_QUANTIZER) / (PURSE / 2));
}

int film_encode(struct film *self, const struct picture *picture, uint64_t now_us, bool key, struct film_frame *ret)
{
    const bool resized = !fits(self, picture);
    if (resized) {
        int r = begin_stream(self, picture);
        if (r < 0)
            return r;
    }
    const int changed = mark_changed(self, picture, resized);
    if (!changed && !key && !self->coarse)
        return 1;
    take_cells(self, picture);
    struct film_frame frame = {.key = key || resized,
                               .resized = resized,
                               .width = self->width,
                               .height = self->height,
                               .colour = coded_colour(self),
                               .changed = (unsigned)((int64_t)changed * 1000 / self->cells)};
    const struct vpx_ask ask = {.key = frame.key,
                                .now_us = now_us,
                                .rate = NO_RATE,
                                .best = choose_quantizer(self, now_us),
                                .active = changed && !self->coarse ? self->active : NULL};
    int r = vpx_encoder_encode(self->encoder, &ask, &frame.bytes, &frame.size);
    if (r < 0)
        return r;
    self->purse -= (int64_t)frame.size;
    self->generation = picture->generation;
    /* what was coded finely is left as it is; one more frame of what was not, and no third */
    const bool again = self->coarse && !changed;
    self->coarse = !again && ask.best > COARSE_QUANTIZER;
    frame.coarse = self->coarse;
    *ret = frame;
    return 0;
}
