#include "encode/tile_encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "encode/tile_model.h"
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

void tile_encoder_reset(struct tile_encoder *self)
{
    self->model_ready = false;
}

size_t tile_encoder_entropy_size(const struct tile_encoder *self)
{
    return range_coder_unused(&self->range) ? 0 : self->range.size + self->range.pending + 5;
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
#define SEEN_SIZE 4096

/* Drawn things repeat the colour beside or above and have few colours in all; in photographs both fail, and in noise
 * even the difference to the neighbour is large. The limits were found by trial on recordings of desktops and pages. */
static enum content judge_content(const struct tile_source *source)
{
    uint32_t seen[SEEN_SIZE]; /* a colour + 1 by hash; a clash counts as a new colour, which is near enough */
    memset(seen, 0, sizeof seen);
    unsigned total = 0, colours = 0, repeats = 0, distance = 0;
    for (int y = 1; y < source->height; y += SAMPLE_LINES) {
        for (int x = 1; x < source->width; x++) {
            uint32_t colour = tile_source_pixel(source, x, y), left = tile_source_pixel(source, x - 1, y);
            repeats += colour == left || colour == tile_source_pixel(source, x, y - 1);
            distance += (unsigned)abs((int)(colour >> 8 & 255) - (int)(left >> 8 & 255));
            uint32_t *place = &seen[colour * 0x9E3779B1u >> 20];
            colours += *place != colour + 1;
            *place = colour + 1;
            total++;
        }
    }
    if (colours * 10 < total * 3 || repeats * 10 > total * 6)
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
    for (int y = -2; y < source->height; y++) {
        uint32_t *line = first + y * MODEL_STRIDE;
        for (int x = y < 0 ? -2 : 0; y >= 0 && x < source->width; x++)
            line[x] = tile_source_pixel(source, x, y);
        for (int x = -2; x <= source->width; x++)
            if (y < 0 || x < 0 || x == source->width)
                line[x] = canvas_pixel(source, source->x + x, source->y + y);
    }
}

static void encode_modelled(struct tile_encoder *self, const struct tile_source *source, bool photo)
{
    if (!self->model_ready)
        tile_model_init(&self->model);
    self->model_ready = true;
    uint32_t *first = self->around + 2 * MODEL_STRIDE + 2;
    load_around(first, source);
    if (photo)
        model_tile(&self->model, &self->range, first, source->width, source->height, true, true);
    else
        model_tile(&self->model, &self->range, first, source->width, source->height, false, true);
}

unsigned tile_encode(struct tile_encoder *self, struct wire_writer *out, const struct tile_source *source)
{
    enum content content = judge_content(source);
    if (self->fast || content == CONTENT_NOISE)
        return tile_runs_encode(self->runs, out, source);
    encode_modelled(self, source, content == CONTENT_PHOTO);
    return content == CONTENT_PHOTO ? TILE_PHOTO : TILE_CONTEXT;
}
