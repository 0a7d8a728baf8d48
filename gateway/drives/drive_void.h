/* In place of a source that is not there: each request is answered at once with the same error. */
#pragma once

#include "media/source.h"

/* error: -ENOTCONN, it may come back (reads wait in media/layers.h's patience); -EIO: it never does. */
int drive_void_create(uint64_t size, int error, struct source **ret);
