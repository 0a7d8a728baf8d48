/* The audit log's rows in a store, and the check that walks them. Whoever reads here may have been given a file that
 * somebody else wrote: a row that is none is a finding, not an error. Errors are SQLite's: -EIO, -ENOMEM. */
#pragma once

#include <sqlite3.h>

#include "auth/audit/json.h"

#define AUDIT_LINE_COLUMNS "number, time, who, what, target, detail, mac, hash"
#define AUDIT_HEAD_COLUMNS "level, section, counter, number, hash, time, cut, next, heads, below, signature"

/* From a statement that selected these columns and stands on a row. False: no row of ours. */
bool audit_line_row(sqlite3_stmt *statement, struct audit_line *ret);
bool audit_head_row(sqlite3_stmt *statement, struct audit_head *ret);

/* What a log consists of, one after the other, in the order that audit_check wants. */
struct audit_rows {
    sqlite3 *db;
    sqlite3_stmt *roots, *lines, *heads;
    bool anchored;              /* the anchor was given out, or is not wanted */
    bool line_here, lines_over; /* `line` holds the next one; there is none any more */
    bool head_here, heads_over;
    bool roots_over;

    int64_t head_id;            /* of the head in `object` */
    struct audit_object object; /* what audit_rows_next gave; of lines and heads also the one that comes next */
    const char *bad;            /* instead of an item: what is no row of ours; `row` names it */
    uint64_t row;
};

/* resume: only lines behind the milestone of that row of audit_heads, and heads behind that row, without the anchor;
 * NULL: all. */
struct audit_rows_from {
    uint64_t line;
    int64_t head;
};
int audit_rows_open(struct audit_rows *self, sqlite3 *db, const struct audit_rows_from *resume);
void audit_rows_close(struct audit_rows *self);
/* 1: `object`, or with `bad` set what is none; 0 no more; or an error. */
int audit_rows_next(struct audit_rows *self);

/* Feeds the check with what audit_rows_next gave. */
void audit_rows_feed(const struct audit_rows *self, struct audit_check *check);

/* Feeds all of it to the check, which must still be ended. 0 or an error. */
int audit_rows_check(sqlite3 *db, struct audit_check *check, const struct audit_rows_from *resume);

/* The anchor alone. 1, 0 (no row of ours) or an error. */
int audit_rows_anchor(sqlite3 *db, struct audit_link *ret);
