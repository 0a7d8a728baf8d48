#include "encode/tile_decode.h"

#include "encode/tile_rows.h"

void tile_decoder_reset(struct tile_decoder *self)
{
    self->model_ready = false;
}

void tile_decoder_begin(struct tile_decoder *self, const uint8_t *entropy, size_t size)
{
    for (unsigned i = 0; i < TILE_CACHE; i++)
        self->cache[i][0] = self->cache[i][1] = self->cache[i][2] = 0;
    self->cache_next = 0;
    self->range_ready = false;
    self->range = (struct range_coder){.in = entropy, .in_size = size};
}

bool tile_decoder_complete(const struct tile_decoder *self)
{
    return self->range_ready ? range_coder_complete(&self->range) : self->range.in_size == 0;
}

uint32_t wire_read_varint(struct wire_reader *in)
{
    uint32_t value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
        uint8_t byte = wire_read_u8(in);
        value |= (uint32_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return value;
    }
    in->bad = true;
    return 0;
}

/* Colours travel in words as the canvas has them: R in the lowest byte, 255 in the highest. */
static uint32_t colour_word(const uint8_t *rgb)
{
    return (uint32_t)rgb[0] | (uint32_t)rgb[1] << 8 | (uint32_t)rgb[2] << 16 | 0xFF000000u;
}

static bool read_palette(struct tile_decoder *self, struct wire_reader *in, unsigned bits, uint32_t *palette)
{
    unsigned count = wire_read_u8(in) + 1u;
    if (count > 1u << bits)
        return false;
    for (unsigned i = 0; i < count; i++) {
        unsigned place = wire_read_u8(in);
        if (place == TILE_CACHE_NEW) {
            const uint8_t *rgb = wire_read_bytes(in, 3);
            if (!rgb)
                return false;
            place = self->cache_next;
            self->cache_next = (place + 1) % TILE_CACHE;
            for (int k = 0; k < 3; k++)
                self->cache[place][k] = rgb[k];
        }
        palette[i] = colour_word(self->cache[place]);
    }
    for (unsigned i = count; i < 1u << bits; i++)
        palette[i] = 0xFF000000u; /* an index without a colour is black */
    return !in->bad;
}

static bool read_literal(struct wire_reader *in, unsigned bits, uint32_t *values, size_t count)
{
    const uint8_t *p = wire_read_bytes(in, (count * bits + 7) / 8);
    if (!p)
        return false;
    if (bits == 24) {
        for (size_t i = 0; i < count; i++)
            values[i] = colour_word(p + 3 * i);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        values[i] = p[i * bits / 8] >> (i * bits % 8) & ((1u << bits) - 1);
    return true;
}

static uint32_t read_value(struct wire_reader *in, unsigned bits)
{
    if (bits < 24)
        return wire_read_u8(in) & ((1u << bits) - 1);
    const uint8_t *rgb = wire_read_bytes(in, 3);
    return rgb ? colour_word(rgb) : 0;
}

static void fill_values(uint32_t *values, size_t count, uint32_t value)
{
    for (size_t i = 0; i < count; i++)
        values[i] = value;
}

/* Fills self->values: indices, or words where bits is 24. Above the first row and before the first value stands 0. */
static bool read_runs(struct tile_decoder *self, struct wire_reader *in, unsigned bits, size_t width, size_t total)
{
    uint32_t none = bits == 24 ? 0xFF000000u : 0;
    for (size_t at = 0; at < total;) {
        unsigned head = wire_read_u8(in);
        size_t count = (head & TILE_RUN_LONG) + 1u;
        if ((head & TILE_RUN_LONG) == TILE_RUN_LONG)
            count += wire_read_varint(in);
        if (in->bad || count > total - at)
            return false;
        uint32_t *values = self->values + at;
        switch ((enum tile_run)(head >> 6)) {
        case TILE_LITERAL:
            if (!read_literal(in, bits, values, count))
                return false;
            break;
        case TILE_REPEAT:
            fill_values(values, count, at > 0 ? values[-1] : none);
            break;
        case TILE_ABOVE:
            for (size_t i = 0; i < count; i++)
                values[i] = at + i >= width ? self->values[at + i - width] : none;
            break;
        case TILE_FILL:
            fill_values(values, count, read_value(in, bits));
            break;
        }
        at += count;
    }
    return !in->bad;
}

static void put_word(uint8_t *rgba, uint32_t word)
{
    rgba[0] = (uint8_t)word;
    rgba[1] = (uint8_t)(word >> 8);
    rgba[2] = (uint8_t)(word >> 16);
    rgba[3] = (uint8_t)(word >> 24);
}

static uint8_t *canvas_at(const struct update_canvas *canvas, int x, int y)
{
    return canvas->pixels + 4 * ((size_t)y * (size_t)canvas->width + (size_t)x);
}

static uint32_t colour_of(const uint8_t *rgba)
{
    return (uint32_t)rgba[0] << 16 | (uint32_t)rgba[1] << 8 | rgba[2];
}

static bool is_known(const struct update_canvas *canvas, int x, int y)
{
    return x >= 0 && y >= 0 && x < canvas->width && y < canvas->height && !update_is_lossy(canvas, x, y);
}

/* The pixels around the tile, as the canvas has them now. */
static void load_around(uint32_t *first, const struct update_canvas *canvas, int x, int y, int width, int height)
{
    for (int j = -2; j < 0; j++)
        for (int i = -2; i <= width; i++)
            first[j * MODEL_STRIDE + i] =
                is_known(canvas, x + i, y + j) ? colour_of(canvas_at(canvas, x + i, y + j)) : 0;
    bool west = false, east = false;
    for (int j = 0; j < height; j++) {
        if (j % UPDATE_CELL == 0) { /* tiles begin where cells do, and those are known as a whole */
            west = is_known(canvas, x - 1, y + j);
            east = is_known(canvas, x + width, y + j);
        }
        uint32_t *row = first + j * MODEL_STRIDE;
        row[-2] = west ? colour_of(canvas_at(canvas, x - 2, y + j)) : 0;
        row[-1] = west ? colour_of(canvas_at(canvas, x - 1, y + j)) : 0;
        row[width] = east ? colour_of(canvas_at(canvas, x + width, y + j)) : 0;
    }
}

static void put_row(uint8_t *rgba, const uint32_t *colours, int width)
{
    int i = 0;
    /* As vectors, which compilers do not find in what put_word does. */
    for (; __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && i + 4 <= width; i += 4) {
        model_lanes c = model_load(colours + i);
        model_store((uint32_t *)(void *)(rgba + 4 * i), c >> 16 | (c & 0xFF00) | (c & 0xFF) << 16 | 0xFF000000u);
    }
    for (; i < width; i++)
        put_word(rgba + 4 * i, colours[i] >> 16 | (colours[i] & 0xFF00) | (colours[i] & 0xFF) << 16 | 0xFF000000u);
}

void tile_decode_place(struct tile_decoder *self, struct model_place *ret)
{
    if (!self->model_ready)
        tile_model_init(&self->model);
    self->model_ready = true;
    if (!self->range_ready)
        self->range = range_coder_reading(self->range.in, self->range.in_size);
    self->range_ready = true;
    *ret = (struct model_place){.w = 1, .h = 1};
    model_place(&self->model.head, &self->range, ret, false);
}

static void decode_modelled(struct tile_decoder *self, bool photo, struct update_canvas *canvas, int x, int y,
                            int width, int height)
{
    uint32_t *first = self->values + 2 * MODEL_STRIDE + 2;
    bool yuv = canvas->colour != 0;
    load_around(first, canvas, x, y, width, height);
    if (photo)
        model_tile(&self->model, &self->range, first, width, height, true, yuv, false);
    else
        model_tile(&self->model, &self->range, first, width, height, false, yuv, false);
    for (int j = 0; j < height; j++)
        put_row(canvas_at(canvas, x, y + j), first + j * MODEL_STRIDE, width);
}

bool tile_decode(struct tile_decoder *self, struct wire_reader *in, unsigned mode, struct update_canvas *canvas, int x,
                 int y, int width, int height)
{
    static const uint8_t mode_bits[] = {24, 1, 2, 4, 8};
    if (mode == TILE_CONTEXT || mode == TILE_PHOTO) {
        decode_modelled(self, mode == TILE_PHOTO, canvas, x, y, width, height);
        return range_coder_read(&self->range) <= self->range.in_size;
    }
    if (mode >= sizeof mode_bits)
        return false;
    unsigned bits = mode_bits[mode];
    uint32_t palette[256];
    if (bits < 24 && !read_palette(self, in, bits, palette))
        return false;
    if (!read_runs(self, in, bits, (size_t)width, (size_t)width * (size_t)height))
        return false;
    const uint32_t *value = self->values;
    for (int j = 0; j < height; j++)
        for (int i = 0; i < width; i++, value++)
            put_word(canvas_at(canvas, x + i, y + j), bits < 24 ? palette[*value] : *value);
    return true;
}
