#include "auth/keeper_audit_wire.h"

_Static_assert(KEEPER_AUDIT_TEXT == AUTH_USER_MAX + 1 && KEEPER_AUDIT_TEXT == KEEPER_MAX_WHAT + 1, "as in a line");
_Static_assert(KEEPER_AUDIT_LIMIT == KEEPER_MAX_AUDIT_LINES, "one limit");

void keeper_audit_filter_write(struct wire_writer *w, const struct keeper_audit_filter *filter)
{
    wire_write_le64(w, filter->below);
    wire_write_le16(w, (uint16_t)filter->limit);
    wire_write_le64(w, (uint64_t)filter->since);
    wire_write_le64(w, (uint64_t)filter->until);
    ipc_write_string(w, filter->who);
    ipc_write_string(w, filter->what);
    wire_write_le16(w, (uint16_t)filter->n_targets);
    for (unsigned i = 0; i < filter->n_targets; i++)
        ipc_write_string(w, filter->targets[i]);
}

bool keeper_audit_filter_read(struct wire_reader *r, struct keeper_audit_filter *ret)
{
    ret->below = wire_read_le64(r);
    ret->limit = wire_read_le16(r);
    ret->since = (int64_t)wire_read_le64(r);
    ret->until = (int64_t)wire_read_le64(r);
    ipc_read_string(r, ret->who, sizeof ret->who);
    ipc_read_string(r, ret->what, sizeof ret->what);
    ret->n_targets = wire_read_le16(r);
    if (r->bad || ret->n_targets > KEEPER_AUDIT_TARGETS || ret->limit < 1 || ret->limit > KEEPER_MAX_AUDIT_LINES)
        return false;
    for (unsigned i = 0; i < ret->n_targets; i++)
        ipc_read_string(r, ret->targets[i], sizeof ret->targets[i]);
    return !r->bad;
}
