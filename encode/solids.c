#include "encode/solids.h"

#include <errno.h>
#include <string.h>

/* Smaller ones cost less inside the tiles around them. */
#define CELLS_MIN 4

void solids_init(struct solids *self)
{
    *self = (struct solids){.room = 0};
}

void solids_finish(struct solids *self)
{
    free(self->colour);
    solids_init(self);
}

static uint32_t pixel_at(const uint8_t *p)
{
    return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint32_t cell_colour(const uint8_t *pixels, size_t stride, int width, int height)
{
    uint32_t colour = pixel_at(pixels);
    for (int y = 0; y < height; y++, pixels += stride)
        for (int x = 0; x < width; x++)
            if (pixel_at(pixels + 4 * (size_t)x) != colour)
                return SOLIDS_NONE;
    return colour;
}

int solids_mark(struct solids *self, const struct plan *plan, const struct view *view, const struct picture *picture)
{
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    if (cells > self->room) {
        solids_finish(self);
        self->colour = malloc(cells * sizeof self->colour[0]);
        if (!self->colour)
            return -ENOMEM;
        self->room = cells;
    }
    const struct frame_plane *plane = &picture->frame->planes[0];
    for (int cy = 0; cy < view->cells_y; cy++)
        for (int cx = 0; cx < view->cells_x; cx++) {
            size_t i = view_cell(view, cx, cy);
            const uint8_t *pixels = plane->data + (size_t)cy * CELL_SIZE * plane->stride + (size_t)cx * CELL_SIZE * 4;
            self->colour[i] = plan->wanted[i] ? cell_colour(pixels, plane->stride, view_cell_width(view, cx),
                                                            view_cell_height(view, cy))
                                              : SOLIDS_NONE;
        }
    return 0;
}

static bool row_is(const struct solids *self, const struct plan *plan, const struct view *view, int cx, int w, int cy,
                   uint32_t colour)
{
    for (int x = cx; x < cx + w; x++)
        if (!plan->wanted[view_cell(view, x, cy)] || self->colour[view_cell(view, x, cy)] != colour)
            return false;
    return true;
}

bool solids_next(const struct solids *self, const struct plan *plan, const struct view *view, uint32_t *at,
                 struct cell_rect *ret, uint32_t *ret_colour)
{
    uint32_t cells = (uint32_t)view->cells_x * (uint32_t)view->cells_y;
    for (; *at < cells; ++*at) {
        uint32_t colour = self->colour[*at];
        if (colour == SOLIDS_NONE || !plan->wanted[*at])
            continue;
        int cx = (int)(*at % (uint32_t)view->cells_x), cy = (int)(*at / (uint32_t)view->cells_x);
        struct cell_rect rect = {.x = cx, .y = cy, .w = 1, .h = 1};
        while (cx + rect.w < view->cells_x && row_is(self, plan, view, cx + rect.w, 1, cy, colour))
            rect.w++;
        while (cy + rect.h < view->cells_y && row_is(self, plan, view, cx, rect.w, cy + rect.h, colour))
            rect.h++;
        if (rect.w * rect.h < CELLS_MIN)
            continue;
        *ret = rect;
        *ret_colour = colour;
        return true;
    }
    return false;
}
