/* From an older store's version to ours, step by step, with a copy before. */
#pragma once

#include "auth/keeper/store.h"

#define STORE_COPIES 2 /* of older versions are kept, the newest */

/* Nothing is changed unless the store is sound and a copy of it, NAME.vVERSION, is on the disk; a new store gets its
 * tables. A step that was cut off has not happened. On failure why says what and what to do. */
int store_migrate(struct store *self, const char *name, char *why, size_t size);

/* A whole copy of the store, as it is now, on the disk when this returns 0. Nothing may stand at `to` but a copy that
 * was cut off. */
int store_copy(struct store *self, const char *to);

/* True when SQLite finds nothing wrong with its pages and indexes. */
bool store_is_sound(struct store *self);
