#include "encode/tile_encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "encode/tile_rows.h"
#include "encode/tile_runs.h"

struct tile_encoder {
    struct tile_runs *runs;
    bool fast;
    struct range_coder range;
    bool model_ready; /* the first tile that needs it makes it ready */
    struct tile_model model;
    uint32_t around[MODEL_ROOM];
};

int tile_encoder_create(struct tile_encoder **ret)
{
    struct tile_encoder *self = malloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    int r = tile_runs_create(&self->runs);
    if (r < 0) {
        free(self);
        return r;
    }
    self->model_ready = false;
    tile_encoder_begin(self, NULL, 0, false);
    *ret = self;
    return 0;
}

struct tile_encoder *tile_encoder_destroy(struct tile_encoder *self)
{
    if (self) {
        tile_runs_destroy(self->runs);
        free(self);
    }
    return NULL;
}

void tile_encoder_begin(struct tile_encoder *self, uint8_t *room, size_t size, bool fast)
{
    tile_runs_begin(self->runs);
    self->fast = fast;
    self->range = range_coder_writing(room, size);
}

void tile_encoder_fast(struct tile_encoder *self, bool fast)
{
    self->fast = fast;
}

void tile_encoder_reset(struct tile_encoder *self)
{
    self->model_ready = false;
}

size_t tile_encoder_entropy_size(const struct tile_encoder *self)
{
    const struct range_coder *range = &self->range;
    return range_coder_unused(range)
               ? 0
               : range->size + range->even_size + (range->left + RANGE_TAIL + 7) / 8 + (range->even_left + 7) / 8;
}

size_t tile_encoder_end(struct tile_encoder *self)
{
    if (range_coder_unused(&self->range))
        return 0;
    range_coder_flush(&self->range);
    return self->range.size;
}

void wire_write_varint(struct wire_writer *out, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        wire_write_u8(out, (uint8_t)(value | 0x80));
    wire_write_u8(out, (uint8_t)value);
}

enum content {
    CONTENT_DRAWN, /* text, lines, areas: colours and shapes repeat */
    CONTENT_PHOTO, /* neighbours are alike, few are the same */
    CONTENT_NOISE, /* nothing predicts anything */
};

#define SAMPLE_LINES 4 /* every fourth line is looked at */
#define SEEN_SIZE 1024

/* Drawn things repeat the colour beside or above and have few colours in all; in photographs both fail, and in noise
 * even the difference to the neighbour is large. Where that difference is small, photographs repeat colours, too. The
 * limits were found by trial on recordings of desktops and pages. */
static enum content judge_content(const uint32_t *first, int width, int height)
{
    uint32_t seen[SEEN_SIZE]; /* a colour + 1 by hash; a clash counts as a new colour, which is near enough */
    memset(seen, 0, sizeof seen);
    unsigned total = 0, colours = 0, repeats = 0, distance = 0;
    for (int y = 1; y < height; y += SAMPLE_LINES) {
        const uint32_t *p = first + (size_t)y * MODEL_STRIDE;
        for (int x = 1; x < width; x++) {
            repeats += p[x] == p[x - 1] || p[x] == p[x - MODEL_STRIDE];
            if (p[x] == p[x - 1])
                continue;
            distance += (unsigned)spell_distance(p[x], p[x - 1], 8);
            uint32_t *place = &seen[p[x] * 0x9E3779B1u >> 22];
            colours += *place != p[x] + 1;
            *place = p[x] + 1;
        }
        total += (unsigned)width - 1;
    }
    bool smooth = distance < total * 6;
    if (colours * 10 < total * (smooth ? 1 : 3) || repeats * 10 > total * (smooth ? 9 : 6))
        return CONTENT_DRAWN;
    return distance > total * 48 ? CONTENT_NOISE : CONTENT_PHOTO;
}

static uint32_t canvas_pixel(const struct tile_source *s, int x, int y)
{
    if (x < 0 || y < 0 || x >= s->canvas_width || y >= s->canvas_height)
        return 0;
    int cells = (s->canvas_width + UPDATE_CELL - 1) / UPDATE_CELL;
    if (!s->canvas_exact[(size_t)(y / UPDATE_CELL) * (size_t)cells + (size_t)(x / UPDATE_CELL)])
        return 0;
    const uint8_t *p = s->canvas + (size_t)y * s->canvas_stride + 4 * (size_t)x;
    return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* The tile between what stands around it on the canvas now. */
static void load_around(uint32_t *first, const struct tile_source *source)
{
    for (int y = 0; y < source->height; y++)
        for (int x = 0; x < source->width; x++)
            first[y * MODEL_STRIDE + x] = tile_source_pixel(source, x, y);
    for (int y = -2; y < source->height; y++)
        for (int x = -2; x <= source->width; x++) {
            if (y >= 0 && x == 0)
                x = source->width;
            first[y * MODEL_STRIDE + x] = canvas_pixel(source, source->x + x, source->y + y);
        }
}

static void encode_modelled(struct tile_encoder *self, const struct tile_source *source, uint32_t *first, bool photo)
{
    if (photo)
        model_tile(&self->model, &self->range, first, source->width, source->height, true, source->colour != 0, true);
    else
        model_tile(&self->model, &self->range, first, source->width, source->height, false, source->colour != 0, true);
}

void tile_encode(struct tile_encoder *self, struct wire_writer *out, struct cell_rect cells,
                 const struct tile_source *source)
{
    uint32_t *first = self->around + 2 * MODEL_STRIDE + 2;
    struct model_place place = {.x = (uint32_t)cells.x,
                                .y = (uint32_t)cells.y,
                                .w = (uint32_t)cells.w,
                                .h = (uint32_t)cells.h,
                                .mode = TILE_CONTEXT};
    if (!self->model_ready)
        tile_model_init(&self->model);
    self->model_ready = true;
    load_around(first, source);
    enum content content = self->fast ? CONTENT_NOISE : judge_content(first, source->width, source->height);
    if (content == CONTENT_NOISE)
        place.mode = tile_runs_encode(self->runs, out, source);
    else if (content == CONTENT_PHOTO)
        place.mode = TILE_PHOTO;
    model_place(&self->model.head, &self->range, &place, true);
    if (content != CONTENT_NOISE)
        encode_modelled(self, source, first, content == CONTENT_PHOTO);
}
