/* Pictures that a source draws by rectangles and publishes as frames without copying them whole. One surface is the
 * drawing surface, seen by nobody; publishing turns it into a frame and takes another, which first catches up on the
 * rectangles it missed while it was out (buffer age). A published frame is never written again: when every surface is
 * out, drawing goes on in the unpublished one and its damage gathers until a frame comes back.
 *
 * One thread draws and publishes; frames may be released on any thread, also after the pool is gone. BGRX only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "video/frame.h"

#define SURFACE_POOL_MIN 3
#define SURFACE_POOL_MAX 16

struct surface_pool;

/* surfaces: SURFACE_POOL_MIN..MAX, allocated when first needed. returned (may be NULL) is called when a publish was
 * refused with -EAGAIN and a frame has come back since: on any thread, with a lock held; it may only signal. */
int surface_pool_create(unsigned surfaces, void (*returned)(void *data), void *data, struct surface_pool **ret);
struct surface_pool *surface_pool_destroy(struct surface_pool *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct surface_pool, surface_pool_destroy)

/* Begins a picture of another size (1..FRAME_MAX_SIZE), black, wholly damaged; frames still out are not touched.
 * -EINVAL, -ENOMEM (the pool then has no size). */
int surface_pool_resize(struct surface_pool *self, int width, int height);

int surface_pool_width(const struct surface_pool *self); /* 0: no size yet */
int surface_pool_height(const struct surface_pool *self);

/* Copies r, which lies inside the picture, from pixels (stride in bytes). Small rectangles are compared first, and only
 * the rows from the first to the last that differ count as damage. */
void surface_pool_put(struct surface_pool *self, struct rect r, const uint8_t *pixels, size_t stride);

bool surface_pool_is_damaged(const struct surface_pool *self);

/* Publishes what was drawn, with the damage as hints (not valid for the first frame of a size). The reference is the
 * caller's. always: also when nothing changed. 0; 1: nothing to publish; -EAGAIN: all surfaces are out, see `returned`;
 * -ENOMEM. */
int surface_pool_publish(struct surface_pool *self, bool always, uint64_t captured_us, struct frame **ret);
