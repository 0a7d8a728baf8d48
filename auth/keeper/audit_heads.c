/* Signed heads over the audit log, milestones, and what may then be removed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/audit.h"

int audit_head_insert(struct store *store, const struct audit_head *head)
{
    return store_run(store,
                     "INSERT INTO audit_heads (level, section, counter, number, hash, time, cut, next, heads, below,"
                     " signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "iiiibiibibb", (int64_t)head->level, (int64_t)head->section, (int64_t)head->counter,
                     (int64_t)head->line.number, head->line.hash, sizeof head->line.hash, head->time,
                     (int64_t)head->cut, head->next, sizeof head->next, (int64_t)head->heads, head->below,
                     sizeof head->below, head->signature, sizeof head->signature);
}

/* ---- removing the oldest ---- */

/* The newest milestone behind which enough lines are left. 1, 0 there is none, or an error. */
static int find_cut(const struct audit *self, struct store *store, uint64_t *ret)
{
    const struct audit_state *draft = &self->draft;
    if (draft->newest.number - draft->cut <= self->keep + AUDIT_KEEP_SLACK)
        return 0;
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement,
                        "SELECT number FROM audit_heads WHERE level = 1 AND number <= ? AND number > ?"
                        " ORDER BY number DESC LIMIT 1",
                        "ii", (int64_t)(draft->newest.number - self->keep), (int64_t)draft->cut);
    if (r == 0)
        r = store_row(store, statement);
    if (r == 1)
        *ret = (uint64_t)sqlite3_column_int64(statement, 0);
    return r;
}

/* Says so first: in a line, and in the head over it. */
static int announce_cut(struct audit *self, struct store *store, int64_t wall_s, uint64_t cut)
{
    struct keeper_audit_text text = {.who = "keeper", .what = "audit-cut"};
    snprintf(text.detail, sizeof text.detail, "lines %llu to %llu are removed: %llu are to be kept",
             (unsigned long long)self->draft.cut + 1, (unsigned long long)cut, (unsigned long long)self->keep);
    int r = audit_append(self, store, wall_s, &text);
    if (r == 0)
        self->draft.cut = cut;
    return r;
}

/* The anchor moves first, and with it what the triggers let go. Heads up to the milestone's own go with their lines. */
static int remove_cut(struct store *store, uint64_t cut)
{
    int r = store_run(store,
                      "UPDATE audit_anchor SET (number, hash) = (SELECT number, hash FROM audit WHERE number = ?1)"
                      " WHERE EXISTS (SELECT 1 FROM audit WHERE number = ?1)",
                      "i", (int64_t)cut);
    if (r == 0)
        r = store_run(store, "DELETE FROM audit WHERE number <= (SELECT number FROM audit_anchor)", "");
    if (r == 0)
        r = store_run(
            store,
            "DELETE FROM audit_heads WHERE level = 0 AND number <= (SELECT number FROM audit_anchor) AND id <"
            " (SELECT max(id) FROM audit_heads WHERE level = 1 AND number = (SELECT number FROM audit_anchor))",
            "");
    return r;
}

/* ---- making heads ---- */

static bool head_due(const struct audit *self, struct instant now)
{
    const struct audit_state *draft = &self->draft;
    uint64_t lines = draft->newest.number - draft->signed_until;
    return (lines && (self->stopping || lines >= AUDIT_HEAD_LINES || now.us - draft->unsigned_us >= AUDIT_HEAD_US)) ||
           now.us - draft->head_us >= AUDIT_IDLE_US || self->n >= AUDIT_HEAD_LINES;
}

static bool milestone_due(const struct audit *self)
{
    const struct audit_state *draft = &self->draft;
    return draft->newest.number - draft->milestone >= AUDIT_MILESTONE_LINES ||
           draft->milestone_heads + 1 >= AUDIT_MILESTONE_HEADS;
}

static int make(struct audit *self, struct store *store, enum audit_level level, int64_t wall_s)
{
    const struct audit_chain_key *chain = &self->keys.chain[level], *heads = &self->keys.chain[AUDIT_HEAD];
    struct audit_head head = {
        .level = (uint8_t)level,
        .section = self->keys.section,
        .counter = chain->counter,
        .line = self->draft.newest,
        .time = wall_s,
        .cut = self->draft.cut,
    };
    int r = audit_key_public(chain->next, head.next);
    if (r == 0 && level == AUDIT_MILESTONE) { /* the head made just before it goes on by its next key */
        head.heads = heads->counter + heads->has_next;
        r = audit_key_public(heads->has_next ? heads->next : heads->seed, head.below);
    }
    if (r == 0)
        r = audit_head_sign(&head, chain->seed);
    return r < 0 ? r : audit_head_insert(store, &head);
}

static int make_due(struct audit *self, struct store *store, struct instant now, bool milestone)
{
    /* what the head promises must be on disk before the head is */
    int r = audit_keys_prepare(&self->keys, AUDIT_HEAD);
    if (r == 0 && milestone)
        r = audit_keys_prepare(&self->keys, AUDIT_MILESTONE);
    if (r == 0)
        r = audit_keys_write(&self->keys, true);
    if (r == 0)
        r = make(self, store, AUDIT_HEAD, now.wall_s);
    if (r == 0 && milestone)
        r = make(self, store, AUDIT_MILESTONE, now.wall_s);
    if (r < 0)
        return r;
    self->head_made = true;
    self->milestone_made = milestone;
    self->draft.signed_until = self->draft.newest.number;
    self->draft.milestone_heads = milestone ? 0 : self->draft.milestone_heads + 1;
    if (milestone)
        self->draft.milestone = self->draft.newest.number;
    return 0;
}

int audit_sign(struct audit *self, struct store *store, struct instant now)
{
    uint64_t cut = 0;
    int cutting = find_cut(self, store, &cut);
    int r = MIN(cutting, 0);
    if (cutting == 1)
        r = announce_cut(self, store, now.wall_s, cut);
    if (r == 0 && (cutting == 1 || head_due(self, now)))
        r = make_due(self, store, now, milestone_due(self));
    if (r == 0 && cutting == 1)
        r = remove_cut(store, cut);
    return r;
}
