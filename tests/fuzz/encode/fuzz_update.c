/* Any bytes as an update body, on a small canvas between bytes that must stay as they are. The first two bytes choose
 * its size. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "encode/update_apply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct update_canvas canvas = {.width = 1 + data[0] % 200, .height = 1 + data[1] % 200};
    size_t bytes = (size_t)canvas.width * (size_t)canvas.height * 4;
    struct update_dirty dirty;
    canvas.pixels = malloc(bytes); /* the sanitizer guards both ends */
    uint8_t *body = malloc(size - 2 ? size - 2 : 1);
    if (!canvas.pixels || !body)
        abort();
    memset(canvas.pixels, 255, bytes);
    memcpy(body, data + 2, size - 2);
    update_apply(&canvas, body, size - 2, &dirty);
    if (dirty.count > UPDATE_MAX_DIRTY)
        abort();
    for (uint32_t i = 0; i < dirty.count; i++)
        if (dirty.rects[i].x + dirty.rects[i].w > canvas.width || dirty.rects[i].y + dirty.rects[i].h > canvas.height)
            abort();
    for (size_t i = 3; i < bytes; i += 4)
        if (canvas.pixels[i] != 255)
            abort();
    free(body);
    free(canvas.pixels);
    return 0;
}
