/* What gateway and reader say to each other: whatever is taken is within bounds, and comes out the same when it is said
 * again. */
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "gateway/reader/reader_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reader_answer answer;
    static uint8_t room[IPC_MAX_BODY];
    struct reader_ask ask;
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (reader_read_ask(data, size, &ask)) {
        if (!reader_language_is_name(ask.language) || (uint32_t)ask.width * ask.height > READER_MOST_PIXELS)
            abort();
        reader_write_ask(&w, &ask);
        if (w.full || wire_written(&w) != size || memcmp(room, data, size) != 0)
            abort();
    }
    w = wire_writer_init(room, sizeof room);
    if (reader_read_answer(data, size, &answer)) {
        if (answer.error > 0 || !utf8_valid(answer.text, strlen(answer.text)))
            abort();
        reader_write_answer(&w, answer.error, answer.text);
        if (w.full || wire_written(&w) != size || memcmp(room, data, size) != 0)
            abort();
    }
    return 0;
}
