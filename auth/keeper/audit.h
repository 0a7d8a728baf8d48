/* The audit log. Lines are chained and carry a MAC under a key that is ratcheted forward and erased; heads over them
 * are signed by keys that are erased as well (auth/audit/). Lines wait in memory until the next write to the store, and
 * a full disk keeps them waiting. Behind how many lines the oldest ones go is a setting; what goes is covered by a
 * signed milestone that stays. The store's thread. */
#pragma once

#include "auth/audit/rows.h"
#include "auth/keeper/audit_keys.h"
#include "auth/keeper/instant.h"
#include "auth/keeper/store.h"

#define AUDIT_KEEP 100000 /* lines, when nobody says otherwise */
#define AUDIT_KEEP_MIN 1000
#define AUDIT_WAITING 1024
#define AUDIT_HEAD_US (50 * 1000000ll)   /* behind the first line that is not signed: with the tick within a minute */
#define AUDIT_IDLE_US (3600 * 1000000ll) /* a sign of life when nothing is written */
#define AUDIT_MILESTONE_LINES 2000
#define AUDIT_MILESTONE_HEADS 1000
/* So many more than are to be kept may be there for a while: they go by whole milestones. */
#define AUDIT_KEEP_SLACK (AUDIT_MILESTONE_LINES + 2 * AUDIT_HEAD_LINES + AUDIT_WAITING)

struct audit_waiting {
    int64_t time; /* seconds since 1970 */
    struct keeper_audit_text text;
};

/* Where the log stands. */
struct audit_state {
    struct audit_link newest;
    struct audit_mac_key mac;
    uint64_t signed_until, cut;
    uint64_t milestone;       /* number of the line that the newest one covers */
    uint64_t milestone_heads; /* heads since */
    int64_t unsigned_us;      /* when the first line behind the newest head was written */
    int64_t head_us;          /* when the newest head was made */
};

struct audit {
    struct audit_waiting waiting[AUDIT_WAITING];
    unsigned n;
    unsigned lost; /* had no room to wait */
    uint64_t keep;
    struct audit_keys keys;
    struct audit_state state;
    struct audit_state draft; /* inside a transaction: where it will stand */
    bool drafting, head_made, milestone_made;
    bool broken; /* audit_open found it changed */
    bool stopping;
};

/* Opens the keys, checks what was written since the newest milestone, and begins a section where there is none or the
 * keys are lost. What is found becomes a line. 0 or an error. */
int audit_open(struct audit *self, struct store *store, struct instant now);
void audit_close(struct audit *self);

/* Texts that are too long are cut. */
void audit_add(struct audit *self, int64_t wall_s, const char *who, const char *what, const char *target,
               const char *detail);

/* Something is to be written: lines wait, or a head is due. */
bool audit_due(const struct audit *self, struct instant now);

/* Writes what waits, inside a transaction, and makes a head when one is due; then audit_written when it was committed,
 * or audit_unwritten when it was not. */
int audit_write(struct audit *self, struct store *store, struct instant now);
void audit_written(struct audit *self, struct instant now);
void audit_unwritten(struct audit *self);

/* Inside a transaction, without audit_write: a line that says so, and from it on a new MAC key, which is given out and
 * then known here no more than any other. audit_written or audit_unwritten follows. */
void audit_begin(struct audit *self);
int audit_rekey(struct audit *self, struct store *store, struct instant now, const char *who, uint64_t *ret_number,
                uint8_t ret[AUDIT_MAC]);

/* From now on each write makes a head: the keeper ends. */
void audit_stop(struct audit *self);

/* The root of the newest section, by which everything can be checked. 1, 0 or an error. */
int audit_root(struct store *store, uint64_t *ret_section, uint8_t ret[AUDIT_KEY]);

/* Newest first, those with a number below `before` (0: all); statement for audit_row. */
int audit_before(struct store *store, uint64_t before, sqlite3_stmt **ret);
int audit_row(struct store *store, sqlite3_stmt *statement, struct audit_line *ret); /* 1, 0 no more, or an error */

/* ---- audit_heads.c, audit_begin.c: for audit.c ---- */

/* Makes a head when one is due or wanted, a milestone now and then; removes the oldest lines. */
int audit_sign(struct audit *self, struct store *store, struct instant now);
int audit_append(struct audit *self, struct store *store, int64_t time, const struct keeper_audit_text *text);
int audit_head_insert(struct store *store, const struct audit_head *head);
