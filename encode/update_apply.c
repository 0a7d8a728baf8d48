#include "encode/update_apply.h"

#include "encode/tile_decode.h"

/* A rectangle in pixels, inside the canvas. */
struct area {
    int x, y, w, h;
};

struct apply {
    struct update_canvas *canvas;
    struct update_dirty *dirty;
    struct wire_reader in;
    struct tile_decoder tiles;
    uint64_t paint_left; /* pixels */
};

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

static int64_t join_area(struct area a, struct area b, struct area *ret)
{
    ret->x = min_int(a.x, b.x);
    ret->y = min_int(a.y, b.y);
    ret->w = max_int(a.x + a.w, b.x + b.w) - ret->x;
    ret->h = max_int(a.y + a.h, b.y + b.h) - ret->y;
    return (int64_t)ret->w * ret->h - (int64_t)a.w * a.h - (int64_t)b.w * b.h;
}

/* Merges with a rectangle where that wastes nothing; where there is no room, with the one that wastes least. */
static void add_dirty(struct update_dirty *dirty, struct area area)
{
    struct area joined = area, best = area;
    int64_t least = INT64_MAX;
    uint32_t place = dirty->count;
    uint32_t first = dirty->count < UPDATE_MAX_DIRTY && dirty->count > 8 ? dirty->count - 8 : 0;
    for (uint32_t i = first; i < dirty->count; i++) {
        struct area old = {dirty->rects[i].x, dirty->rects[i].y, dirty->rects[i].w, dirty->rects[i].h};
        int64_t waste = join_area(old, area, &joined);
        if (waste < least && (waste <= 0 || dirty->count == UPDATE_MAX_DIRTY)) {
            least = waste;
            best = joined;
            place = i;
        }
    }
    if (place == dirty->count)
        dirty->count++;
    dirty->rects[place].x = (uint16_t)best.x;
    dirty->rects[place].y = (uint16_t)best.y;
    dirty->rects[place].w = (uint16_t)best.w;
    dirty->rects[place].h = (uint16_t)best.h;
}

static uint8_t *pixel_at(const struct update_canvas *canvas, int x, int y)
{
    return canvas->pixels + 4 * ((size_t)y * (size_t)canvas->width + (size_t)x);
}

/* From cells to pixels, cut at the canvas's edges. False: begins outside, is empty, or too much was painted already. */
static bool take_area(struct apply *self, uint32_t x, uint32_t y, uint32_t w, uint32_t h, struct area *ret)
{
    const struct update_canvas *canvas = self->canvas;
    uint32_t cells_x = ((uint32_t)canvas->width + UPDATE_CELL - 1) / UPDATE_CELL;
    uint32_t cells_y = ((uint32_t)canvas->height + UPDATE_CELL - 1) / UPDATE_CELL;
    if (self->in.bad || x >= cells_x || y >= cells_y || w == 0 || h == 0 || w > cells_x - x || h > cells_y - y)
        return false;
    ret->x = (int)x * UPDATE_CELL;
    ret->y = (int)y * UPDATE_CELL;
    ret->w = min_int((int)w * UPDATE_CELL, canvas->width - ret->x);
    ret->h = min_int((int)h * UPDATE_CELL, canvas->height - ret->y);
    uint64_t pixels = (uint64_t)ret->w * (uint64_t)ret->h;
    if (pixels > self->paint_left)
        return false;
    self->paint_left -= pixels;
    return true;
}

static bool read_area(struct apply *self, struct area *ret)
{
    uint32_t x = wire_read_varint(&self->in), y = wire_read_varint(&self->in);
    uint32_t w = wire_read_varint(&self->in), h = wire_read_varint(&self->in);
    return take_area(self, x, y, w, h, ret);
}

static bool apply_solid(struct apply *self)
{
    struct area area;
    if (!read_area(self, &area))
        return false;
    const uint8_t *rgb = wire_read_bytes(&self->in, 3);
    if (!rgb)
        return false;
    for (int y = area.y; y < area.y + area.h; y++) {
        uint8_t *to = pixel_at(self->canvas, area.x, y);
        for (int x = 0; x < area.w; x++, to += 4) {
            to[0] = rgb[0];
            to[1] = rgb[1];
            to[2] = rgb[2];
            to[3] = 255;
        }
    }
    add_dirty(self->dirty, area);
    return true;
}

static int32_t read_offset(struct wire_reader *in)
{
    uint32_t v = wire_read_varint(in);
    return (int32_t)(v >> 1) ^ -(int32_t)(v & 1);
}

static bool apply_copy(struct apply *self)
{
    struct area area;
    if (!read_area(self, &area))
        return false;
    const struct update_canvas *canvas = self->canvas;
    int32_t dx = read_offset(&self->in), dy = read_offset(&self->in);
    if (self->in.bad || dx < -area.x || dy < -area.y || dx > canvas->width - area.x - area.w ||
        dy > canvas->height - area.y - area.h)
        return false;
    bool upwards = dy < 0; /* the source lies above: begin with the lowest line */
    for (int i = 0; i < area.h; i++) {
        int y = area.y + (upwards ? area.h - 1 - i : i);
        __builtin_memmove(pixel_at(canvas, area.x, y), pixel_at(canvas, area.x + dx, y + dy), 4 * (size_t)area.w);
    }
    add_dirty(self->dirty, area);
    return true;
}

static bool apply_tile(struct apply *self)
{
    uint32_t x = wire_read_varint(&self->in), y = wire_read_varint(&self->in);
    unsigned shape = wire_read_u8(&self->in);
    struct area area;
    if (!take_area(self, x, y, (shape & 3) + 1, (shape >> 2 & 3) + 1, &area))
        return false;
    if (!tile_decode(&self->tiles, &self->in, shape >> 4, self->canvas, area.x, area.y, area.w, area.h))
        return false;
    add_dirty(self->dirty, area);
    return true;
}

static bool apply_op(struct apply *self)
{
    switch ((enum update_op)wire_read_u8(&self->in)) {
    case UPDATE_OP_SOLID:
        return apply_solid(self);
    case UPDATE_OP_COPY:
        return apply_copy(self);
    case UPDATE_OP_TILE:
        return apply_tile(self);
    }
    return false;
}

bool update_apply(struct update_canvas *canvas, const uint8_t *body, size_t size, struct update_dirty *dirty)
{
    struct apply self;
    struct wire_reader in = wire_reader_init(body, size);
    self.canvas = canvas;
    self.dirty = dirty;
    self.paint_left = (uint64_t)canvas->width * (uint64_t)canvas->height * UPDATE_MAX_PAINT;
    dirty->count = 0;
    if (wire_read_u8(&in) != UPDATE_VERSION)
        return false;
    self.in = wire_read_sub(&in, wire_read_varint(&in));
    if (in.bad)
        return false;
    tile_decoder_init(&self.tiles, in.at, in.left);
    while (self.in.left > 0)
        if (!apply_op(&self))
            return false;
    return !self.in.bad && tile_decoder_complete(&self.tiles);
}
