#include "encode/cohort_inner.h"

#include <errno.h>
#include <string.h>

int cohort_split(const struct cohort *from, struct cohort **ret)
{
    attr_cleanup(cohort_destroyp) struct cohort *self = NULL;
    int r = cohort_create(from->slots.table, &self);
    r = r ? r : view_clone(&self->view, &from->view);
    r = r ? r : from->view.width ? cohort_make_room(self) : 0;
    if (r < 0)
        return r;
    if (from->slots.table)
        slot_set_copy(&self->slots, &from->slots);
    lossy_reset(self->lossy);
    update_writer_reset(&self->writer);
    self->number = from->number;
    self->cell_bytes = from->cell_bytes;
    *ret = take(self);
    return 0;
}

/* The cells that self's viewers see exactly and other's do not must count as lossy for both. */
static void make_marks(struct making *m, const struct view *other)
{
    struct view *view = &m->cohort->view;
    for (int cy = 0; cy < view->cells_y; cy++)
        for (int cx = 0; cx < view->cells_x; cx++) {
            struct cell_rect run = {.x = cx, .y = cy, .w = 0, .h = 1};
            size_t i = view_cell(view, cx, cy);
            for (; cx < view->cells_x && view->exact[i] && !other->exact[i] && view->hash[i] == other->hash[i];
                 cx++, i++)
                run.w++;
            if (run.w == 0 || update_writer_room(&m->cohort->writer) < UPDATE_SHORT_OP_MAX)
                continue;
            update_write_mark(&m->cohort->writer, run);
            view_mark_cells(view, run);
            m->update->cells += (unsigned)run.w;
        }
}

static int chase(struct making *m, const struct view *other)
{
    struct cohort *self = m->cohort;
    int r = plan_want_view(&self->plan, &self->view, other);
    if (r < 0)
        return r;
    if (!m->ask->jpeg)
        memset(self->plan.kind, PLAN_TEXT, (size_t)other->cells_x * (size_t)other->cells_y);
    making_begin(m);
    making_choose_tiles(m);
    making_tiles(m);
    if (m->update->cells == 0 && self->plan.n_wanted > 0)
        r = making_lossy(m);
    if (r == 0 && m->update->cells == 0)
        make_marks(m, other);
    return r;
}

int cohort_chase(struct cohort *self, const struct cohort *other, const struct cohort_ask *ask,
                 struct cohort_update *ret)
{
    const struct view *to = &other->view;
    struct frame frame = {.width = to->width,
                          .height = to->height,
                          .fourcc = to->fourcc,
                          .colour = to->colour,
                          .planes = {{.data = to->pixels, .stride = to->stride}}};
    struct picture picture = {.frame = &frame, .cells_x = to->cells_x, .cells_y = to->cells_y, .hash = to->hash};
    if (to->width == 0 || (self->view.width > 0 && !view_fits(&self->view, &picture)))
        return -EINVAL;
    struct cohort_update update = {.kind = COHORT_TEXT};
    struct making m = {.cohort = self, .picture = &picture, .ask = ask, .update = &update};
    int r = cohort_fit_view(self, &picture);
    picture.changed_us = picture.began_us = self->never;
    picture.changed_in = (uint32_t *)self->never;
    r = r ? r : chase(&m, to);
    if (r == 0 && update.cells > 0)
        r = cohort_pack(self, &update);
    if (r < 0) {
        cohort_reset(self);
        return -ENOMEM;
    }
    *ret = update;
    return 0;
}

bool cohort_is_like(const struct cohort *self, const struct cohort *other)
{
    const struct view *a = &self->view, *b = &other->view;
    size_t cells = (size_t)a->cells_x * (size_t)a->cells_y;
    return a->width > 0 && a->width == b->width && a->height == b->height && a->fourcc == b->fourcc &&
           a->colour == b->colour && memcmp(a->hash, b->hash, cells * sizeof a->hash[0]) == 0 &&
           memcmp(a->exact, b->exact, cells) == 0;
}

void cohort_join(struct cohort *other, const struct cohort *self)
{
    update_writer_reset(&other->writer);
    lossy_need_key(other->lossy);
    if (other->slots.table && self->slots.table)
        slot_set_intersect(&other->slots, &self->slots);
}
