/* The map of a copy as it is found on the disk after a crash, or after somebody else wrote to it: what is believed fits
 * the medium, counts right, and is written down again as it was read. */
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "media/library_copy_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct copy_map *map)
{
    uint64_t have = 0, bytes = 0;
    for (uint64_t i = 0; i < map->n_blocks; i++)
        if (copy_map_has(map, i)) {
            have++;
            bytes += copy_map_length(map, i);
            if (!copy_map_taken(map, i))
                abort();
        }
    if (have != map->n_have || bytes != map->have_bytes || bytes > map->size)
        abort();
    uint64_t missing = copy_map_missing(map, 0, map->n_blocks);
    if (missing < map->n_blocks ? copy_map_has(map, missing) : have != map->n_blocks)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t id[16] = {7}, unit[COPY_UNIT], again[COPY_UNIT];
    struct copy_map map;
    if (size < 4)
        return 0;
    uint64_t medium = ((uint64_t)(data[0] | data[1] << 8) << 12) + data[2] + 1; /* up to 256 MiB */
    if (copy_map_init(&map, medium, id) < 0)
        return 0;
    memset(unit, 0, sizeof unit);
    memcpy(unit, data + 4, MIN(size - 4, sizeof unit));
    (void)copy_map_header_fits(&map, unit);
    if (data[3] & 1) { /* with a check that is right, which no input would find by itself */
        for (uint64_t i = 0; i < map.n_blocks && i < 8 * (COPY_UNIT - 8); i++)
            if (unit[i / 8] >> i % 8 & 1)
                copy_map_set(&map, i);
        copy_map_unit(&map, 0, unit);
        unit[data[3] & 0xfe] ^= data[2] & 0x10; /* and now and then wrong again */
        copy_map_finish(&map);
        if (copy_map_init(&map, medium, id) < 0)
            return 0;
    }
    bool loaded = copy_map_unit_load(&map, 0, unit);
    check(&map);
    copy_map_unit(&map, 0, again);
    if (loaded && map.n_blocks >= COPY_UNIT_BLOCKS && memcmp(unit, again, sizeof unit) != 0)
        abort();
    if (!loaded && map.n_have)
        abort();
    copy_map_finish(&map);
    return 0;
}
