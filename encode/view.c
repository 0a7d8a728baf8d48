#include "encode/view.h"

#include <errno.h>
#include <string.h>

#include "core/cpu.h"
#include "video/damage.h"

void view_init(struct view *self)
{
    *self = (struct view){.width = 0};
}

void view_finish(struct view *self)
{
    free(self->hash);
    free(self->exact);
    free(self->pixels);
    view_init(self);
}

/* All whole cells of a black canvas have one hash; those cut at the right and below have their own. */
static void hash_black(struct view *self)
{
    uint64_t known[2][2] = {{0}};
    bool have[2][2] = {{false}};
    for (int cy = 0; cy < self->cells_y; cy++) {
        for (int cx = 0; cx < self->cells_x; cx++) {
            int w = view_cell_width(self, cx), h = view_cell_height(self, cy);
            bool cut_x = w < CELL_SIZE, cut_y = h < CELL_SIZE;
            if (!have[cut_y][cut_x])
                known[cut_y][cut_x] = self->ops->hash(cell_hash_key(), self->pixels, self->stride, w, h);
            have[cut_y][cut_x] = true;
            self->hash[view_cell(self, cx, cy)] = known[cut_y][cut_x];
        }
    }
}

int view_reset(struct view *self, const struct picture *picture)
{
    view_finish(self);
    const struct frame *frame = picture->frame;
    size_t cells = (size_t)picture->cells_x * (size_t)picture->cells_y;
    self->ops = damage_ops_find(frame->fourcc, cpu_features());
    self->stride = (size_t)frame->width * 4;
    self->hash = malloc(cells * sizeof self->hash[0]);
    self->exact = malloc(cells);
    self->pixels = calloc((size_t)frame->height, self->stride);
    if (!self->ops || !self->hash || !self->exact || !self->pixels) {
        view_finish(self);
        return -ENOMEM;
    }
    self->width = frame->width;
    self->height = frame->height;
    self->fourcc = frame->fourcc;
    self->colour = frame->colour;
    self->cells_x = picture->cells_x;
    self->cells_y = picture->cells_y;
    memset(self->exact, 1, cells);
    self->n_lossy = 0;
    hash_black(self);
    return 0;
}

static void *copy_of(const void *bytes, size_t size)
{
    void *copy = malloc(size);
    return copy ? memcpy(copy, bytes, size) : NULL;
}

int view_clone(struct view *self, const struct view *from)
{
    view_finish(self);
    if (from->width == 0)
        return 0;
    size_t cells = (size_t)from->cells_x * (size_t)from->cells_y;
    *self = *from;
    self->hash = copy_of(from->hash, cells * sizeof from->hash[0]);
    self->exact = copy_of(from->exact, cells);
    self->pixels = copy_of(from->pixels, (size_t)from->height * from->stride);
    if (self->hash && self->exact && self->pixels)
        return 0;
    view_finish(self);
    return -ENOMEM;
}

bool view_fits(const struct view *self, const struct picture *picture)
{
    const struct frame *frame = picture->frame;
    return self->width == frame->width && self->height == frame->height && self->fourcc == frame->fourcc &&
           self->colour == frame->colour;
}

bool view_equals(const struct view *self, const struct picture *picture)
{
    size_t cells = (size_t)picture->cells_x * (size_t)picture->cells_y;
    return view_fits(self, picture) && self->n_lossy == 0 &&
           memcmp(self->hash, picture->hash, cells * sizeof self->hash[0]) == 0;
}

static void set_exact(struct view *self, int cx, int cy, bool exact)
{
    uint8_t *is = &self->exact[view_cell(self, cx, cy)];
    self->n_lossy += *is;
    *is = exact;
    self->n_lossy -= exact;
}

static void take_run(struct view *self, const struct picture *picture, int cx, int cy, int n)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    size_t left = (size_t)cx * CELL_SIZE * 4;
    size_t bytes = (size_t)(MIN((cx + n) * CELL_SIZE, self->width) - cx * CELL_SIZE) * 4;
    int top = cy * CELL_SIZE;
    for (int y = top; y < top + view_cell_height(self, cy); y++)
        memcpy(self->pixels + (size_t)y * self->stride + left, plane->data + (size_t)y * plane->stride + left, bytes);
    memcpy(self->hash + view_cell(self, cx, cy), picture->hash + view_cell(self, cx, cy),
           (size_t)n * sizeof self->hash[0]);
}

/* Copies of a scroll and refinement cover much that is there already: reading it again would cost more than all else
 * that is done for it. */
static void take_content(struct view *self, const struct picture *picture, struct cell_rect cells)
{
    for (int y = cells.y; y < cells.y + cells.h; y++) {
        const uint64_t *old = self->hash + view_cell(self, 0, y), *new = picture->hash + view_cell(self, 0, y);
        for (int x = cells.x, n; x < cells.x + cells.w; x += n + 1) {
            for (n = 0; x + n < cells.x + cells.w && old[x + n] != new[x + n]; n++)
                ;
            if (n > 0)
                take_run(self, picture, x, y, n);
        }
    }
}

void view_take_cells(struct view *self, const struct picture *picture, struct cell_rect cells, bool exact)
{
    take_content(self, picture, cells);
    for (int y = cells.y; y < cells.y + cells.h; y++)
        for (int x = cells.x; x < cells.x + cells.w; x++)
            set_exact(self, x, y, exact);
}

void view_mark_cells(struct view *self, struct cell_rect cells)
{
    for (int y = cells.y; y < cells.y + cells.h; y++)
        for (int x = cells.x; x < cells.x + cells.w; x++)
            set_exact(self, x, y, false);
}

static bool all_exact(const struct view *self, int x, int y, int w, int h)
{
    for (int cy = y / CELL_SIZE; cy <= (y + h - 1) / CELL_SIZE; cy++)
        for (int cx = x / CELL_SIZE; cx <= (x + w - 1) / CELL_SIZE; cx++)
            if (!self->exact[view_cell(self, cx, cy)])
                return false;
    return true;
}

/* Row by row in the direction of the movement, as update_paint_copy does it. */
void view_copy_cells(struct view *self, const struct picture *picture, struct cell_rect cells, int dx, int dy)
{
    take_content(self, picture, cells);
    for (int i = 0; self->n_lossy > 0 && i < cells.h; i++) {
        bool row[FRAME_MAX_SIZE / CELL_SIZE];
        int cy = cells.y + (dy < 0 ? cells.h - 1 - i : i);
        for (int k = 0; k < cells.w; k++)
            row[k] = all_exact(self, (cells.x + k) * CELL_SIZE + dx, cy * CELL_SIZE + dy,
                               view_cell_width(self, cells.x + k), view_cell_height(self, cy));
        for (int k = 0; k < cells.w; k++)
            set_exact(self, cells.x + k, cy, row[k]);
    }
}
