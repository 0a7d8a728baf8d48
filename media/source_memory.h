/* A medium in memory: for tests, and for small media that are made up on the spot. */
#pragma once

#include "media/source.h"

/* Copies bytes; NULL: zeros. Requests end before they return. -ENOMEM. */
int source_memory_create(const void *bytes, size_t size, bool read_only, struct source **ret);

/* self is a memory source. From now on requests wait (at most 64 at a time, the rest fail with -EIO) until they are
 * let go, the newest first, with this error (0: as they should). For tests of order, slowness and failure. */
void source_memory_hold(struct source *self);
unsigned source_memory_held(const struct source *self);
void source_memory_let_go(struct source *self, int error);
