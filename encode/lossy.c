#include "encode/lossy.h"

#include <errno.h>
#include <string.h>

struct lossy {
    bool need_key;
};

int lossy_create(struct lossy **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? 0 : -ENOMEM;
}

struct lossy *lossy_destroy(struct lossy *self)
{
    free(self);
    return NULL;
}

void lossy_reset(struct lossy *self)
{
    self->need_key = true;
}

void lossy_need_key(struct lossy *self)
{
    self->need_key = true;
}

void lossy_classify(struct lossy *self, struct plan *plan, const struct view *view, const struct picture *picture,
                    const struct cohort_ask *ask)
{
    (void)self;
    (void)picture;
    (void)ask;
    memset(plan->kind, PLAN_TEXT, (size_t)view->cells_x * (size_t)view->cells_y);
}

int lossy_encode(struct lossy *self, const struct plan *plan, const struct view *view, const struct picture *picture,
                 const struct cohort_ask *ask, struct update_writer *writer, struct cell_rect *rects)
{
    (void)self;
    (void)plan;
    (void)view;
    (void)picture;
    (void)ask;
    (void)writer;
    (void)rects;
    return 0;
}

void lossy_note(struct lossy *self, const struct plan *plan, const struct view *view, const struct picture *picture,
                const struct cohort_ask *ask)
{
    (void)self;
    (void)plan;
    (void)view;
    (void)picture;
    (void)ask;
}
