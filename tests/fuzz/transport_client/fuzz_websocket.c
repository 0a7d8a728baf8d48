/* What a gateway sends to the command line's websocket: the answer to the request, then frames in pieces whose sizes
 * the first byte sets. A message never exceeds the limit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "transport/client/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT 200
#define ROOM (LIMIT + WEBSOCKET_HEAD_MAX + 125)

static void read_frames(const uint8_t *data, size_t size, size_t piece)
{
    uint8_t *room = malloc(ROOM);
    struct websocket_reader reader;
    struct websocket_message m;
    int r = 0;
    if (!room)
        return;
    websocket_reader_init(&reader, room, ROOM, LIMIT);
    while (size && r >= 0) {
        size_t n;
        uint8_t *to = websocket_reader_room(&reader, &n);
        n = MIN(n, MIN(piece, size));
        if (n == 0)
            abort();
        memcpy(to, data, n);
        websocket_reader_add(&reader, n);
        data += n;
        size -= n;
        while ((r = websocket_reader_next(&reader, &m)) > 0)
            if (m.size > LIMIT || m.bytes < room || m.bytes + m.size > room + ROOM)
                abort();
    }
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t used;
    int status;
    if (!size)
        return 0;
    if (websocket_answer((const char *)data, size, "chat", "dGhlIHNhbXBsZSBub25jZQ==", &used, &status) == 1 &&
        used > size)
        abort();
    read_frames(data + 1, size - 1, 1u + data[0]);
    return 0;
}
