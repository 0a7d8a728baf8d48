#include "encode/tile_runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"

#define COLOURS_MAX 256
#define HASH_SIZE 1024 /* well over COLOURS_MAX, so that probing stays short */

/* Colours that the body's tiles have named, as the decoder keeps them. */
struct cache_table {
    uint32_t colour[TILE_CACHE];
    unsigned next, used;
};

struct step {
    uint8_t kind;    /* enum tile_run */
    uint16_t length; /* of the run that ends here, once turned round of the one that begins */
};

struct tile_runs {
    struct cache_table cache;
    uint32_t pixels[UPDATE_TILE_PIXELS]; /* 0x00RRGGBB */
    uint32_t values[UPDATE_TILE_PIXELS]; /* palette indices */
    uint32_t colours[COLOURS_MAX];
    unsigned n_colours;
    uint32_t table_colour[HASH_SIZE];
    int16_t table_index[HASH_SIZE];
    uint16_t repeat[UPDATE_TILE_PIXELS + 1]; /* how many values from here equal the one before this */
    uint16_t above[UPDATE_TILE_PIXELS + 1];  /* ... equal those above them */
    uint32_t cost[UPDATE_TILE_PIXELS + 1];   /* bits to get here at best */
    struct step step[UPDATE_TILE_PIXELS + 1];
};

int tile_runs_create(struct tile_runs **ret)
{
    struct tile_runs *self = malloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    tile_runs_begin(self);
    *ret = self;
    return 0;
}

struct tile_runs *tile_runs_destroy(struct tile_runs *self)
{
    free(self);
    return NULL;
}

void tile_runs_begin(struct tile_runs *self)
{
    self->cache.next = self->cache.used = 0;
}

static void take_pixels(struct tile_runs *self, const struct tile_source *source)
{
    uint32_t *to = self->pixels;
    for (int y = 0; y < source->height; y++)
        for (int x = 0; x < source->width; x++)
            *to++ = tile_source_pixel(source, x, y);
}

/* The place of a colour in the table: where it stands or where it belongs. */
static unsigned table_find(const struct tile_runs *self, uint32_t colour)
{
    unsigned at = (colour * 0x9E3779B1u) >> 22;
    while (self->table_index[at] >= 0 && self->table_colour[at] != colour)
        at = (at + 1) % HASH_SIZE;
    return at;
}

/* Indices for up to 256 colours in order of appearance. False: there are more. */
static bool take_colours(struct tile_runs *self, size_t total)
{
    memset(self->table_index, -1, sizeof self->table_index);
    self->n_colours = 0;
    uint32_t last = 0, last_index = 0;
    for (size_t i = 0; i < total; i++) {
        uint32_t colour = self->pixels[i];
        if (i == 0 || colour != last) {
            unsigned at = table_find(self, colour);
            if (self->table_index[at] < 0) {
                if (self->n_colours == COLOURS_MAX)
                    return false;
                self->table_colour[at] = colour;
                self->table_index[at] = (int16_t)self->n_colours;
                self->colours[self->n_colours++] = colour;
            }
            last = colour;
            last_index = (uint32_t)self->table_index[at];
        }
        self->values[i] = last_index;
    }
    return true;
}

static unsigned cache_place(struct cache_table *cache, uint32_t colour)
{
    for (unsigned i = 0; i < cache->used; i++)
        if (cache->colour[i] == colour)
            return i;
    return TILE_CACHE_NEW;
}

static void cache_add(struct cache_table *cache, uint32_t colour)
{
    cache->colour[cache->next] = colour;
    cache->next = (cache->next + 1) % TILE_CACHE;
    cache->used = MAX(cache->used, cache->next);
    if (cache->next == 0)
        cache->used = TILE_CACHE;
}

static void write_colour(struct wire_writer *out, uint32_t colour)
{
    wire_write_u8(out, (uint8_t)(colour >> 16));
    wire_write_u8(out, (uint8_t)(colour >> 8));
    wire_write_u8(out, (uint8_t)colour);
}

static void write_palette(struct tile_runs *self, struct wire_writer *out)
{
    wire_write_u8(out, (uint8_t)(self->n_colours - 1));
    for (unsigned i = 0; i < self->n_colours; i++) {
        unsigned place = cache_place(&self->cache, self->colours[i]);
        wire_write_u8(out, (uint8_t)place);
        if (place == TILE_CACHE_NEW) {
            cache_add(&self->cache, self->colours[i]);
            write_colour(out, self->colours[i]);
        }
    }
}

static void measure_runs(struct tile_runs *self, const uint32_t *values, size_t width, size_t total, uint32_t none)
{
    self->repeat[total] = self->above[total] = 0;
    for (size_t i = total; i-- > 0;) {
        bool left = values[i] == (i > 0 ? values[i - 1] : none);
        bool up = values[i] == (i >= width ? values[i - width] : none);
        self->repeat[i] = left ? (uint16_t)(self->repeat[i + 1] + 1) : 0;
        self->above[i] = up ? (uint16_t)(self->above[i + 1] + 1) : 0;
    }
}

static void offer(struct tile_runs *self, size_t to, uint32_t cost, enum tile_run kind, size_t length)
{
    if (cost < self->cost[to]) {
        self->cost[to] = cost;
        self->step[to] = (struct step){.kind = (uint8_t)kind, .length = (uint16_t)length};
    }
}

static uint32_t head_cost(size_t length)
{
    return length > TILE_RUN_LONG ? (length > TILE_RUN_LONG + 128 ? 24 : 16) : 8;
}

/* The cheapest chain of runs: from every place that can be reached, the longest run of each kind (a shorter one is
 * never better, because a run may also start in the middle of another), or a literal that grows value by value. */
static void choose_runs(struct tile_runs *self, unsigned bits, size_t total)
{
    for (size_t i = 0; i <= total; i++)
        self->cost[i] = UINT32_MAX;
    self->cost[0] = 0;
    uint32_t literal = UINT32_MAX - 1024; /* cost with a literal open here */
    size_t open = 0;                      /* its length */
    for (size_t i = 0; i < total; i++) {
        if (literal < self->cost[i]) {
            self->cost[i] = literal;
            self->step[i] = (struct step){.kind = TILE_LITERAL, .length = (uint16_t)open};
        }
        uint32_t here = self->cost[i];
        size_t n = self->repeat[i];
        if (n > 0)
            offer(self, i + n, here + head_cost(n), TILE_REPEAT, n);
        n = self->above[i];
        if (n > 0)
            offer(self, i + n, here + head_cost(n), TILE_ABOVE, n);
        n = self->repeat[i + 1] + 1u;
        offer(self, i + n, here + head_cost(n) + (bits < 24 ? 8 : 24), TILE_FILL, n);
        if (here + 8 < literal) {
            literal = here + 8;
            open = 0;
        }
        literal += bits;
        open++;
    }
    if (literal < self->cost[total]) {
        self->cost[total] = literal;
        self->step[total] = (struct step){.kind = TILE_LITERAL, .length = (uint16_t)open};
    }
}

static void write_literal(struct wire_writer *out, const uint32_t *values, unsigned bits, size_t count)
{
    if (bits == 24) {
        for (size_t i = 0; i < count; i++)
            write_colour(out, values[i]);
        return;
    }
    unsigned byte = 0, used = 0;
    for (size_t i = 0; i < count; i++) {
        byte |= values[i] << used;
        used += bits;
        if (used == 8) {
            wire_write_u8(out, (uint8_t)byte);
            byte = used = 0;
        }
    }
    if (used)
        wire_write_u8(out, (uint8_t)byte);
}

static void write_run(struct wire_writer *out, struct step step, const uint32_t *values, unsigned bits)
{
    unsigned length = step.length;
    wire_write_u8(out, (uint8_t)(step.kind << 6 | MIN(length - 1, TILE_RUN_LONG)));
    if (length > TILE_RUN_LONG)
        wire_write_varint(out, length - 1 - TILE_RUN_LONG);
    if (step.kind == TILE_LITERAL)
        write_literal(out, values, bits, length);
    else if (step.kind == TILE_FILL && bits < 24)
        wire_write_u8(out, (uint8_t)values[0]);
    else if (step.kind == TILE_FILL)
        write_colour(out, values[0]);
}

/* The chosen chain is known from its end; it is turned round in place, each step moving to where its run begins. */
static void write_runs(struct tile_runs *self, struct wire_writer *out, const uint32_t *values, unsigned bits,
                       size_t total)
{
    struct step carried = self->step[total];
    for (size_t at = total; at > 0;) {
        size_t start = at - carried.length;
        struct step before = self->step[start];
        self->step[start] = carried;
        carried = before;
        at = start;
    }
    for (size_t at = 0; at < total; at += self->step[at].length)
        write_run(out, self->step[at], values + at, bits);
}

unsigned tile_runs_encode(struct tile_runs *self, struct wire_writer *out, const struct tile_source *source)
{
    size_t width = (size_t)source->width, total = width * (size_t)source->height;
    unsigned bits = 24, mode = TILE_RAW;
    const uint32_t *values = self->pixels;
    take_pixels(self, source);
    if (take_colours(self, total)) {
        unsigned log = self->n_colours <= 2 ? 0 : self->n_colours <= 4 ? 1 : self->n_colours <= 16 ? 2 : 3;
        bits = 1u << log;
        mode = TILE_PALETTE_1 + log;
        values = self->values;
        write_palette(self, out);
    }
    measure_runs(self, values, width, total, 0);
    choose_runs(self, bits, total);
    write_runs(self, out, values, bits, total);
    return mode;
}
