/* The head of a recording: whatever is accepted lies within the limits and comes out the same when written again. */
#include <stdlib.h>
#include <string.h>

#include "capture/replay_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct replay_header header;
    const char *why = NULL;
    if (size < REPLAY_HEADER_SIZE)
        return 0;
    if (replay_header_parse(data, &header, &why) != SCREEN_OK) {
        if (!why || !*why)
            abort();
        return 0;
    }
    uint8_t again[REPLAY_HEADER_SIZE];
    replay_header_write(&header, again);
    if (memcmp(again, data, sizeof again) != 0 || header.width < 1 || header.width > FRAME_MAX_SIZE ||
        header.height < 1 || header.height > FRAME_MAX_SIZE)
        abort();
    return 0;
}
