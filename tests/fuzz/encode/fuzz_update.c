/* Any bytes as an update body, on a small canvas between bytes that must stay as they are. The first three bytes choose
 * its size and colour. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "replica/replica.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    struct replica *replica;
    uint8_t *body = malloc(size - 3 ? size - 3 : 1);
    if (replica_create(&replica) < 0 || replica_mode(replica, 1 + data[0] % 200, 1 + data[1] % 200, data[2] % 5) < 0 ||
        !body)
        abort();
    memcpy(body, data + 3, size - 3);
    replica_apply(replica, body, size - 3);
    const struct update_canvas *canvas = replica_canvas(replica);
    const struct update_dirty *dirty = replica_dirty(replica);
    if (dirty->count > UPDATE_MAX_DIRTY)
        abort();
    for (uint32_t i = 0; i < dirty->count; i++)
        if (dirty->rects[i].x + dirty->rects[i].w > canvas->width ||
            dirty->rects[i].y + dirty->rects[i].h > canvas->height)
            abort();
    for (size_t i = 3; i < (size_t)canvas->width * (size_t)canvas->height * 4; i += 4)
        if (canvas->pixels[i] != 255)
            abort();
    free(body);
    replica_destroy(replica);
    return 0;
}
