/* Whole frames, exact: ours from a blank canvas against lossless WebP. */
#pragma once

#include "bench/reel.h"

/* Prints rows for the reel, of a few of its frames. */
void lossless_rows(const struct reel *reel);
