#include "auth/keeper/audit_query.h"

bool audit_query_takes(uint16_t type)
{
    return type >= KEEPER_AUDIT_LIST && type <= KEEPER_AUDIT_STATE;
}

void audit_query_read(struct audit_query *self, uint16_t type, struct wire_reader *r)
{
    if (type == KEEPER_AUDIT_LIST) {
        r->bad |= !keeper_audit_filter_read(r, &self->filter);
    } else if (type == KEEPER_AUDIT_EXPORT) {
        uint8_t first = wire_read_u8(r);
        self->first = first;
        self->line = wire_read_le64(r);
        self->head = wire_read_le64(r);
        r->bad |= first > 1 || self->line > INT64_MAX || self->head > INT64_MAX;
    }
}
