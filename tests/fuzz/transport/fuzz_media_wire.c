/* A message of the media protocol, as either side may get it: what is taken is written again to the same bytes, and
 * keeps to the protocol's bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "transport/media_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(struct wire_writer *w, const struct media_message *m)
{
    switch (m->type) {
    case MEDIA_HELLO:
        media_write_hello(w, &m->hello);
        break;
    case MEDIA_DATA:
        media_write_data_header(w, m->data.request);
        wire_write_bytes(w, m->data.bytes, m->data.size);
        break;
    case MEDIA_FAIL:
        media_write_fail(w, m->fail.reason, m->fail.request);
        break;
    case MEDIA_BYE:
        media_write_bye(w);
        break;
    case MEDIA_READ:
        media_write_read(w, m->read.request, m->read.offset, m->read.length);
        break;
    case MEDIA_PROGRESS:
        media_write_progress(w, m->progress.complete, m->progress.copied, m->progress.size);
        break;
    case MEDIA_READY:
    case MEDIA_END:
        break; /* limits are always ours, sentences are cleaned */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[MEDIA_MAX_MESSAGE];
    struct media_message m;
    struct wire_writer w = wire_writer_init(room, sizeof room);
    bool owner = size && data[0] < 0x80;
    if (owner ? media_parse_owner(data, size, &m) : media_parse_gateway(data, size, &m))
        return 0;
    write_again(&w, &m);
    if (wire_written(&w) && (w.full || wire_written(&w) != size || memcmp(room, data, size) != 0))
        abort();
    if (m.type == MEDIA_HELLO && !utf8_valid(m.hello.name, strlen(m.hello.name)))
        abort();
    if (m.type == MEDIA_END) {
        media_write_end(&w, m.end.reason, m.end.why);
        if (w.full || media_parse_gateway(room, wire_written(&w), &m))
            abort();
    }
    return 0;
}
