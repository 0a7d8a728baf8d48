/* What the keeper does with the audit log when it starts: finds where it stands, whether it is as it was left, and
 * whether it can go on signing it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/keeper/audit.h"
#include "auth/keeper/owner_notes.h"
#include "core/log.h"

static void note(struct audit *self, struct instant now, const char *what, const char *detail)
{
    audit_add(self, now.wall_s, "keeper", what, "", detail);
}

static void note_broken(struct audit *self, struct instant now, const char *detail)
{
    self->broken = true;
    log_error("keeper", "the audit log was changed from outside: %s", detail);
    note(self, now, "audit-chain-broken", detail);
}

/* ---- where it stands ---- */

static int newest_head(struct store *store, const char *sql, struct audit_head *ret, int64_t *ret_id)
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement, sql, "");
    if (r == 0)
        r = store_row(store, statement);
    if (r == 1) {
        *ret_id = sqlite3_column_int64(statement, 11);
        r = audit_head_row(statement, ret) ? 1 : -EIO;
    }
    return r;
}

#define NEWEST_MILESTONE "SELECT " AUDIT_HEAD_COLUMNS ", id FROM audit_heads WHERE level = 1 ORDER BY id DESC LIMIT 1"
#define NEWEST_OF_ALL "SELECT " AUDIT_HEAD_COLUMNS ", id FROM audit_heads ORDER BY id DESC LIMIT 1"

/* The newest line; where lines were cut off, what the newest head says: no number is given twice. */
static int find_newest(struct audit *self, struct store *store, const struct audit_head *head)
{
    _cleanup_statement_ *statement = NULL;
    struct audit_line line;
    int r = audit_rows_anchor(store->db, &self->state.newest);
    if (r == 0) /* somebody took it away */
        self->state.newest = (struct audit_link){0};
    if (r >= 0)
        r = audit_before(store, 0, &statement);
    if (r >= 0)
        r = store_row(store, statement);
    if (r == 1 && audit_line_row(statement, &line))
        self->state.newest = audit_line_link(&line);
    if (r >= 0 && head && head->line.number > self->state.newest.number)
        self->state.newest = head->line;
    return MIN(r, 0);
}

/* ---- keys ---- */

/* A head that was being made when the keeper ended: the store says whether it was. */
static int settle_chain(struct audit *self, struct store *store, enum audit_level level)
{
    struct audit_chain_key *chain = &self->keys.chain[level];
    if (!chain->has_next)
        return 0;
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement, "SELECT 1 FROM audit_heads WHERE level = ? AND section = ? AND counter = ?",
                        "iii", (int64_t)level, (int64_t)self->keys.section, (int64_t)chain->counter);
    if (r == 0)
        r = store_row(store, statement);
    if (r == 1)
        audit_keys_advance(&self->keys, level);
    return MIN(r, 0);
}

static int settle_keys(struct audit *self, struct store *store)
{
    int r = settle_chain(self, store, AUDIT_HEAD);
    if (r == 0)
        r = settle_chain(self, store, AUDIT_MILESTONE);
    /* the line that the new MAC key begins with */
    if (r == 0 && self->keys.next_mac.number && self->keys.next_mac.number <= self->state.newest.number)
        self->keys.mac = self->keys.next_mac;
    if (r == 0)
        audit_keys_drop_next(&self->keys);
    return r;
}

/* The MAC key may be for an older line than the next one; for a newer one where lines were cut off, and then it goes on
 * there: no number is given twice. */
static int catch_up(struct audit *self)
{
    struct audit_mac_key *mac = &self->keys.mac;
    int r = 0;
    if (mac->number > self->state.newest.number + 1)
        self->state.newest.number = mac->number - 1;
    for (; mac->number <= self->state.newest.number && r == 0; mac->number++)
        r = audit_key_ratchet(mac->key);
    self->state.mac = *mac;
    return r;
}

/* ---- sections ---- */

static int insert_root(struct store *store, uint64_t section, const uint8_t key[AUDIT_KEY])
{
    return store_run(store, "INSERT INTO audit_roots (section, key) VALUES (?, ?)", "ib", (int64_t)section, key,
                     (size_t)AUDIT_KEY);
}

/* The section's root, its first milestone, and what led to it as a line, in one transaction. */
static int write_section(struct audit *self, struct store *store, struct instant now)
{
    struct audit_chain_key *chain = self->keys.chain;
    struct audit_head milestone = {
        .level = AUDIT_MILESTONE,
        .section = self->keys.section,
        .line = self->state.newest,
        .time = now.wall_s,
        .cut = self->state.cut,
    };
    uint8_t root[AUDIT_KEY];
    int r = audit_key_public(chain[AUDIT_MILESTONE].seed, root);
    if (r == 0)
        r = audit_key_public(chain[AUDIT_MILESTONE].next, milestone.next);
    if (r == 0)
        r = audit_key_public(chain[AUDIT_HEAD].seed, milestone.below);
    if (r == 0)
        r = audit_head_sign(&milestone, chain[AUDIT_MILESTONE].seed);
    if (r == 0)
        r = store_begin(store);
    if (r < 0)
        return r;
    r = insert_root(store, self->keys.section, root);
    if (r == 0)
        r = audit_head_insert(store, &milestone);
    if (r == 0)
        return store_commit(store);
    store_rollback(store);
    return r;
}

static int begin_section(struct audit *self, struct store *store, struct instant now)
{
    uint64_t section = 0;
    uint8_t root[AUDIT_KEY];
    int r = audit_root(store, &section, root);
    if (r >= 0)
        r = audit_keys_make(&self->keys, section + 1, self->state.newest.number + 1);
    if (r >= 0)
        r = audit_keys_prepare(&self->keys, AUDIT_MILESTONE);
    if (r >= 0)
        r = audit_keys_write(&self->keys, true);
    if (r >= 0)
        r = write_section(self, store, now);
    if (r < 0)
        return r;
    audit_keys_advance(&self->keys, AUDIT_MILESTONE);
    self->state.signed_until = self->state.milestone = self->state.newest.number;
    self->state.milestone_heads = 0;
    self->state.head_us = now.us;
    self->state.mac = self->keys.mac;
    return audit_keys_write(&self->keys, true);
}

/* ---- checking ---- */

/* Lines of a store that knew no heads: their chain, from the anchor on. */
static int check_plain(struct store *store, struct audit_check *check)
{
    struct audit_rows rows;
    int r = audit_rows_open(&rows, store->db, NULL);
    while (r >= 0 && (r = audit_rows_next(&rows)) == 1) {
        if (rows.bad)
            audit_check_found(check, rows.row, "a line is not of a form that the keeper writes");
        else
            audit_check_object(check, &rows.object);
    }
    audit_rows_close(&rows);
    return r;
}

static int begin_first(struct audit *self, struct store *store, struct instant now)
{
    struct audit_check check = {0};
    int r = check_plain(store, &check);
    if (r == 0)
        r = find_newest(self, store, NULL);
    if (r < 0)
        return r;
    self->state.cut = check.anchor;
    if (check.verdict != AUDIT_FINE)
        note_broken(self, now, check.why);
    if (check.n_lines) {
        char detail[128];
        snprintf(detail, sizeof detail, "lines %llu to %llu were written by an older version, without signed heads",
                 (unsigned long long)check.first, (unsigned long long)check.newest);
        note(self, now, "audit-section", detail);
    }
    return begin_section(self, store, now);
}

static void note_tail(struct audit *self, struct instant now)
{
    uint64_t from = self->state.signed_until + 1, to = self->state.newest.number;
    if (from > to)
        return;
    char detail[128];
    snprintf(detail, sizeof detail, "lines %llu to %llu were not signed yet when the keeper ended",
             (unsigned long long)from, (unsigned long long)to);
    log_info("keeper", "audit log: %s", detail);
    note(self, now, "audit-tail", detail);
}

/* On behind the newest milestone, as far as it is as it was. */
static int resume(struct audit *self, struct store *store, struct instant now, bool known,
                  const struct audit_head *milestone, int64_t milestone_id)
{
    struct audit_head head = {0};
    struct audit_link anchor = {0};
    int64_t id;
    struct audit_check check = {0};
    int r = newest_head(store, NEWEST_OF_ALL, &head, &id);
    if (r == 1)
        r = find_newest(self, store, &head);
    if (r >= 0 && known)
        r = settle_keys(self, store);
    if (r >= 0)
        r = audit_rows_anchor(store->db, &anchor);
    if (r < 0)
        return r;
    audit_check_resume(&check, milestone, anchor.number);
    r = audit_rows_check(store->db, &check,
                         &(struct audit_rows_from){.line = milestone->line.number, .head = milestone_id});
    struct audit_keys_held held = {0};
    if (r == 0 && known)
        r = audit_keys_held(&self->keys, &held);
    if (r < 0)
        return r;
    bool ours = known && held.section == head.section && held.heads == check.head_counter &&
                memcmp(held.head, check.head_key, AUDIT_KEY) == 0 && held.milestones == check.milestone_counter &&
                memcmp(held.milestone, check.milestone_key, AUDIT_KEY) == 0;
    audit_check_end(&check, known ? &held : NULL);
    self->state.cut = anchor.number;
    self->state.signed_until = MIN(check.signed_until, self->state.newest.number);
    self->state.milestone = milestone->line.number;
    self->state.milestone_heads = check.n_heads;
    self->state.unsigned_us = INT64_MIN / 2; /* long enough: a head comes with the first write */
    self->state.head_us = now.us;
    if (ours)
        note_tail(self, now);
    if (check.verdict != AUDIT_FINE)
        note_broken(self, now, check.why);
    if (ours)
        return catch_up(self);
    if (known || access(RESTORED_FILE, F_OK) < 0) { /* no backup has them: then it is as it must be */
        self->broken = true;
        log_error("keeper", "the audit log's keys (%s) are lost or belong to another log: a new section begins",
                  AUDIT_KEYS_FILE);
    }
    note(self, now, "audit-keys-lost", "a new section of heads begins, under a new key");
    return begin_section(self, store, now);
}

int audit_open(struct audit *self, struct store *store, struct instant now)
{
    struct audit_head milestone;
    int64_t id = 0;
    if (!self->keep)
        self->keep = AUDIT_KEEP;
    int known = audit_keys_open(&self->keys);
    if (known < 0)
        return known;
    int r = newest_head(store, NEWEST_MILESTONE, &milestone, &id);
    if (r < 0)
        return r;
    return r == 1 ? resume(self, store, now, known, &milestone, id) : begin_first(self, store, now);
}
