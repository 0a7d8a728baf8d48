/* Goes through an audit log and says whether it is as it was written, and if not, at which line it stops being so. Fed
 * with what a log consists of: the anchor first; then heads and milestones in the order in which they were made, each
 * root before the first of its section, and each line before the first head whose number is not below its own.
 *
 * Time is never judged: clocks may be wrong. Pure; the first finding stays, what comes after it is only counted. */
#pragma once

#include "auth/audit/head.h"

#define AUDIT_CHECK_KEYS 16
#define AUDIT_WHY 320

/* A head is written together with the line that makes it so many without one: behind the newest head there are fewer,
 * or heads were removed. */
#define AUDIT_HEAD_LINES 1000

enum audit_verdict {
    AUDIT_FINE,
    AUDIT_UNKNOWN_KEY, /* no root is one of the keys that were given */
    AUDIT_CHANGED,
};

struct audit_keys_held { /* what the keeper's next heads will be signed by: public keys */
    uint64_t section, heads, milestones;
    uint8_t head[AUDIT_KEY], milestone[AUDIT_KEY];
    uint64_t next_line; /* at most the number of the line that will be written next */
};

struct audit_check {
    /* given: all zero is fine */
    uint8_t keys[AUDIT_CHECK_KEYS][AUDIT_KEY]; /* roots that are known from outside; none: any is taken */
    unsigned n_keys;
    uint8_t mac_key[AUDIT_MAC]; /* of line mac_from and, ratcheted, those behind it; mac_from 0: none */
    uint64_t mac_from;

    /* the outcome */
    enum audit_verdict verdict;
    uint64_t line;       /* the first one that is not as it was; 0: it is about no line in particular */
    char why[AUDIT_WHY]; /* a sentence; "" when all is fine */
    uint64_t n_lines, n_heads, n_milestones, n_macs;
    uint64_t first, newest; /* numbers of lines; 0: there are none */
    uint64_t signed_until;  /* what comes behind it is the tail: chained, not signed yet */
    int64_t signed_time;
    uint64_t cut;
    uint64_t rekeyed; /* the MAC key was replaced at that line: MACs are right up to there */

    /* inside */
    struct audit_link at;
    uint64_t section; /* in whose heads we are, or whose root came last; 0: none yet */
    uint64_t head_counter, milestone_counter;
    uint8_t root[AUDIT_KEY], head_key[AUDIT_KEY], milestone_key[AUDIT_KEY];
    uint8_t key_at[AUDIT_MAC];
    bool heads_known; /* head_counter and head_key */
    uint64_t anchor;
};

void audit_check_root(struct audit_check *self, uint64_t section, const uint8_t key[AUDIT_KEY]);
void audit_check_anchor(struct audit_check *self, const struct audit_link *anchor);
/* Instead of anchor, root and what came before: goes on behind this milestone, as if all of that had been checked. */
void audit_check_resume(struct audit_check *self, const struct audit_head *milestone, uint64_t anchor);
void audit_check_line(struct audit_check *self, const struct audit_line *line);
void audit_check_head(struct audit_check *self, const struct audit_head *head); /* milestones too */

/* The end. held: where the keeper's keys stand, if that is known; else NULL. */
void audit_check_end(struct audit_check *self, const struct audit_keys_held *held);

/* Notes what the feeder itself found: a row that is none. Only the first finding stays. */
void audit_check_found(struct audit_check *self, uint64_t line, const char *format, ...) attr_printf(3, 4);

/* The line "audit-mac-key" says that its own MAC, and those behind it, are made by a new key. */
#define AUDIT_WHAT_MAC_KEY "audit-mac-key"
