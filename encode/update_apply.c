#include "encode/update_apply.h"

#include "encode/update_paint.h"

struct apply {
    struct update_applier *to;
    struct update_canvas *canvas;
    struct update_dirty *dirty;
    struct wire_reader in;
    struct update_payload payloads[UPDATE_MAX_PAYLOADS];
    const struct update_image *images;
    int n_payloads, next_payload;
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

static int64_t join_rects(struct update_area a, struct update_area b, struct update_area *ret)
{
    ret->x = min_int(a.x, b.x);
    ret->y = min_int(a.y, b.y);
    ret->w = max_int(a.x + a.w, b.x + b.w) - ret->x;
    ret->h = max_int(a.y + a.h, b.y + b.h) - ret->y;
    return (int64_t)ret->w * ret->h - (int64_t)a.w * a.h - (int64_t)b.w * b.h;
}

/* Merges with a rectangle where that wastes nothing; where there is no room, with the one that wastes least. */
static void add_dirty(struct update_dirty *dirty, struct update_area area)
{
    struct update_area joined = area, best = area;
    int64_t least = INT64_MAX;
    uint32_t place = dirty->count;
    uint32_t first = dirty->count < UPDATE_MAX_DIRTY && dirty->count > 8 ? dirty->count - 8 : 0;
    for (uint32_t i = first; i < dirty->count; i++) {
        struct update_area old = {
            .x = dirty->rects[i].x, .y = dirty->rects[i].y, .w = dirty->rects[i].w, .h = dirty->rects[i].h};
        int64_t waste = join_rects(old, area, &joined);
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

/* False: begins or ends outside, or is empty. */
static bool find_area(struct apply *self, uint32_t x, uint32_t y, uint32_t w, uint32_t h, struct update_area *ret)
{
    const struct update_canvas *canvas = self->canvas;
    uint32_t cells_x = (uint32_t)update_cells(canvas->width), cells_y = (uint32_t)update_cells(canvas->height);
    if (self->in.bad || x >= cells_x || y >= cells_y || w == 0 || h == 0 || w > cells_x - x || h > cells_y - y)
        return false;
    *ret = update_area(canvas, (int)x, (int)y, (int)w, (int)h);
    return true;
}

/* False: too much was painted already. */
static bool may_paint(struct apply *self, uint64_t pixels)
{
    if (pixels > self->paint_left)
        return false;
    self->paint_left -= pixels;
    return true;
}

static bool take_area(struct apply *self, uint32_t x, uint32_t y, uint32_t w, uint32_t h, struct update_area *ret)
{
    return find_area(self, x, y, w, h, ret) && may_paint(self, (uint64_t)ret->w * (uint64_t)ret->h);
}

static bool read_area(struct apply *self, struct update_area *ret)
{
    uint32_t x = wire_read_varint(&self->in), y = wire_read_varint(&self->in);
    uint32_t w = wire_read_varint(&self->in), h = wire_read_varint(&self->in);
    return take_area(self, x, y, w, h, ret);
}

static int32_t read_signed(struct wire_reader *in)
{
    uint32_t v = wire_read_varint(in);
    return (int32_t)(v >> 1) ^ -(int32_t)(v & 1);
}

static bool apply_solid(struct apply *self)
{
    struct update_area area;
    if (!read_area(self, &area))
        return false;
    const uint8_t *rgb = wire_read_bytes(&self->in, 3);
    if (!rgb)
        return false;
    update_paint_solid(self->canvas, &area, rgb);
    add_dirty(self->dirty, area);
    return true;
}

static bool apply_copy(struct apply *self)
{
    struct update_area area;
    if (!read_area(self, &area))
        return false;
    const struct update_canvas *canvas = self->canvas;
    int32_t dx = read_signed(&self->in), dy = read_signed(&self->in);
    if (self->in.bad || dx < -area.x || dy < -area.y || dx > canvas->width - area.x - area.w ||
        dy > canvas->height - area.y - area.h)
        return false;
    update_paint_copy(canvas, &area, dx, dy);
    add_dirty(self->dirty, area);
    return true;
}

static bool apply_tiles(struct apply *self)
{
    unsigned tiles = wire_read_u8(&self->in);
    if (tiles == 0)
        return false;
    for (; tiles > 0; tiles--) {
        struct model_place place;
        struct update_area area;
        tile_decode_place(&self->to->tiles, &place);
        if (!take_area(self, place.x, place.y, place.w, place.h, &area) ||
            !tile_decode(&self->to->tiles, &self->in, place.mode, self->canvas, area.x, area.y, area.w, area.h))
            return false;
        update_paint_mark(self->canvas, &area, false);
        add_dirty(self->dirty, area);
    }
    return true;
}

/* Only whole cells have slots. */
static bool is_whole(const struct update_area *area)
{
    return area->w == area->cw * UPDATE_CELL && area->h == area->ch * UPDATE_CELL;
}

/* A rectangle of which only some cells are touched: each counts as a line of it, and in full when it is touched. */
static bool read_sparse_area(struct apply *self, struct update_area *ret)
{
    uint32_t x = wire_read_varint(&self->in), y = wire_read_varint(&self->in);
    uint32_t w = wire_read_varint(&self->in), h = wire_read_varint(&self->in);
    return find_area(self, x, y, w, h, ret) && is_whole(ret) &&
           may_paint(self, (uint64_t)(ret->cw * ret->ch) * UPDATE_CELL);
}

static bool fill_or_show(struct apply *self, struct slot_walk *walk, bool fill, int column, int cx, int cy)
{
    const struct update_slots *slots = &self->to->slots;
    unsigned slot = fill ? slot_walk_fill(walk, 0, false) : slot_walk_show(walk, (unsigned)column, 0, false);
    if (!may_paint(self, UPDATE_CELL_PIXELS) || (!fill && !slots->state[slot]))
        return false;
    if (fill)
        update_paint_fill(self->canvas, slots, cx, cy, slot);
    else
        update_paint_show(self->canvas, slots, cx, cy, slot);
    return true;
}

static bool apply_slots(struct apply *self, bool fill)
{
    struct update_area area;
    if (!read_sparse_area(self, &area))
        return false;
    uint32_t size = wire_read_varint(&self->in);
    const uint8_t *block = wire_read_bytes(&self->in, size);
    if (!block)
        return false;
    if (!self->to->slot_model_ready)
        slot_model_init(&self->to->slot_model);
    self->to->slot_model_ready = true;
    struct range_coder range = range_coder_reading(block, size);
    struct slot_walk walk = slot_walk_begin(&self->to->slot_model, &range, fill, (unsigned)area.cw);
    for (int y = 0; y < area.ch; y++) {
        slot_walk_row(&walk);
        for (int x = 0; x < area.cw; x++)
            if (slot_walk_part(&walk, (unsigned)x, false, false) &&
                !fill_or_show(self, &walk, fill, x, area.cx + x, area.cy + y))
                return false;
    }
    if (!fill)
        add_dirty(self->dirty, area);
    return range_coder_complete(&range);
}

static bool apply_mark(struct apply *self)
{
    struct update_area area;
    if (!read_area(self, &area))
        return false;
    update_paint_mark(self->canvas, &area, true);
    return true;
}

/* The payload that is next, when it is of the wanted sort and was decoded. */
static const struct update_payload *take_payload(struct apply *self, bool video, const struct update_image **ret)
{
    if (self->next_payload >= self->n_payloads)
        return NULL;
    const struct update_payload *payload = &self->payloads[self->next_payload];
    *ret = &self->images[self->next_payload++];
    if ((payload->kind != UPDATE_JPEG) != video || (*ret)->layout == UPDATE_IMAGE_NONE)
        return NULL;
    return payload;
}

/* The cells of all rectangles in reading order stand in the picture in reading order. */
static bool apply_photo(struct apply *self)
{
    const struct update_image *image;
    const struct update_payload *payload = take_payload(self, false, &image);
    uint32_t rects = wire_read_varint(&self->in);
    if (!payload)
        return false;
    int columns = payload->width / UPDATE_CELL, cells = columns * (payload->height / UPDATE_CELL), at = 0;
    for (; rects > 0; rects--) {
        struct update_area area;
        if (!read_area(self, &area) || area.cw * area.ch > cells - at)
            return false;
        for (int cy = area.cy; cy < area.cy + area.ch; cy++)
            for (int cx = area.cx; cx < area.cx + area.cw; cx++, at++)
                update_paint_image(self->canvas, image, payload->width, payload->height, cx, cy,
                                   at % columns * UPDATE_CELL, at / columns * UPDATE_CELL);
        add_dirty(self->dirty, area);
    }
    return !self->in.bad;
}

/* A frame covers a region; of it some rectangles are painted. */
static bool apply_video(struct apply *self)
{
    const struct update_image *image;
    const struct update_payload *payload = take_payload(self, true, &image);
    uint32_t x = wire_read_varint(&self->in), y = wire_read_varint(&self->in), rects = wire_read_varint(&self->in);
    if (!payload)
        return false;
    uint32_t w = payload->width / UPDATE_CELL, h = payload->height / UPDATE_CELL;
    for (; rects > 0; rects--) {
        struct update_area area;
        if (!read_area(self, &area) || (uint32_t)area.cx < x || (uint32_t)area.cy < y ||
            (uint32_t)(area.cx + area.cw) > x + w || (uint32_t)(area.cy + area.ch) > y + h)
            return false;
        for (int cy = area.cy; cy < area.cy + area.ch; cy++)
            for (int cx = area.cx; cx < area.cx + area.cw; cx++)
                update_paint_image(self->canvas, image, payload->width, payload->height, cx, cy,
                                   (cx - (int)x) * UPDATE_CELL, (cy - (int)y) * UPDATE_CELL);
        add_dirty(self->dirty, area);
    }
    return !self->in.bad;
}

static bool apply_op(struct apply *self)
{
    switch ((enum update_op)wire_read_u8(&self->in)) {
    case UPDATE_OP_SOLID:
        return apply_solid(self);
    case UPDATE_OP_COPY:
        return apply_copy(self);
    case UPDATE_OP_TILES:
        return apply_tiles(self);
    case UPDATE_OP_FILL:
        return apply_slots(self, true);
    case UPDATE_OP_SHOW:
        return apply_slots(self, false);
    case UPDATE_OP_MARK:
        return apply_mark(self);
    case UPDATE_OP_PHOTO:
        return apply_photo(self);
    case UPDATE_OP_VIDEO:
        return apply_video(self);
    }
    return false;
}

static bool read_payload(struct wire_reader *in, const uint8_t *body, struct update_payload *ret)
{
    unsigned what = wire_read_u8(in);
    uint32_t columns = wire_read_varint(in), rows = wire_read_varint(in), size = wire_read_varint(in);
    const uint8_t *bytes = wire_read_bytes(in, size);
    if (!bytes || (what & 3) > UPDATE_VP9 || what >> 5 || columns - 1 >= 512 || rows - 1 >= 512 || size == 0)
        return false;
    ret->kind = (enum update_payload_kind)(what & 3);
    ret->key = what >> 2 & 1;
    ret->stream = what >> 3 & 3;
    ret->width = (uint16_t)(columns * UPDATE_CELL);
    ret->height = (uint16_t)(rows * UPDATE_CELL);
    ret->offset = (uint32_t)(bytes - body);
    ret->size = size;
    return true;
}

/* The parts in front of the ops; behind them the reader stands at the ops' size. */
static int read_head(struct wire_reader *in, const uint8_t *body, unsigned *ret_flags, struct update_payload *payloads)
{
    if (wire_read_u8(in) != UPDATE_VERSION)
        return -1;
    *ret_flags = wire_read_u8(in);
    unsigned n = *ret_flags >> 1 & 7;
    if (*ret_flags & ~(UPDATE_RESET | 7u << 1) || n > UPDATE_MAX_PAYLOADS)
        return -1;
    for (unsigned i = 0; i < n; i++)
        if (!read_payload(in, body, &payloads[i]))
            return -1;
    return in->bad ? -1 : (int)n;
}

int update_scan(const uint8_t *body, size_t size, struct update_payload ret[UPDATE_MAX_PAYLOADS])
{
    struct wire_reader in = wire_reader_init(body, size);
    unsigned flags;
    return read_head(&in, body, &flags, ret);
}

void update_applier_begin(struct update_applier *self)
{
    tile_decoder_reset(&self->tiles);
    self->slot_model_ready = false;
}

bool update_apply(struct update_applier *to, const uint8_t *body, size_t size, const struct update_image *images,
                  struct update_dirty *dirty)
{
    struct apply self;
    struct wire_reader in = wire_reader_init(body, size);
    unsigned flags;
    dirty->count = 0;
    self.to = to;
    self.canvas = &to->canvas;
    self.dirty = dirty;
    self.images = images;
    self.next_payload = 0;
    self.n_payloads = read_head(&in, body, &flags, self.payloads);
    self.paint_left = (uint64_t)to->canvas.width * (uint64_t)to->canvas.height * UPDATE_MAX_PAINT;
    if (self.n_payloads < 0)
        return false;
    self.in = wire_read_sub(&in, wire_read_varint(&in));
    if (in.bad)
        return false;
    if (flags & UPDATE_RESET)
        update_applier_begin(to);
    tile_decoder_begin(&to->tiles, in.at, in.left);
    while (self.in.left > 0)
        if (!apply_op(&self))
            return false;
    return !self.in.bad && tile_decoder_complete(&to->tiles);
}
