/* What supervisor and gateway read from each other: the first byte chooses the message. What is accepted must come out
 * the same when it is written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control/control.h"
#include "gateway/control/control_clock.h"
#include "gateway/control/control_net.h"
#include "gateway/drives/drive_notes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUND_TRIP(kind)                                                                                               \
    do {                                                                                                               \
        static struct control_##kind a, b;                                                                             \
        if (control_read_##kind(data + 1, size - 1, &a)) {                                                             \
            struct wire_writer w = wire_writer_init(room, sizeof room);                                                \
            control_write_##kind(&w, &a);                                                                              \
            if (w.full || !control_read_##kind(room, wire_written(&w), &b) || memcmp(&a, &b, sizeof a) != 0)           \
                abort();                                                                                               \
        }                                                                                                              \
    } while (0)

static void fuzz_notes(const uint8_t *data, size_t size)
{
    struct drive_notes notes, again;
    char room[4096], *text = malloc(size + 1);
    if (!text)
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    drive_notes_parse(text, &notes);
    if (drive_notes_print(&notes, room, sizeof room) > 0)
        drive_notes_parse(room, &again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[1 << 16];
    if (size == 0)
        return 0;
    uint64_t us;
    switch (data[0] % 12) {
    case 10:
        ROUND_TRIP(place);
        break;
    case 11:
        ROUND_TRIP(gone);
        break;
    case 8:
        ROUND_TRIP(net);
        break;
    case 9:
        ROUND_TRIP(listen);
        break;
    case 0:
        ROUND_TRIP(setup);
        break;
    case 1:
        ROUND_TRIP(target);
        break;
    case 2:
        ROUND_TRIP(vm);
        break;
    case 6:
        ROUND_TRIP(wake);
        break;
    case 7:
        ROUND_TRIP(woken);
        break;
    case 3:
        fuzz_notes(data + 1, size - 1);
        break;
    case 4:
        ROUND_TRIP(clock);
        break;
    case 5:
        if (control_read_set_clock(data + 1, size - 1, &us) != (size == 9))
            abort();
        break;
    }
    return 0;
}
