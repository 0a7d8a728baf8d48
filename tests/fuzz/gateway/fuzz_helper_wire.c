/* What gateway and helper read from each other: the first byte chooses the message. What is accepted must come out the
 * same when it is written and read again, and hold no index or length that its reader would have to check once more. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control/control_dongle.h"
#include "gateway/helper/helper_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t room[1 << 16];

#define ROUND_TRIP(prefix, kind)                                                                                       \
    do {                                                                                                               \
        static struct prefix##_##kind a, b;                                                                            \
        if (prefix##_read_##kind(data, size, &a)) {                                                                    \
            struct wire_writer w = wire_writer_init(room, sizeof room);                                                \
            prefix##_write_##kind(&w, &a);                                                                             \
            if (w.full || wire_written(&w) != size || memcmp(room, data, size) != 0 ||                                 \
                !prefix##_read_##kind(room, wire_written(&w), &b))                                                     \
                abort();                                                                                               \
        }                                                                                                              \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    uint8_t which = *data++ & 7;
    size--;
    switch (which) {
    case 0:
        ROUND_TRIP(helper, target);
        ROUND_TRIP(helper, name);
        break;
    case 1:
        ROUND_TRIP(helper, up);
        break;
    case 2:
        ROUND_TRIP(helper, drive);
        break;
    case 3:
        ROUND_TRIP(helper, insert);
        break;
    case 4:
        ROUND_TRIP(helper, press);
        break;
    case 5:
        ROUND_TRIP(helper, answer);
        break;
    case 6:
        ROUND_TRIP(helper, state);
        break;
    case 7:
        ROUND_TRIP(control, dongle);
        break;
    }
    return 0;
}
