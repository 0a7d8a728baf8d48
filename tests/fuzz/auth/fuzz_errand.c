/* What keeper and outward say to each other: the first byte chooses what it is read as; what was understood is written
 * again and must be the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/errand_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void same(const struct wire_writer *w, const uint8_t *bytes, size_t size)
{
    if (w->full || wire_written(w) != size || memcmp(w->start, bytes, size) != 0)
        abort();
}

static void question(uint16_t type, const uint8_t *bytes, size_t size)
{
    static struct errand_question q;
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (!errand_read_question(bytes, size, type, &q))
        return;
    if (q.directory.n_urls > ERRAND_MAX_URLS || q.directory.groups.n > ERRAND_MAX_GROUPS)
        abort();
    errand_write_question(&w, type, &q.directory, q.user, type == ERRAND_DIRECTORY_LOGIN ? q.password : q.dn);
    same(&w, bytes, size);
}

static void entry(const uint8_t *bytes, size_t size)
{
    static struct errand_entry e;
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct wire_reader r = wire_reader_init(bytes, size);
    if (!errand_read_entry(&r, &e))
        return;
    errand_write_entry(&w, &e);
    same(&w, bytes, size);
}

static void syslog(const uint8_t *bytes, size_t size)
{
    static struct errand_syslog s;
    struct errand_syslog_state state;
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct wire_reader r = wire_reader_init(bytes, size);
    if (errand_read_syslog(&r, &s)) {
        errand_write_syslog(&w, &s);
        same(&w, bytes, size - r.left);
    }
    r = wire_reader_init(bytes, size);
    w = wire_writer_init(room, sizeof room);
    if (errand_read_syslog_state(&r, &state)) {
        errand_write_syslog_state(&w, &state);
        same(&w, bytes, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1 || size > IPC_MAX_BODY)
        return 0;
    switch (bytes[0] % 4) {
    case 0:
        question(ERRAND_DIRECTORY_LOGIN, bytes + 1, size - 1);
        break;
    case 1:
        question(ERRAND_DIRECTORY_LOOK, bytes + 1, size - 1);
        break;
    case 2:
        entry(bytes + 1, size - 1);
        break;
    default:
        syslog(bytes + 1, size - 1);
    }
    return 0;
}
