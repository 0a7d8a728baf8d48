#include "auth/grants_wire.h"

#include "core/ipc.h"

void grants_write(struct wire_writer *w, const struct grants *grants)
{
    wire_write_u8(w, (uint8_t)grants->n);
    for (unsigned i = 0; i < grants->n; i++) {
        ipc_write_string(w, grants->list[i].target);
        wire_write_le32(w, grants->list[i].rights);
    }
}

bool grant_target_good(const char *target)
{
    for (const char *c = target; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return false;
    return true;
}

bool grants_read(struct wire_reader *r, struct grants *ret)
{
    ret->n = 0;
    unsigned n = wire_read_u8(r);
    for (; n && !r->bad; n--) {
        char target[GRANT_TARGET_MAX];
        ipc_read_string(r, target, sizeof target);
        uint32_t rights = wire_read_le32(r);
        unsigned before = ret->n;
        uint32_t possible = target[0] ? RIGHTS_OF_TARGET : RIGHTS_OF_GATEWAY;
        if (r->bad || !rights || rights & ~possible || !grant_target_good(target) || !grants_add(ret, target, rights) ||
            ret->n == before)
            r->bad = true;
    }
    return !r->bad;
}
