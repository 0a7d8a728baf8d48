/* What the gateway asks about the audit log (auth/keeper_audit_wire.h). */
#pragma once

#include "auth/keeper/audit.h"
#include "auth/keeper_audit_wire.h"

struct audit_query {
    struct keeper_audit_filter filter;
    bool first;
    uint64_t line, head; /* behind which to go on */
};

/* Whether request_parse leaves the type to the next: KEEPER_AUDIT_WRITE is no query. */
bool audit_query_takes(uint16_t type);
void audit_query_read(struct audit_query *self, uint16_t type, struct wire_reader *r);
