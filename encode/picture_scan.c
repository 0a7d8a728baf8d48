/* Which cells of a captured frame changed, and their packed pixels. */
#include <string.h>

#include "encode/picture_pass.h"
#include "video/cell_pack.h"

#define MAX_CELLS (FRAME_MAX_SIZE / CELL_SIZE)

/* Cells side by side, all of which are looked at. */
struct run {
    int cx, cy, n;
    struct cell_row row;
    uint8_t changed[MAX_CELLS];
    uint64_t hash[MAX_CELLS]; /* where scan.by_hash */
};

static void find_by_hash(const struct tracked *t, struct run *run)
{
    const uint64_t *last = t->captured ? t->captured : t->cells.hash;
    last += (size_t)run->cy * (size_t)t->cells_x + (size_t)run->cx;
    t->scan->hash(t->key, t->layout, &run->row, run->hash);
    for (int i = 0; i < run->n; i++)
        run->changed[i] = !t->known || run->hash[i] != last[i];
}

static void find_by_comparison(const struct tracked *t, struct run *run)
{
    if (!t->known) {
        memset(run->changed, 1, (size_t)run->n);
        return;
    }
    struct cell_row before = cell_row_of(t->layout, t->before, run->cx, run->cy, run->n);
    t->scan->diff(t->layout, &run->row, &before, run->changed);
}

static void take_cell(struct pass *pass, const struct run *run, int i)
{
    struct tracked *t = pass->tracked;
    const int cx = run->cx + i;
    const bool by_hash = t->scan->by_hash;
    if (by_hash && t->captured)
        t->captured[(size_t)run->cy * (size_t)t->cells_x + (size_t)cx] = run->hash[i];
    if (pass->canvas)
        cell_pack(t->layout, &run->row, i, canvas_pixels(pass->canvas, cx, run->cy), pass->canvas->planes[0].stride);
    pass_change(pass, cx, run->cy, by_hash && !t->captured ? &run->hash[i] : NULL);
}

/* Changed cells are packed and hashed at once: their pixels are still in the nearest cache. */
static int scan_run(struct pass *pass, struct run *run)
{
    const struct tracked *t = pass->tracked;
    run->row = cell_row_of(t->layout, pass->frame, run->cx, run->cy, run->n);
    if (t->scan->by_hash)
        find_by_hash(t, run);
    else
        find_by_comparison(t, run);
    if (!memchr(run->changed, 1, (size_t)run->n))
        return 0;
    int r = pass_open(pass);
    if (r < 0)
        return r;
    for (int i = 0; i < run->n; i++)
        if (run->changed[i])
            take_cell(pass, run, i);
    return 0;
}

int pass_scan_row(struct pass *self, int cy, const uint8_t *look)
{
    struct run run = {.cy = cy};
    int r = 0;
    for (int cx = 0; cx < self->tracked->cells_x && r == 0;) {
        if (!look[cx]) {
            cx++;
            continue;
        }
        run.cx = cx;
        while (cx < self->tracked->cells_x && look[cx])
            cx++;
        run.n = cx - run.cx;
        r = scan_run(self, &run);
    }
    return r;
}
