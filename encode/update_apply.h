/* Applies an update body (docs/update-format.md) to a framebuffer. Used by native tests and benches and, compiled to
 * freestanding WASM, by the page: no C library here. The body is hostile: any bytes give a result or false, never a
 * write outside.
 *
 * A body may carry payloads that somebody else decodes: update_scan lists them, the caller decodes them in the order in
 * which their bodies came, and gives the pictures to update_apply. */
#pragma once

#include "encode/slot_model.h"
#include "encode/tile_decode.h"
#include "encode/update_canvas.h"
#include "encode/update_format.h"

struct update_payload {
    enum update_payload_kind kind;
    uint8_t stream;         /* video: 0..UPDATE_STREAMS-1 */
    bool key;               /* video: needs no frame before */
    uint16_t width, height; /* pixels, multiples of 16: what it must decode to */
    uint32_t offset, size;  /* where in the body */
};

/* How many payloads (filled into ret), or -1: malformed so far. */
int update_scan(const uint8_t *body, size_t size, struct update_payload ret[UPDATE_MAX_PAYLOADS]);

/* A payload decoded. RGBA: rows of width * 4 bytes. I420: planes Y, U, V one behind the other, without padding; of an
 * RGB canvas in BT.601 full range, of a YUV canvas in the source's own matrix and range. */
enum update_image_layout {
    UPDATE_IMAGE_NONE, /* malformed if an op asks for it */
    UPDATE_IMAGE_RGBA,
    UPDATE_IMAGE_I420,
};
struct update_image {
    enum update_image_layout layout;
    const uint8_t *pixels;
};

static inline size_t update_image_size(enum update_image_layout layout, size_t width, size_t height)
{
    return layout == UPDATE_IMAGE_RGBA ? width * height * 4 : layout == UPDATE_IMAGE_I420 ? width * height * 3 / 2 : 0;
}

/* The client's cell cache; it outlives canvases. */
struct update_slots {
    uint32_t *pixels; /* UPDATE_SLOTS x UPDATE_CELL_PIXELS words as they stand on a canvas */
    uint8_t *state;   /* UPDATE_SLOTS of enum update_slot_state */
};
enum update_slot_state {
    UPDATE_SLOT_EMPTY,
    UPDATE_SLOT_EXACT,
    UPDATE_SLOT_LOSSY,
};

#define UPDATE_MAX_DIRTY 256

/* Rectangles in pixels that an update painted: x, y, w, h. When more would be needed they are merged. */
struct update_dirty {
    uint32_t count;
    struct {
        uint16_t x, y, w, h;
    } rects[UPDATE_MAX_DIRTY];
};

struct update_applier {
    struct update_canvas canvas;
    struct update_slots slots;
    struct tile_decoder tiles; /* what tiles have taught: lives from one body to the next */
    struct slot_model slot_model;
    bool slot_model_ready;
};

/* For a new canvas, whose pixels and lossy flags the caller has set (black, exact). Leaves the slots alone. */
void update_applier_begin(struct update_applier *self);

/* images: one for each payload that update_scan lists. False: the body is malformed; the canvas may be partly painted,
 * but only inside itself, and nothing may follow but a new canvas. */
bool update_apply(struct update_applier *self, const uint8_t *body, size_t size, const struct update_image *images,
                  struct update_dirty *dirty);
