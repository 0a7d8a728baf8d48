/* Messages between gateway and keeper about the audit log, besides KEEPER_AUDIT and KEEPER_AUDIT_READ; they share the
 * numbers of enum keeper_message. Texts of lines come as auth/audit/json.h writes them. */
#pragma once

#include "auth/keeper_audit.h"
#include "auth/keeper_wire.h"

enum keeper_audit_message {
    KEEPER_AUDIT_WRITE = 0x50, /* who, what, target, detail -> nothing, when the line is on disk; ENOSPC: it waits */
    KEEPER_AUDIT_LIST,   /* filter -> le64 number to go on below (0: that was all), le16 n, n objects with a newline */
    KEEPER_AUDIT_EXPORT, /* u8 first, le64 line, le64 head -> u8 more, le64 line, le64 head to go on behind, objects */
    KEEPER_AUDIT_STATE,  /* nothing -> one JSON object */
    KEEPER_AUDIT_REKEY,  /* who -> le64 number of the first line that it is for, 32 bytes: the MAC key */

    KEEPER_AUDIT_REFUSING = 0xa0, /* keeper -> gateway: u8 1: lines cannot be written, and nothing that needs one is to
                                     be done; when it changes, and first on a channel when it is so */
};

/* filter: le64 below (0: from the newest), le16 limit, le64 since, le64 until (0: ever), who, what, le16 n, n x target.
 * A text "" takes any; what may end in '*'; n 0: any target. */
void keeper_audit_filter_write(struct wire_writer *w, const struct keeper_audit_filter *filter);
bool keeper_audit_filter_read(struct wire_reader *r, struct keeper_audit_filter *ret);
