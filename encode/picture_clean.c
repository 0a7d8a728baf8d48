/* Pictures of a noisy source: what video/noise.h decides to show of each cell. */
#include <string.h>

#include "encode/picture_pass.h"
#include "video/cell_pack.h"

struct view_of {
    struct pass *pass;
    const struct frame *shown; /* NULL: nothing yet */
    struct cell_block now;
    struct noise_cell cell;
};

static void look(struct view_of *v, int cx, int cy)
{
    const struct tracked *t = v->pass->tracked;
    struct cell_row row = cell_row_of(t->layout, v->pass->frame, cx, cy, 1);
    if (row.width < CELL_SIZE || row.height < CELL_SIZE)
        memset(&v->now, 0, sizeof v->now);
    cell_pack(t->layout, &row, 0, v->now.bytes, CELL_SIZE * 4);
    v->cell = (struct noise_cell){.cx = cx, .cy = cy, .now = &v->now};
    if (v->shown) {
        v->cell.stride = v->shown->planes[0].stride;
        v->cell.shown = v->shown->planes[0].data + (size_t)cy * CELL_SIZE * v->cell.stride + (size_t)cx * CELL_SIZE * 4;
    }
}

static void put(const struct pass *pass, int cx, int cy, const struct cell_block *pixels)
{
    const struct tracked *t = pass->tracked;
    uint8_t *to = canvas_pixels(pass->canvas, cx, cy);
    const size_t bytes = 4 * (size_t)MIN(CELL_SIZE, t->width - cx * CELL_SIZE);
    for (int y = 0; y < MIN(CELL_SIZE, t->height - cy * CELL_SIZE); y++)
        memcpy(to + (size_t)y * pass->canvas->planes[0].stride, pixels->bytes + y * CELL_SIZE * 4, bytes);
}

static void show(struct pass *pass, int cx, int cy, const struct cell_block *pixels)
{
    put(pass, cx, cy, pixels);
    pass_change(pass, cx, cy, NULL);
}

static void survey(struct view_of *v)
{
    const struct tracked *t = v->pass->tracked;
    for (int cy = 0; cy < t->cells_y; cy++)
        for (int cx = 0; cx < t->cells_x; cx++) {
            look(v, cx, cy);
            noise_survey(t->noise, &v->cell);
        }
    noise_survey_end(t->noise);
}

/* True: it is to be changed when all others have been judged; what was captured then waits on the canvas. */
static bool judge(struct view_of *v, int cx, int cy)
{
    struct noise *noise = v->pass->tracked->noise;
    struct cell_block clean;
    look(v, cx, cy);
    if (!v->shown) {
        noise_first(noise, &v->cell);
        show(v->pass, cx, cy, &v->now);
        return false;
    }
    enum noise_verdict verdict = noise_judge(noise, &v->cell, &clean);
    if (verdict == NOISE_CLEANER)
        show(v->pass, cx, cy, &clean);
    else if (verdict == NOISE_CHANGED)
        put(v->pass, cx, cy, &v->now);
    return verdict == NOISE_CHANGED;
}

static void change(struct view_of *v, int cx, int cy)
{
    struct pass *pass = v->pass;
    struct cell_block clean;
    look(v, cx, cy);
    noise_change(pass->tracked->noise, &v->cell, &clean);
    show(pass, cx, cy, &clean);
}

static void change_all(struct view_of *v)
{
    const struct tracked *t = v->pass->tracked;
    const struct frame_plane *now = &v->pass->canvas->planes[0], *shown = &v->shown->planes[0];
    noise_seek(t->noise, t->differs, now->data, now->stride, shown->data, shown->stride);
    for (int cy = 0; cy < t->cells_y; cy++)
        for (int cx = 0; cx < t->cells_x; cx++)
            if (t->differs[cy * t->cells_x + cx])
                change(v, cx, cy);
}

int pass_clean(struct pass *self)
{
    const struct tracked *t = self->tracked;
    struct view_of v = {.pass = self, .shown = canvases_newest(t->canvases)};
    bool any = false;
    int r = pass_open(self); /* before anything is learnt from a frame that then cannot be shown */
    if (r < 0)
        return r;
    if (v.shown && noise_wants_survey(t->noise))
        survey(&v);
    for (int cy = 0; cy < t->cells_y; cy++)
        for (int cx = 0; cx < t->cells_x; cx++) {
            bool differs = judge(&v, cx, cy);
            t->differs[cy * t->cells_x + cx] = differs;
            any = any || differs;
        }
    if (any)
        change_all(&v);
    noise_end(t->noise);
    return 0;
}
