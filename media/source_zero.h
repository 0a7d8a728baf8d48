/* Zeros for sources that have no quicker way to them. For media/source.c. */
#pragma once

#include "media/source.h"

/* The range was checked. The source must not be closed before done. */
void source_zero_by_writing(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data);
