#include "encode/picture.h"

#include <errno.h>
#include <string.h>

#include "encode/picture_pass.h"

struct picture_tracker {
    struct picture_config config;
    struct tracked tracked; /* width 0: nothing yet */
    uint32_t generation;    /* of the last picture */
    bool missed;            /* a frame was lost: the next one's hints do not start from ours */
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
        shelf_put(self);
    }
    return NULL;
}

int picture_tracker_create(struct picture_tracker **ret)
{
    struct picture_tracker *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *ret = self;
    return 0;
}

struct picture_tracker *picture_tracker_destroy(struct picture_tracker *self)
{
    if (self) {
        tracked_finish(&self->tracked);
        free(self);
    }
    return NULL;
}

void picture_tracker_configure(struct picture_tracker *self, const struct picture_config *config)
{
    if (config->noise != self->config.noise)
        tracked_finish(&self->tracked);
    self->config = *config;
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

static int scan(struct pass *pass, bool trust)
{
    uint8_t look[FRAME_MAX_SIZE / CELL_SIZE];
    int r = 0;
    for (int cy = 0; cy < pass->tracked->cells_y && r == 0; cy++) {
        mark_hints(pass->frame, pass->tracked->cells_x, cy, trust, look);
        r = pass_scan_row(pass, cy, look);
    }
    return r;
}

static int track(struct picture_tracker *self, struct frame *frame, struct picture **ret)
{
    struct tracked *t = &self->tracked;
    if (!t->width || !tracked_fits(t, frame)) {
        struct tracked fresh;
        int r = tracked_init(&fresh, frame, self->config.noise);
        if (r < 0)
            return r; /* what was tracked may come again */
        tracked_finish(t);
        *t = fresh;
    }
    struct pass pass = {.tracked = t, .frame = frame, .generation = self->generation + 1};
    int r = t->noise ? pass_clean(&pass) : scan(&pass, t->known && frame->hints_valid && !self->missed);
    if (r < 0)
        return r;
    self->missed = false;
    if (pass.changed == 0) {
        if (pass.picture)
            shelf_put(pass.picture);
        *ret = NULL;
        return 0;
    }
    self->generation = pass.generation;
    *ret = pass_end(&pass);
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
