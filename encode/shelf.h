/* Blocks of one size that are taken by one thread and put back by any: pictures and canvases of a screen, so that no
 * memory is allocated once as many exist as are in use at a time. What a block holds is kept while it lies on the
 * shelf. The owner may let go of the shelf while blocks are out: it goes with the last of them. */
#pragma once

#include <stddef.h>

struct shelf;

/* NULL: out of memory. */
struct shelf *shelf_create(size_t size, unsigned max);
struct shelf *shelf_drop(struct shelf *self); /* the owner's last call; NULL allowed; returns NULL */

/* Aligned to 64 bytes; all 0 when new. The one put back last comes first. NULL: `max` are out, or out of memory. */
void *shelf_take(struct shelf *self);
void shelf_put(void *block); /* any thread */
