/* The newest picture of a screen with the hash and generation of each 16x16 cell: what a captured frame becomes after
 * the one pass over its pixels. Immutable and ref-counted once returned; any thread may read it. */
#pragma once

#include "core/ref.h"
#include "video/cell_hash.h"
#include "video/frame.h"

#define TILE_SIZE 64 /* pixels */
#define TILE_CELLS (TILE_SIZE / CELL_SIZE)

#define PICTURE_REST_US 500000

struct picture {
    struct ref ref;
    struct frame *frame; /* packed pixels: FOURCC_BGRX, or FOURCC_VYUX for a YUV source with its `colour` */
    int cells_x, cells_y;
    uint32_t generation;  /* of this picture: one more than the last of the same tracker */
    uint64_t *hash;       /* cells_x * cells_y keyed hashes of the cells' visible pixels: damage_ops.hash of frame */
    uint32_t *changed_in; /* per cell: generation that last changed it */
    uint64_t *changed_us; /* per cell: captured_us of that picture */
    uint64_t *began_us;   /* per cell: captured_us of the change that began the present run of changes: one that came
                             after PICTURE_REST_US without any */
    unsigned cells_changed;
};

struct picture *picture_ref(struct picture *self);
struct picture *picture_unref(struct picture *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct picture, picture_unref)

/* Turns successive frames of one screen into pictures. One thread (the capture thread). A BGRX frame becomes the
 * picture's own, without a copy; of all other formats the changed cells are packed into canvases of the tracker, and
 * the captured frame goes back at once, or with the next changed picture where it is needed for comparison
 * (video/scan.h). Nothing is allocated once as many pictures exist as are in use at a time. */
struct picture_tracker;

int picture_tracker_create(struct picture_tracker **ret);
struct picture_tracker *picture_tracker_destroy(struct picture_tracker *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct picture_tracker, picture_tracker_destroy)

struct picture_config {
    bool noise; /* tolerate the noise of an analogue source (video/noise.h): pictures are then canvases of the tracker,
                   also those from BGRX, and hints are not looked at. Default: off, every bit counts. */
};

/* Takes effect with the next frame, which is a new beginning when something changes. */
void picture_tracker_configure(struct picture_tracker *self, const struct picture_config *config);

/* Takes the frame, also on failure. Compares with the frame before (inside the hints, where they are valid), hashes
 * what changed. *ret is NULL when nothing changed. After a change of size, format or colour every cell counts as
 * changed. 0, -ENOMEM (also when too many pictures are in use), or -EINVAL for a frame of a size or format that we do
 * not know, or whose planes are too narrow. */
int picture_track(struct picture_tracker *self, struct frame *frame, struct picture **ret);
