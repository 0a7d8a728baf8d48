#include "gateway/control/control_clock.h"

#include <string.h>

#include "core/ipc.h"

void control_write_clock(struct wire_writer *w, const struct control_clock *m)
{
    wire_write_u8(w, m->synchronised);
    wire_write_le32(w, (uint32_t)m->error);
    ipc_write_string(w, m->why);
}

bool control_read_clock(const uint8_t *body, size_t size, struct control_clock *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    ret->synchronised = wire_read_u8(&r) != 0;
    ret->error = (int32_t)wire_read_le32(&r);
    return ipc_read_string(&r, ret->why, sizeof ret->why) && wire_read_complete(&r) && ret->error <= 0;
}

void control_write_set_clock(struct wire_writer *w, uint64_t us)
{
    wire_write_le64(w, us);
}

bool control_read_set_clock(const uint8_t *body, size_t size, uint64_t *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = wire_read_le64(&r);
    return wire_read_complete(&r);
}
