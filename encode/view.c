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
    self->cells_x = picture->cells_x;
    self->cells_y = picture->cells_y;
    memset(self->exact, 1, cells);
    hash_black(self);
    return 0;
}

bool view_fits(const struct view *self, const struct picture *picture)
{
    const struct frame *frame = picture->frame;
    return self->width == frame->width && self->height == frame->height && self->fourcc == frame->fourcc;
}

bool view_equals(const struct view *self, const struct picture *picture)
{
    size_t cells = (size_t)picture->cells_x * (size_t)picture->cells_y;
    return view_fits(self, picture) && memcmp(self->hash, picture->hash, cells * sizeof self->hash[0]) == 0 &&
           !memchr(self->exact, 0, cells);
}

void view_take_cells(struct view *self, const struct picture *picture, int cx, int cy, int w, int h)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    size_t left = (size_t)cx * CELL_SIZE * 4;
    size_t bytes = (size_t)(MIN((cx + w) * CELL_SIZE, self->width) - cx * CELL_SIZE) * 4;
    int bottom = MIN((cy + h) * CELL_SIZE, self->height);
    for (int y = cy * CELL_SIZE; y < bottom; y++)
        memcpy(self->pixels + (size_t)y * self->stride + left, plane->data + (size_t)y * plane->stride + left, bytes);
    for (int y = cy; y < cy + h; y++) {
        memcpy(self->hash + view_cell(self, cx, y), picture->hash + view_cell(self, cx, y),
               (size_t)w * sizeof self->hash[0]);
        memset(self->exact + view_cell(self, cx, y), 1, (size_t)w);
    }
}
