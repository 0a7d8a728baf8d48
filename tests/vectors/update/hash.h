/* The hash by which vectors name a canvas: FNV-1a, 64 bits, over R, G, B of all pixels; as canvas_hash of the module.
 */
#pragma once

#include "encode/update_apply.h"

static inline uint64_t canvas_hash_of(const struct update_canvas *canvas)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < (size_t)canvas->width * (size_t)canvas->height * 4; i++)
        if (i % 4 != 3)
            hash = (hash ^ canvas->pixels[i]) * UINT64_C(0x100000001b3);
    return hash;
}
