#include "encode/atlas.h"

#include <errno.h>
#include <string.h>

#include "encode/update_format.h"
#include "video/csc.h"

#define SIDE_MAX 512 /* cells each way that a payload may have */

int atlas_init(struct atlas *self)
{
    *self = (struct atlas){.room = 0};
    return jpeg_writer_create(&self->writer);
}

void atlas_finish(struct atlas *self)
{
    jpeg_writer_destroy(self->writer);
    free(self->pixels);
}

static int make_room(struct atlas *self, size_t size)
{
    if (size <= self->room)
        return 0;
    free(self->pixels);
    self->pixels = malloc(size);
    self->room = self->pixels ? size : 0;
    return self->pixels ? 0 : -ENOMEM;
}

static void convert_line(uint8_t *to, const uint8_t *from, int width, const struct csc *csc)
{
    for (int x = 0; x < width; x++) {
        uint32_t pixel;
        memcpy(&pixel, from + 4 * x, 4);
        pixel = csc_to_rgb(csc, pixel);
        memcpy(to + 4 * x, &pixel, 4);
    }
}

/* One cell in RGB; what the picture's edge cuts off repeats the last pixels. */
static void take_cell(const struct frame *frame, int cx, int cy, uint8_t *to, size_t stride)
{
    int width = MIN(CELL_SIZE, frame->width - cx * CELL_SIZE), height = MIN(CELL_SIZE, frame->height - cy * CELL_SIZE);
    const struct frame_plane *plane = &frame->planes[0];
    const uint8_t *from = plane->data + (size_t)cy * CELL_SIZE * plane->stride + (size_t)cx * CELL_SIZE * 4;
    for (int y = 0; y < CELL_SIZE; y++, to += stride) {
        const uint8_t *line = from + (size_t)MIN(y, height - 1) * plane->stride;
        if (frame->colour == COLOUR_RGB)
            memcpy(to, line, (size_t)width * 4);
        else
            convert_line(to, line, width, csc_of(frame->colour));
        for (int x = width; x < CELL_SIZE; x++)
            memcpy(to + 4 * x, to + 4 * (width - 1), 4);
    }
}

static void gather(struct atlas *self, const struct frame *frame, const struct cell_rect *rects, unsigned n_rects,
                   int columns, int rows)
{
    size_t stride = (size_t)columns * CELL_SIZE * 4;
    int at = 0;
    struct cell_rect r = {0};
    for (unsigned i = 0; i < n_rects; i++) {
        r = rects[i];
        for (int k = 0; k < r.w * r.h; k++, at++)
            take_cell(frame, r.x + k % r.w, r.y + k / r.w,
                      self->pixels + (size_t)(at / columns) * CELL_SIZE * stride +
                          (size_t)(at % columns) * CELL_SIZE * 4,
                      stride);
    }
    for (; at < columns * rows; at++)
        take_cell(frame, r.x + r.w - 1, r.y + r.h - 1,
                  self->pixels + (size_t)(at / columns) * CELL_SIZE * stride + (size_t)(at % columns) * CELL_SIZE * 4,
                  stride);
}

/* A rectangle that lies wholly on the picture is coded where it stands. */
static bool stands_ready(const struct frame *frame, const struct cell_rect *rects, unsigned n_rects)
{
    return n_rects == 1 && frame->colour == COLOUR_RGB && (rects->x + rects->w) * CELL_SIZE <= frame->width &&
           (rects->y + rects->h) * CELL_SIZE <= frame->height;
}

int atlas_encode(struct atlas *self, const struct picture *picture, const struct cell_rect *rects, unsigned n_rects,
                 int quality, bool full_colour, struct atlas_jpeg *ret)
{
    const struct frame *frame = picture->frame;
    int cells = 0;
    for (unsigned i = 0; i < n_rects; i++)
        cells += rects[i].w * rects[i].h;
    int columns = MIN(MAX(MAX(rects[0].w, 1), (cells + SIDE_MAX - 1) / SIDE_MAX), SIDE_MAX);
    int rows = (cells + columns - 1) / columns;
    struct jpeg_picture jpeg = {.width = columns * CELL_SIZE, .height = rows * CELL_SIZE};
    if (stands_ready(frame, rects, n_rects) && columns == rects[0].w) {
        jpeg.stride = frame->planes[0].stride;
        jpeg.pixels =
            frame->planes[0].data + (size_t)rects[0].y * CELL_SIZE * jpeg.stride + (size_t)rects[0].x * CELL_SIZE * 4;
    } else {
        int r = make_room(self, (size_t)columns * (size_t)rows * UPDATE_CELL_PIXELS * 4);
        if (r < 0)
            return r;
        gather(self, frame, rects, n_rects, columns, rows);
        jpeg.pixels = self->pixels;
        jpeg.stride = (size_t)jpeg.width * 4;
    }
    *ret = (struct atlas_jpeg){.columns = columns, .rows = rows};
    return jpeg_writer_encode(self->writer, &jpeg, quality, full_colour, &ret->bytes, &ret->size);
}
