#include "encode/picture_pass.h"

#include <errno.h>
#include <string.h>

#include "core/cpu.h"
#include "video/cell_pack.h"

#define MAX_PICTURES 32

static size_t cells_of(const struct tracked *self)
{
    return (size_t)self->cells_x * (size_t)self->cells_y;
}

static size_t arrays_size(size_t cells)
{
    return cells * (3 * sizeof(uint64_t) + sizeof(uint32_t));
}

static struct cell_arrays arrays_at(uint64_t *memory, size_t cells)
{
    return (struct cell_arrays){.hash = memory,
                                .changed_us = memory + cells,
                                .began_us = memory + 2 * cells,
                                .changed_in = (uint32_t *)(memory + 3 * cells)};
}

static bool planes_fit(const struct cell_layout *layout, const struct frame *frame)
{
    for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++)
        if (!frame->planes[p].data || frame->planes[p].stride < cell_layout_line_bytes(layout, p, frame->width))
            return false;
    return true;
}

bool tracked_fits(const struct tracked *self, const struct frame *frame)
{
    return self->width == frame->width && self->height == frame->height && self->fourcc == frame->fourcc &&
           self->colour == frame->colour && planes_fit(self->layout, frame);
}

static int acquire(struct tracked *self, bool noise)
{
    const size_t cells = cells_of(self);
    uint32_t packed = cell_pack_fourcc(self->fourcc);
    uint64_t *memory = malloc(arrays_size(cells));
    if (!memory)
        return -ENOMEM;
    self->cells = arrays_at(memory, cells);
    self->pictures = shelf_create(sizeof(struct picture) + arrays_size(cells), MAX_PICTURES);
    if (!self->pictures)
        return -ENOMEM;
    if (noise || packed != self->fourcc) {
        int r = canvases_create(self->width, self->height, packed, &self->canvases);
        if (r < 0)
            return r;
    }
    if (noise) {
        self->differs = malloc(cells);
        return self->differs ? noise_create(self->width, self->height, &self->noise) : -ENOMEM;
    }
    if (self->canvases && self->scan->by_hash) {
        self->captured = malloc(cells * sizeof self->captured[0]);
        if (!self->captured)
            return -ENOMEM;
    }
    return 0;
}

int tracked_init(struct tracked *self, const struct frame *frame, bool noise)
{
    *self = (struct tracked){.width = 0};
    const struct cell_layout *layout = cell_layout_of(frame->fourcc);
    if (!layout || frame->width < 1 || frame->height < 1 || frame->width > FRAME_MAX_SIZE ||
        frame->height > FRAME_MAX_SIZE || !planes_fit(layout, frame))
        return -EINVAL;
    *self = (struct tracked){
        .width = frame->width,
        .height = frame->height,
        .cells_x = (frame->width + CELL_SIZE - 1) / CELL_SIZE,
        .cells_y = (frame->height + CELL_SIZE - 1) / CELL_SIZE,
        .fourcc = frame->fourcc,
        .colour = frame->colour,
        .key = cell_hash_key(),
        .layout = layout,
        .scan = scan_ops_find(layout, cpu_features()),
        .packed = damage_ops_find(FOURCC_BGRX, cpu_features()),
    };
    int r = acquire(self, noise);
    if (r < 0)
        tracked_finish(self);
    return r;
}

void tracked_finish(struct tracked *self)
{
    free(self->cells.hash);
    free(self->captured);
    frame_unref(self->before);
    canvases_destroy(self->canvases);
    shelf_drop(self->pictures);
    noise_destroy(self->noise);
    free(self->differs);
    *self = (struct tracked){.width = 0};
}

int pass_open(struct pass *self)
{
    struct tracked *t = self->tracked;
    if (self->picture)
        return 0;
    if (t->canvases) {
        self->canvas = canvases_open(t->canvases); /* stays open when there is no picture for it */
        if (!self->canvas)
            return -ENOMEM;
    }
    self->picture = shelf_take(t->pictures);
    return self->picture ? 0 : -ENOMEM;
}

void pass_change(struct pass *self, int cx, int cy, const uint64_t *hash)
{
    struct tracked *t = self->tracked;
    const size_t i = (size_t)cy * (size_t)t->cells_x + (size_t)cx;
    const uint64_t now = self->frame->captured_us;
    if (hash) {
        t->cells.hash[i] = *hash;
    } else {
        const struct frame *frame = self->canvas ? self->canvas : self->frame;
        const struct frame_plane *plane = &frame->planes[0];
        const uint8_t *at = plane->data + (size_t)cy * CELL_SIZE * plane->stride + (size_t)cx * CELL_SIZE * 4;
        t->cells.hash[i] = t->packed->hash(t->key, at, plane->stride, MIN(CELL_SIZE, t->width - cx * CELL_SIZE),
                                           MIN(CELL_SIZE, t->height - cy * CELL_SIZE));
    }
    if (!t->known || now - t->cells.changed_us[i] >= PICTURE_REST_US)
        t->cells.began_us[i] = now;
    t->cells.changed_us[i] = now;
    t->cells.changed_in[i] = self->generation;
    self->changed++;
}

struct picture *pass_end(struct pass *self)
{
    struct tracked *t = self->tracked;
    const size_t cells = cells_of(t);
    struct picture *picture = self->picture;
    struct cell_arrays arrays = arrays_at((uint64_t *)(picture + 1), cells);
    memcpy(arrays.hash, t->cells.hash, arrays_size(cells));
    struct frame *frame;
    if (t->canvases) {
        self->canvas->captured_us = self->frame->captured_us;
        self->canvas->colour = self->frame->colour;
        frame = canvases_publish(t->canvases, self->generation, arrays.changed_in);
    } else {
        frame = frame_ref(self->frame);
    }
    *picture = (struct picture){
        .frame = frame,
        .cells_x = t->cells_x,
        .cells_y = t->cells_y,
        .generation = self->generation,
        .hash = arrays.hash,
        .changed_in = arrays.changed_in,
        .changed_us = arrays.changed_us,
        .began_us = arrays.began_us,
        .cells_changed = self->changed,
    };
    ref_init(&picture->ref);
    if (!t->scan->by_hash && !t->noise) {
        frame_unref(t->before);
        t->before = frame_ref(self->frame);
    }
    t->known = true;
    return picture;
}
