/* The audit log: rows chained by SHA-256(hash of the row before + this row), so that a changed, missing or inserted
 * row shows. At most AUDIT_ROWS are kept; the hash before the oldest one stays as the anchor of the chain. Lines wait
 * in memory until the next write to the store, and a full disk keeps them waiting. */
#pragma once

#include "auth/keeper/store.h"
#include "auth/keeper_wire.h"

#define AUDIT_ROWS 20000
#define AUDIT_WAITING 256

struct audit_waiting {
    int64_t time; /* seconds since 1970 */
    struct keeper_audit_text text;
};

struct audit {
    struct audit_waiting waiting[AUDIT_WAITING];
    unsigned n;
    unsigned lost; /* had no room to wait */
};

/* Texts that are too long are cut. */
void audit_add(struct audit *self, int64_t wall_s, const char *who, const char *what, const char *target,
               const char *detail);

/* Writes what waits, inside a transaction; audit_written after it was committed. */
int audit_write(struct audit *self, struct store *store, int64_t wall_s);
void audit_written(struct audit *self);

/* Newest first, those with a number below `before` (0: all); statement for audit_row. */
int audit_before(struct store *store, uint64_t before, sqlite3_stmt **ret);
struct audit_line {
    uint64_t number;
    int64_t time;
    struct keeper_audit_text text;
    uint8_t hash[32];
};
int audit_row(struct store *store, sqlite3_stmt *statement, struct audit_line *ret); /* 1, 0 no more, or an error */

/* Walks the chain. 0: unbroken; 1: broken, *ret_number is the first row that does not follow from the one before. */
int audit_verify(struct store *store, uint64_t *ret_number);
