/* Lines and heads of the audit log as messages for a syslog server (RFC 5424). Pure. */
#pragma once

#include "auth/audit/json.h"
#include "auth/errand_wire.h"

/* The size; never more than ERRAND_MAX_SYSLOG. host: of this machine, "" when it has none. The message's structured
 * data has number and hash, of a head also its signature; its text is the object as auth/audit/json.h writes it, or
 * nothing where that is too long. */
size_t audit_syslog_write(const struct audit_object *object, const char *host, char room[ERRAND_MAX_SYSLOG]);
