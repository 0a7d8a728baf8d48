/* What gateway, outward process and supervisor read from each other: the first byte chooses the message. What is
 * accepted must come out the same when it is written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/outward/outward_setup.h"
#include "gateway/outward/outward_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t room[1 << 16];

#define ROUND_TRIP(kind)                                                                                               \
    do {                                                                                                               \
        static struct outward_##kind a, b;                                                                             \
        if (outward_read_##kind(data, size, &a)) {                                                                     \
            struct wire_writer w = wire_writer_init(room, sizeof room);                                                \
            outward_write_##kind(&w, &a);                                                                              \
            if (w.full || wire_written(&w) != size || memcmp(room, data, size) != 0 ||                                 \
                !outward_read_##kind(room, wire_written(&w), &b))                                                      \
                abort();                                                                                               \
        }                                                                                                              \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t token[OUTWARD_TOKEN_SIZE];
    if (size == 0)
        return 0;
    uint8_t which = *data++ % 5;
    size--;
    switch (which) {
    case 0:
        ROUND_TRIP(open);
        break;
    case 1:
        ROUND_TRIP(opened);
        break;
    case 2:
        ROUND_TRIP(state);
        break;
    case 3:
        ROUND_TRIP(setup);
        break;
    case 4:
        if (outward_read_token(data, size, token) && (size != sizeof token || memcmp(token, data, size) != 0))
            abort();
        break;
    }
    return 0;
}
