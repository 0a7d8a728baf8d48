#include "core/attrs.h"
#include "media/library_copy_internal.h"

uint64_t copy_order_next(const struct copy_order *self, const struct copy_map *map)
{
    for (unsigned i = 0; i < self->n_wanted; i++)
        if (!copy_map_taken(map, self->wanted[i]))
            return self->wanted[i];
    if (self->only_wanted)
        return map->n_blocks;
    for (unsigned i = 0; i < self->n_ranges; i++) {
        const struct image_range *range = &self->ranges[i];
        uint64_t end = MIN((range->offset + range->size + COPY_BLOCK - 1) / COPY_BLOCK, map->n_blocks);
        uint64_t block = copy_map_missing(map, range->offset / COPY_BLOCK, end);
        if (block < end)
            return block;
    }
    uint64_t block = copy_map_missing(map, self->position, map->n_blocks);
    return block < map->n_blocks ? block : copy_map_missing(map, 0, map->n_blocks);
}
