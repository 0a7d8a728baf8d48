#include "encode/canvas.h"

#include <errno.h>
#include <string.h>

#include "core/attrs.h"
#include "encode/shelf.h"
#include "video/cell_hash.h"

/* Newest, mailbox, a cohort's encode each, a screenshot: more than these are never out in practice. */
#define MAX_CANVASES 16

struct canvas {
    struct frame frame; /* first: its release finds the canvas by it */
    uint32_t generation;
    uint8_t pixels[] __attribute__((aligned(64)));
};

struct canvases {
    struct shelf *shelf;
    int width, height;
    uint32_t fourcc;
    size_t stride;
    struct canvas *open;
    struct frame *newest;
};

int canvases_create(int width, int height, uint32_t fourcc, struct canvases **ret)
{
    _cleanup_free_ struct canvases *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->width = width;
    self->height = height;
    self->fourcc = fourcc;
    self->stride = ((size_t)width * 4 + 63) & ~(size_t)63;
    self->shelf = shelf_create(sizeof(struct canvas) + self->stride * (size_t)height, MAX_CANVASES);
    if (!self->shelf)
        return -ENOMEM;
    *ret = take(self);
    return 0;
}

struct canvases *canvases_destroy(struct canvases *self)
{
    if (!self)
        return NULL;
    frame_unref(self->newest);
    if (self->open)
        shelf_put(self->open);
    shelf_drop(self->shelf);
    free(self);
    return NULL;
}

const struct frame *canvases_newest(const struct canvases *self)
{
    return self->newest;
}

static void release(struct frame *frame)
{
    shelf_put(container_of(frame, struct canvas, frame));
}

struct frame *canvases_open(struct canvases *self)
{
    if (!self->open)
        self->open = shelf_take(self->shelf);
    if (!self->open)
        return NULL;
    struct canvas *canvas = self->open;
    canvas->frame = (struct frame){
        .width = self->width,
        .height = self->height,
        .fourcc = self->fourcc,
        .planes[0] = {.data = canvas->pixels, .stride = self->stride},
        .release = release,
    };
    ref_init(&canvas->frame.ref);
    return &canvas->frame;
}

uint8_t *canvas_pixels(struct frame *frame, int cx, int cy)
{
    struct canvas *canvas = container_of(frame, struct canvas, frame);
    return canvas->pixels + (size_t)cy * CELL_SIZE * frame->planes[0].stride + (size_t)cx * CELL_SIZE * 4;
}

/* Copies the cells from..to-1 of a row from the newest canvas; the padding at the right edge goes with them. */
static void fetch(struct canvases *self, int cy, int from, int to)
{
    const size_t at = (size_t)cy * CELL_SIZE * self->stride + (size_t)from * CELL_SIZE * 4;
    const size_t bytes = (size_t)(MIN(to * CELL_SIZE, self->width) - from * CELL_SIZE) * 4;
    const uint8_t *source = self->newest->planes[0].data + at;
    for (int y = 0; y < MIN(CELL_SIZE, self->height - cy * CELL_SIZE); y++)
        memcpy(self->open->pixels + at + (size_t)y * self->stride, source + (size_t)y * self->stride, bytes);
}

static void catch_up(struct canvases *self, uint32_t generation, const uint32_t *changed_in)
{
    const int cells_x = (self->width + CELL_SIZE - 1) / CELL_SIZE, cells_y = (self->height + CELL_SIZE - 1) / CELL_SIZE;
    const uint32_t age = generation - self->open->generation;
    for (int cy = 0; cy < cells_y; cy++, changed_in += cells_x) {
        int from = 0, cx = 0;
        for (; cx < cells_x; cx++) {
            uint32_t since = generation - changed_in[cx];
            if (since > 0 && since < age)
                continue;
            if (cx > from)
                fetch(self, cy, from, cx);
            from = cx + 1;
        }
        if (cx > from)
            fetch(self, cy, from, cx);
    }
}

struct frame *canvases_publish(struct canvases *self, uint32_t generation, const uint32_t *changed_in)
{
    struct canvas *canvas = self->open;
    if (self->newest)
        catch_up(self, generation, changed_in);
    canvas->generation = generation;
    frame_unref(self->newest);
    self->newest = &canvas->frame;
    self->open = NULL;
    return frame_ref(&canvas->frame);
}
