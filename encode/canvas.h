/* Packed pictures that the tracker makes itself, for captures in other formats and for those it cleans of noise. Each
 * is published once as a frame and never written again before its last reader let go; then it is brought up to date
 * from its own age on (buffer age), so that only changed cells are ever written. One thread; frames may be released on
 * any, also after the canvases are gone. */
#pragma once

#include <stdint.h>

#include "video/frame.h"

struct canvases;

/* fourcc: of the packed pixels. -ENOMEM. */
int canvases_create(int width, int height, uint32_t fourcc, struct canvases **ret);
struct canvases *canvases_destroy(struct canvases *self); /* NULL allowed; returns NULL */

/* The frame published last, NULL at first. It stays the canvases'. */
const struct frame *canvases_newest(const struct canvases *self);

/* A canvas to write changed cells into; the same one until it is published. NULL: too many are out, or no memory. */
struct frame *canvases_open(struct canvases *self);
uint8_t *canvas_pixels(struct frame *canvas, int cx, int cy); /* of a cell of an open one; stride is planes[0].stride */

/* Publishes the open canvas as picture `generation`. changed_in: for each cell the picture that changed it last; those
 * of `generation` have been written, those that changed since the canvas' own age are fetched here. The reference is
 * the caller's. */
struct frame *canvases_publish(struct canvases *self, uint32_t generation, const uint32_t *changed_in);
