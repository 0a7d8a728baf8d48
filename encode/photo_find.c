#include "encode/photo_find.h"

#include <errno.h>
#include <string.h>

/* An area of fewer cells is an icon, unless it adds to a photograph that is there already. */
#define CELLS_MIN 10
/* Smooth cells with so many photographic neighbours are part of the photograph, and not of a computed gradient. */
#define NEIGHBOURS_MIN 2
/* As are all smooth cells of an area of which 1 in so many is photographic. */
#define PHOTO_SHARE 4

void photo_find_init(struct photo_find *self)
{
    *self = (struct photo_find){.room = 0};
}

void photo_find_finish(struct photo_find *self)
{
    free(self->hash);
    free(self->kind);
    free(self->cost);
    free(self->photo);
    free(self->queue);
    photo_find_init(self);
}

int photo_find_reset(struct photo_find *self, size_t cells)
{
    photo_find_finish(self);
    self->hash = calloc(cells, sizeof self->hash[0]);
    self->kind = calloc(cells, 1);
    self->cost = calloc(cells, sizeof self->cost[0]);
    self->photo = calloc(cells, 1);
    self->queue = malloc(cells * sizeof self->queue[0]);
    if (!self->hash || !self->kind || !self->cost || !self->photo || !self->queue) {
        photo_find_finish(self);
        return -ENOMEM;
    }
    self->room = cells;
    return 0;
}

/* A cell that the picture's edge cuts is judged with its last pixels repeated. */
static struct content judge_cut(const uint8_t *pixels, size_t stride, int width, int height)
{
    uint8_t cell[CELL_PIXELS * 4];
    for (int y = 0; y < CELL_SIZE; y++) {
        const uint8_t *from = pixels + (size_t)MIN(y, height - 1) * stride;
        uint8_t *to = cell + 4 * CELL_SIZE * (size_t)y;
        memcpy(to, from, 4 * (size_t)width);
        for (int x = width; x < CELL_SIZE; x++)
            memcpy(to + 4 * x, from + 4 * (size_t)(width - 1), 4);
    }
    return content_of(cell, sizeof cell / CELL_SIZE);
}

static void judge_cell(struct photo_find *self, const struct view *view, const struct picture *picture, int cx, int cy)
{
    size_t i = view_cell(view, cx, cy);
    const struct frame_plane *plane = &picture->frame->planes[0];
    const uint8_t *pixels = plane->data + (size_t)cy * CELL_SIZE * plane->stride + (size_t)cx * CELL_SIZE * 4;
    int w = view_cell_width(view, cx), h = view_cell_height(view, cy);
    struct content content =
        w == CELL_SIZE && h == CELL_SIZE ? content_of(pixels, plane->stride) : judge_cut(pixels, plane->stride, w, h);
    self->hash[i] = picture->hash[i];
    self->kind[i] = (uint8_t)content_kind(&content);
    self->cost[i] = (uint16_t)content_exact_bytes(&content);
}

void photo_find_judge(struct photo_find *self, const struct plan *plan, const struct view *view,
                      const struct picture *picture, const uint8_t *skip)
{
    for (int cy = 0; cy < view->cells_y; cy++)
        for (int cx = 0; cx < view->cells_x; cx++) {
            size_t i = view_cell(view, cx, cy);
            if (plan->wanted[i] && self->hash[i] != picture->hash[i] && !(skip && skip[i]))
                judge_cell(self, view, picture, cx, cy);
        }
}

static enum content_kind kind_of(const struct photo_find *self, const struct picture *picture, size_t cell)
{
    return self->hash[cell] == picture->hash[cell] ? (enum content_kind)self->kind[cell] : CONTENT_DRAWN;
}

static bool is_part_of_one(const struct photo_find *self, const struct view *view, const struct picture *picture,
                           int cx, int cy)
{
    enum content_kind kind = kind_of(self, picture, view_cell(view, cx, cy));
    if (kind != CONTENT_SMOOTH)
        return kind == CONTENT_PHOTO;
    int neighbours = 0;
    for (int y = MAX(cy - 1, 0); y <= MIN(cy + 1, view->cells_y - 1); y++)
        for (int x = MAX(cx - 1, 0); x <= MIN(cx + 1, view->cells_x - 1); x++)
            neighbours += kind_of(self, picture, view_cell(view, x, y)) == CONTENT_PHOTO;
    return neighbours >= NEIGHBOURS_MIN;
}

enum {
    NOT_ONE,
    IS_ONE,
    SMOOTH, /* one if most of what it is connected to is */
    PART,   /* one, unless it is an icon */
    WALKED, /* added to either: it stands in the queue */
};

/* An area of cells that touch each other. */
struct area {
    uint32_t cells, photo, parts;
    bool adds; /* to a photograph that is there already */
};

static struct area walk(struct photo_find *self, const struct plan *plan, const struct view *view,
                        const struct picture *picture, uint32_t start)
{
    struct area area = {0};
    uint32_t head = 0;
    self->queue[area.cells++] = start;
    self->photo[start] += WALKED;
    while (head < area.cells) {
        uint32_t cell = self->queue[head++];
        area.photo += self->kind[cell] == CONTENT_PHOTO;
        area.parts += self->photo[cell] == PART + WALKED;
        int cx = (int)(cell % (uint32_t)view->cells_x), cy = (int)(cell / (uint32_t)view->cells_x);
        for (int y = MAX(cy - 1, 0); y <= MIN(cy + 1, view->cells_y - 1); y++)
            for (int x = MAX(cx - 1, 0); x <= MIN(cx + 1, view->cells_x - 1); x++) {
                uint32_t next = (uint32_t)view_cell(view, x, y);
                area.adds = area.adds || (!plan->wanted[next] && kind_of(self, picture, next) == CONTENT_PHOTO);
                if (self->photo[next] == SMOOTH || self->photo[next] == PART) {
                    self->photo[next] += WALKED;
                    self->queue[area.cells++] = next;
                }
            }
    }
    return area;
}

static void settle_area(struct photo_find *self, const struct area *area, struct photo_sum *sum)
{
    bool some = area->parts > 0 && (area->adds || area->parts >= CELLS_MIN);
    bool all = some && area->photo * PHOTO_SHARE >= area->cells;
    for (uint32_t k = 0; k < area->cells; k++) {
        uint32_t cell = self->queue[k];
        bool is = all || (some && self->photo[cell] == PART + WALKED);
        self->photo[cell] = is ? IS_ONE : NOT_ONE;
        sum->cells += is;
        sum->bytes += is ? self->cost[cell] : 0;
    }
}

struct photo_sum photo_find_areas(struct photo_find *self, const struct plan *plan, const struct view *view,
                                  const struct picture *picture)
{
    struct photo_sum sum = {0};
    uint32_t cells = (uint32_t)view->cells_x * (uint32_t)view->cells_y;
    for (int cy = 0; cy < view->cells_y; cy++)
        for (int cx = 0; cx < view->cells_x; cx++) {
            size_t i = view_cell(view, cx, cy);
            self->photo[i] = NOT_ONE;
            if (plan->wanted[i] && kind_of(self, picture, i) != CONTENT_DRAWN)
                self->photo[i] = is_part_of_one(self, view, picture, cx, cy) ? PART : SMOOTH;
        }
    for (uint32_t i = 0; i < cells; i++)
        if (self->photo[i] == SMOOTH || self->photo[i] == PART) {
            struct area area = walk(self, plan, view, picture, i);
            settle_area(self, &area, &sum);
        }
    return sum;
}
