#include "encode/cohort_inner.h"

#include <errno.h>
#include <string.h>

#include "encode/body_check.h"

static_assert(UPDATE_BODY_MAX == PACKET_MAX * PACKET_MAX_PIECES, "a body is what an update's pieces hold");

/* What a cell takes in a tile, before any was seen. */
#define CELL_BYTES_FIRST 64

/* After so many updates in which the changes were cut short, what is to become exact has a turn. */
#define CHANGE_TURNS 6

int cohort_make_room(struct cohort *self)
{
    size_t cells = (size_t)self->view.cells_x * (size_t)self->view.cells_y;
    if (cells <= self->cells_room)
        return 0;
    free(self->coded);
    free(self->never);
    self->coded = malloc(cells);
    self->never = calloc(cells, sizeof self->never[0]);
    self->cells_room = self->coded && self->never ? cells : 0;
    return self->cells_room ? 0 : -ENOMEM;
}

int cohort_create(struct slot_table *slots, struct cohort **ret)
{
    struct cohort *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->cell_bytes = CELL_BYTES_FIRST;
    view_init(&self->view);
    plan_init(&self->plan);
    copy_search_init(&self->copies);
    solids_init(&self->solids);
    int r = update_writer_init(&self->writer);
    r = r ? r : lossy_create(&self->lossy);
    r = r || !slots ? r : slot_set_init(&self->slots, slots);
    if (r < 0) {
        cohort_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct cohort *cohort_destroy(struct cohort *self)
{
    if (self) {
        view_finish(&self->view);
        plan_finish(&self->plan);
        copy_search_finish(&self->copies);
        slot_set_finish(&self->slots);
        solids_finish(&self->solids);
        lossy_destroy(self->lossy);
        update_writer_finish(&self->writer);
        free(self->coded);
        free(self->never);
        free(self);
    }
    return NULL;
}

void cohort_reset(struct cohort *self)
{
    view_finish(&self->view);
    copy_search_reset(&self->copies);
    lossy_reset(self->lossy);
    update_writer_reset(&self->writer);
}

/* Lossy cells that are to be made exact, and the first moment at which one of them may be. */
static uint64_t settling_due(const struct cohort *self, const struct picture *picture)
{
    uint64_t first = UINT64_MAX;
    size_t cells = (size_t)picture->cells_x * (size_t)picture->cells_y;
    for (size_t i = 0; i < cells; i++)
        if (!self->view.exact[i])
            first = MIN(first, picture->changed_us[i] + COHORT_REST_US);
    return first;
}

uint64_t cohort_due(const struct cohort *self, const struct picture *picture, uint64_t now_us)
{
    size_t cells = (size_t)picture->cells_x * (size_t)picture->cells_y;
    if (!view_fits(&self->view, picture) ||
        memcmp(self->view.hash, picture->hash, cells * sizeof self->view.hash[0]) != 0)
        return 0;
    if (self->view.n_lossy == 0)
        return UINT64_MAX;
    uint64_t due = settling_due(self, picture);
    return due <= now_us ? 0 : due;
}

struct slot_set *cohort_slots(struct cohort *self)
{
    return &self->slots;
}

uint64_t cohort_cell_hash(const struct cohort *self, int cx, int cy)
{
    return self->view.hash[view_cell(&self->view, cx, cy)];
}

bool cohort_cell_is_exact(const struct cohort *self, int cx, int cy)
{
    return self->view.exact[view_cell(&self->view, cx, cy)];
}

int cohort_fit_view(struct cohort *self, const struct picture *picture)
{
    if (view_fits(&self->view, picture))
        return 0;
    cohort_reset(self);
    int r = view_reset(&self->view, picture);
    return r ? r : cohort_make_room(self);
}

int cohort_pack(struct cohort *self, struct cohort_update *update)
{
    size_t size = 0;
    const uint8_t *body = update_writer_end(&self->writer, &size);
    if (!body)
        return -ENOMEM;
    for (size_t at = 0; at < size;) {
        size_t piece = MIN(size - at, PACKET_MAX);
        struct packet **packet = &update->pieces[update->n_pieces];
        if (packet_create(piece, packet) < 0) {
            while (update->n_pieces > 0)
                packet_unref(update->pieces[--update->n_pieces]);
            return -ENOMEM;
        }
        memcpy((*packet)->data, body + at, piece);
        (*packet)->size = piece;
        update->n_pieces++;
        at += piece;
    }
    update->bytes = size;
    update->check = body_check(body, size);
    update->number = ++self->number;
    return 0;
}

static int settle(struct making *m)
{
    struct cohort *self = m->cohort;
    if (self->view.n_lossy == 0 || m->ask->now_us < COHORT_REST_US)
        return 0;
    int r = plan_want_settling(&self->plan, &self->view, m->picture, m->ask->now_us - COHORT_REST_US);
    if (r == 0 && self->plan.n_wanted > 0)
        r = making_settling(m);
    return r;
}

static int change(struct making *m)
{
    struct cohort *self = m->cohort;
    int r = plan_want_changes(&self->plan, &self->view, m->picture);
    if (r == 0)
        plan_want_echo(&self->plan, &self->view, m->picture, m->ask->key_us);
    if (r == 0 && self->plan.n_wanted > 0)
        r = making_changes(m);
    self->change_turns = self->plan.n_wanted > 0 ? self->change_turns + 1 : 0;
    return r;
}

/* What rests is refined when nothing changes, and now and then when changes never end. */
static int encode(struct making *m)
{
    struct cohort *self = m->cohort;
    int r = cohort_fit_view(self, m->picture);
    bool settle_first = self->change_turns >= CHANGE_TURNS;
    if (r == 0 && settle_first) {
        self->change_turns = 0;
        r = settle(m);
    }
    if (r == 0 && m->update->cells == 0)
        r = change(m);
    if (r == 0 && m->update->cells == 0 && !settle_first)
        r = settle(m);
    if (r == 0 && m->update->cells > 0)
        r = cohort_pack(self, m->update);
    if (r == 0)
        m->update->complete = view_equals(&self->view, m->picture);
    return r;
}

int cohort_encode(struct cohort *self, const struct picture *picture, const struct cohort_ask *ask,
                  struct cohort_update *ret)
{
    struct cohort_update update = {.captured_us = picture->frame->captured_us};
    struct making m = {.cohort = self, .picture = picture, .ask = ask, .update = &update};
    int r = encode(&m);
    if (r < 0) {
        cohort_reset(self); /* what was written of it reaches nobody, what it filled neither */
        if (self->slots.table)
            slot_set_clear(&self->slots);
        return -ENOMEM;
    }
    *ret = update;
    return 0;
}
