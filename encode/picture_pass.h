/* Part of encode/picture.c: what is known of a screen's cells from one picture to the next, and the pass over one
 * frame. */
#pragma once

#include "encode/canvas.h"
#include "encode/picture.h"
#include "encode/shelf.h"
#include "video/damage.h"
#include "video/noise.h"
#include "video/scan.h"

/* Arrays of one block of memory, so that a picture gets all of them by one copy. */
struct cell_arrays {
    uint64_t *hash, *changed_us, *began_us;
    uint32_t *changed_in;
};

/* A screen of one size, format and colour. */
struct tracked {
    int width, height, cells_x, cells_y;
    uint32_t fourcc;
    uint8_t colour;
    const struct cell_key *key;
    const struct cell_layout *layout;
    const struct scan_ops *scan;
    const struct damage_ops *packed;
    bool known; /* there was a picture: the arrays are filled */
    struct cell_arrays cells;
    uint64_t *captured; /* hash of each cell in the capture's format; NULL: that is cells.hash, or nothing is hashed */
    struct frame *before;      /* where pictures are compared: the last one that changed something */
    struct canvases *canvases; /* NULL: captured frames are the pictures' own */
    struct shelf *pictures;
    struct noise *noise; /* NULL: every bit counts */
    uint8_t *differs;    /* with it: bool per cell of the frame at hand */
};

/* On failure there is nothing to finish. -ENOMEM, -EINVAL. */
int tracked_init(struct tracked *self, const struct frame *frame, bool noise);
void tracked_finish(struct tracked *self);
bool tracked_fits(const struct tracked *self, const struct frame *frame);

/* One frame on its way. The picture is begun at the first change. */
struct pass {
    struct tracked *tracked;
    struct frame *frame; /* borrowed */
    struct picture *picture;
    struct frame *canvas;
    uint32_t generation;
    unsigned changed;
};

/* Makes room for a picture; nothing happens at the second call. -ENOMEM. */
int pass_open(struct pass *self);

/* Notes that a cell changed, after its pixels have been written to the canvas, where there is one. hash: NULL, or that
 * of its packed pixels. */
void pass_change(struct pass *self, int cx, int cy, const uint64_t *hash);

/* Looks at the cells of a row that `look` marks; -ENOMEM before the first change was noted, or 0. */
int pass_scan_row(struct pass *self, int cy, const uint8_t *look);

/* The same for all cells of a noisy frame. */
int pass_clean(struct pass *self);

/* The finished picture; the reference is the caller's. */
struct picture *pass_end(struct pass *self);
