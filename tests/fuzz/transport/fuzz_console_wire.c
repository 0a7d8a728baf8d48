/* A message of the console protocol as a client may send it; and the same bytes as a sentence for the page, which must
 * come out as UTF-8 that a browser takes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "transport/console_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct console_message message;
    uint8_t room[4 + CONSOLE_MAX_TEXT];
    char text[1024];
    if (!console_parse(data, size, &message) && (message.type < CONSOLE_HELLO || message.type > CONSOLE_SEAT_ANSWER))
        abort();

    size_t n = size < sizeof text ? size : sizeof text - 1;
    memcpy(text, data, n);
    text[n] = 0;
    struct wire_writer w = wire_writer_init(room, sizeof room);
    console_write_end(&w, 1, text);
    if (w.full || !utf8_valid((char *)room + 4, wire_written(&w) - 4))
        abort();

    /* all names as long as they come: it fits into its place in the outbox */
    struct console_seats seats = {.name = text, .n_askers = CONSOLE_ASKERS};
    for (unsigned i = 0; i < CONSOLE_ASKERS; i++)
        seats.askers[i].name = text;
    w = wire_writer_init(room, sizeof room);
    console_write_seats(&w, &seats);
    if (w.full || !utf8_valid((char *)room + 18, room[17]))
        abort();
    w = wire_writer_init(room, sizeof room);
    console_write_viewers(&w, &(struct console_viewers){.n = 1, .list = {{.name = text, .address = text}}});
    console_write_recording(&w, &(struct console_recording){.on = true, .every_s = 5, .name = text});
    if (w.full || !utf8_valid((char *)room + 9, room[8]))
        abort();
    return 0;
}
