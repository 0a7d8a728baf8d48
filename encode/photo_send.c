#include "encode/photo_send.h"

#include <errno.h>
#include <string.h>

int photo_send_init(struct photo_send *self)
{
    self->begin_row = 0;
    return atlas_init(&self->atlas);
}

void photo_send_finish(struct photo_send *self)
{
    atlas_finish(&self->atlas);
}

static bool row_is(const uint8_t *cells, const struct view *view, int cx, int w, int cy)
{
    return memchr(cells + view_cell(view, cx, cy), 0, (size_t)w) == NULL;
}

static struct cell_rect cut_one(uint8_t *cells, const struct view *view, int cx, int cy, unsigned most)
{
    struct cell_rect r = {.x = cx, .y = cy, .w = 1, .h = 1};
    while (r.x + r.w < view->cells_x && (unsigned)r.w < most && cells[view_cell(view, r.x + r.w, cy)])
        r.w++;
    while (r.y + r.h < view->cells_y && (unsigned)(r.w * (r.h + 1)) <= most && row_is(cells, view, r.x, r.w, r.y + r.h))
        r.h++;
    for (int y = r.y; y < r.y + r.h; y++)
        memset(cells + view_cell(view, r.x, y), 0, (size_t)r.w);
    return r;
}

int cut_rectangles(uint8_t *cells, const struct view *view, unsigned begin_row, unsigned cells_most,
                   struct cell_rect *rects, int room)
{
    int n = 0;
    for (int i = 0; i < view->cells_y; i++) {
        int cy = (int)((begin_row + (unsigned)i) % (unsigned)view->cells_y);
        for (int cx = 0; cx < view->cells_x; cx++) {
            if (!cells[view_cell(view, cx, cy)])
                continue;
            if (n == room || cells_most == 0)
                return n;
            rects[n] = cut_one(cells, view, cx, cy, cells_most);
            cells_most -= (unsigned)(rects[n].w * rects[n].h);
            n++;
        }
    }
    return n;
}

static void put_largest_first(struct cell_rect *rects, int n)
{
    int largest = 0;
    for (int i = 1; i < n; i++)
        if (rects[i].w * rects[i].h > rects[largest].w * rects[largest].h)
            largest = i;
    struct cell_rect first = rects[0];
    rects[0] = rects[largest];
    rects[largest] = first;
}

/* What does not fit after all waits for the next update. */
static int drop_half(struct cell_rect *rects, int n)
{
    if (n > 1)
        return n / 2;
    if (rects[0].h > 1)
        rects[0].h /= 2;
    else
        rects[0].w /= 2;
    return rects[0].w > 0;
}

int photo_send_write(struct photo_send *self, const struct photo_order *order, const struct view *view,
                     const struct picture *picture, struct update_writer *writer, struct cell_rect *rects, int room,
                     unsigned *ret_cells, size_t *ret_bytes)
{
    struct atlas_jpeg jpeg = {.size = 0};
    int n = cut_rectangles(order->cells, view, self->begin_row, order->cells_most, rects, room);
    unsigned last_row = n > 0 ? (unsigned)(rects[n - 1].y + rects[n - 1].h) : 0;
    if (n > 0)
        put_largest_first(rects, n);
    while (n > 0) {
        int r = atlas_encode(&self->atlas, picture, rects, (unsigned)n, order->quality, order->full_colour, &jpeg);
        if (r < 0)
            return r == -ENOMEM ? r : 0;
        if (jpeg.size + UPDATE_PAYLOAD_OP_MAX(n) <= update_writer_room(writer))
            break;
        n = drop_half(rects, n);
    }
    if (n == 0)
        return 0;
    update_write_photo(writer, jpeg.bytes, jpeg.size, jpeg.columns, jpeg.rows, rects, (unsigned)n);
    *ret_cells = 0;
    for (int i = 0; i < n; i++)
        *ret_cells += (unsigned)(rects[i].w * rects[i].h);
    *ret_bytes = jpeg.size;
    self->begin_row = last_row < (unsigned)view->cells_y ? last_row : 0;
    return n;
}
