#include "encode/picture.h"

#include <errno.h>
#include <string.h>

#include "core/cpu.h"
#include "video/damage.h"

struct picture_tracker {
    const struct cell_key *key;
    struct picture *last;
    uint32_t generation; /* of the last picture */
    bool missed;         /* a frame was lost: the next one's hints do not start from ours */
};

struct picture *picture_ref(struct picture *self)
{
    ref_get(&self->ref);
    return self;
}

struct picture *picture_unref(struct picture *self)
{
    if (self && ref_put(&self->ref)) {
        frame_unref(self->frame);
        free(self);
    }
    return NULL;
}

/* Borrows the frame until it is whole. */
static struct picture *picture_create(struct frame *frame)
{
    int cells_x = (frame->width + CELL_SIZE - 1) / CELL_SIZE;
    int cells_y = (frame->height + CELL_SIZE - 1) / CELL_SIZE;
    size_t cells = (size_t)cells_x * (size_t)cells_y;
    struct picture *self = malloc(sizeof *self + cells * (3 * sizeof(uint64_t) + sizeof(uint32_t)));
    if (!self)
        return NULL;
    *self = (struct picture){.frame = frame, .cells_x = cells_x, .cells_y = cells_y};
    ref_init(&self->ref);
    self->hash = (uint64_t *)(self + 1);
    self->changed_us = self->hash + cells;
    self->began_us = self->changed_us + cells;
    self->changed_in = (uint32_t *)(self->began_us + cells);
    return self;
}

int picture_tracker_create(struct picture_tracker **ret)
{
    struct picture_tracker *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->key = cell_hash_key();
    *ret = self;
    return 0;
}

struct picture_tracker *picture_tracker_destroy(struct picture_tracker *self)
{
    if (self) {
        picture_unref(self->last);
        free(self);
    }
    return NULL;
}

/* Where a row of cells lies in the frame. */
static int row_height(const struct picture *picture, int cy)
{
    return MIN(CELL_SIZE, picture->frame->height - cy * CELL_SIZE);
}

static const uint8_t *cell_pixels(const struct frame *frame, int cx, int cy)
{
    const struct frame_plane *plane = &frame->planes[0];
    return plane->data + (size_t)cy * CELL_SIZE * plane->stride + (size_t)cx * CELL_SIZE * 4;
}

/* known: the picture has this cell's times already, from the one before. */
static void take_hash(const struct damage_ops *ops, const struct cell_key *key, struct picture *picture, int cx, int cy,
                      bool known)
{
    size_t i = (size_t)cy * (size_t)picture->cells_x + (size_t)cx;
    int width = MIN(CELL_SIZE, picture->frame->width - cx * CELL_SIZE);
    picture->hash[i] = ops->hash(key, cell_pixels(picture->frame, cx, cy), picture->frame->planes[0].stride, width,
                                 row_height(picture, cy));
    picture->changed_in[i] = picture->generation;
    uint64_t now = picture->frame->captured_us;
    if (!known || now - picture->changed_us[i] >= PICTURE_REST_US)
        picture->began_us[i] = now;
    picture->changed_us[i] = now;
    picture->cells_changed++;
}

/* Marks the cells of one row that the hints touch. */
static void mark_hints(const struct frame *frame, int cells_x, int cy, bool trust, uint8_t *look)
{
    if (!trust) {
        memset(look, 1, (size_t)cells_x);
        return;
    }
    memset(look, 0, (size_t)cells_x);
    for (unsigned i = 0; i < frame->hints.count && i < RECT_SET_MAX; i++) {
        struct rect r = rect_clip(frame->hints.rects[i], frame->width, frame->height);
        if (r.w == 0 || r.y >= (cy + 1) * CELL_SIZE || r.y + r.h <= cy * CELL_SIZE)
            continue;
        int first = r.x / CELL_SIZE, last = (r.x + r.w - 1) / CELL_SIZE;
        memset(look + first, 1, (size_t)last - (size_t)first + 1);
    }
}

/* Compares the marked cells of one row with the frame before, and hashes at once those that changed: their pixels are
 * still in the nearest cache. */
static void track_row(const struct damage_ops *ops, const struct cell_key *key, struct picture *picture,
                      const struct frame *before, int cy, const uint8_t *look)
{
    const struct frame *frame = picture->frame;
    uint8_t changed[FRAME_MAX_SIZE / CELL_SIZE];
    for (int cx = 0; cx < picture->cells_x;) {
        int from = cx;
        while (cx < picture->cells_x && look[cx])
            cx++;
        if (cx == from) {
            cx++;
            continue;
        }
        int width = MIN(cx * CELL_SIZE, frame->width) - from * CELL_SIZE;
        ops->diff_row(cell_pixels(frame, from, cy), frame->planes[0].stride, cell_pixels(before, from, cy),
                      before->planes[0].stride, width, row_height(picture, cy), changed);
        for (int i = 0; i < cx - from; i++)
            if (changed[i])
                take_hash(ops, key, picture, from + i, cy, true);
    }
}

static void track_changes(struct picture_tracker *self, const struct damage_ops *ops, struct picture *picture)
{
    const struct picture *last = self->last;
    size_t cells = (size_t)picture->cells_x * (size_t)picture->cells_y;
    memcpy(picture->hash, last->hash, cells * sizeof picture->hash[0]);
    memcpy(picture->changed_in, last->changed_in, cells * sizeof picture->changed_in[0]);
    memcpy(picture->changed_us, last->changed_us, cells * sizeof picture->changed_us[0]);
    memcpy(picture->began_us, last->began_us, cells * sizeof picture->began_us[0]);
    bool trust = picture->frame->hints_valid && !self->missed;
    uint8_t look[FRAME_MAX_SIZE / CELL_SIZE];
    for (int cy = 0; cy < picture->cells_y; cy++) {
        mark_hints(picture->frame, picture->cells_x, cy, trust, look);
        track_row(ops, self->key, picture, last->frame, cy, look);
    }
}

static void track_all(struct picture_tracker *self, const struct damage_ops *ops, struct picture *picture)
{
    for (int cy = 0; cy < picture->cells_y; cy++)
        for (int cx = 0; cx < picture->cells_x; cx++)
            take_hash(ops, self->key, picture, cx, cy, false);
}

static bool alike(const struct frame *a, const struct frame *b)
{
    return a->width == b->width && a->height == b->height && a->fourcc == b->fourcc;
}

static int track(struct picture_tracker *self, struct frame *frame, struct picture **ret)
{
    const struct damage_ops *ops = damage_ops_find(frame->fourcc, cpu_features());
    if (!ops || frame->width < 1 || frame->height < 1 || frame->width > FRAME_MAX_SIZE ||
        frame->height > FRAME_MAX_SIZE)
        return -EINVAL;
    struct picture *picture attr_cleanup(picture_unrefp) = picture_create(frame_ref(frame));
    if (!picture) {
        frame_unref(frame);
        return -ENOMEM;
    }
    picture->generation = self->generation + 1;
    if (self->last && alike(self->last->frame, frame))
        track_changes(self, ops, picture);
    else
        track_all(self, ops, picture);
    self->missed = false;
    if (picture->cells_changed == 0) {
        *ret = NULL; /* the frame before stays the one held: this one can be filled again at once */
        return 0;
    }
    self->generation = picture->generation;
    picture_unref(self->last);
    self->last = picture_ref(picture);
    *ret = take(picture);
    return 0;
}

int picture_track(struct picture_tracker *self, struct frame *frame, struct picture **ret)
{
    int r = track(self, frame, ret);
    if (r < 0)
        self->missed = true;
    frame_unref(frame);
    return r;
}
