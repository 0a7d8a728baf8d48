#include "auth/keeper/audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/random.h"
#include "core/log.h"

void audit_add(struct audit *self, int64_t wall_s, const char *who, const char *what, const char *target,
               const char *detail)
{
    if (self->n == AUDIT_WAITING) {
        self->lost++;
        return;
    }
    struct audit_waiting *line = &self->waiting[self->n++];
    line->time = wall_s;
    audit_text_cut(line->text.who, sizeof line->text.who, who);
    audit_text_cut(line->text.what, sizeof line->text.what, what);
    audit_text_cut(line->text.target, sizeof line->text.target, target);
    audit_text_cut(line->text.detail, sizeof line->text.detail, detail);
}

int audit_append(struct audit *self, struct store *store, int64_t time, const struct keeper_audit_text *text)
{
    struct audit_state *draft = &self->draft;
    struct audit_line line = {.number = draft->newest.number + 1, .time = time, .text = *text};
    assert(draft->mac.number == line.number);
    int r = audit_line_seal(&line, &draft->newest, draft->mac.key);
    if (r == 0)
        r = store_run(store,
                      "INSERT INTO audit (number, time, who, what, target, detail, mac, hash)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                      "iittttbb", (int64_t)line.number, line.time, text->who, text->what, text->target, text->detail,
                      line.mac, sizeof line.mac, line.hash, sizeof line.hash);
    if (r == 0)
        r = audit_key_ratchet(draft->mac.key);
    if (r < 0)
        return r;
    draft->mac.number++;
    draft->newest = audit_line_link(&line);
    return 0;
}

static int append_lost(struct audit *self, struct store *store, int64_t wall_s)
{
    struct keeper_audit_text text = {.who = "keeper", .what = "audit-lost"};
    snprintf(text.detail, sizeof text.detail, "%u lines had no room to wait for the disk", self->lost);
    return audit_append(self, store, wall_s, &text);
}

bool audit_due(const struct audit *self, struct instant now)
{
    const struct audit_state *state = &self->state;
    return self->n || self->lost ||
           (state->newest.number > state->signed_until &&
            (self->stopping || now.us - state->unsigned_us >= AUDIT_HEAD_US)) ||
           now.us - state->head_us >= AUDIT_IDLE_US;
}

void audit_begin(struct audit *self)
{
    self->draft = self->state;
    self->drafting = true;
}

int audit_write(struct audit *self, struct store *store, struct instant now)
{
    if (!audit_due(self, now))
        return 0;
    audit_begin(self);
    self->head_made = self->milestone_made = false;
    int r = 0;
    for (unsigned i = 0; i < self->n && r >= 0; i++)
        r = audit_append(self, store, self->waiting[i].time, &self->waiting[i].text);
    if (r >= 0 && self->lost)
        r = append_lost(self, store, now.wall_s);
    if (self->draft.newest.number > self->state.newest.number && self->state.newest.number == self->state.signed_until)
        self->draft.unsigned_us = now.us;
    return r < 0 ? r : audit_sign(self, store, now);
}

int audit_rekey(struct audit *self, struct store *store, struct instant now, const char *who, uint64_t *ret_number,
                uint8_t ret[AUDIT_MAC])
{
    struct keeper_audit_text text = {.what = AUDIT_WHAT_MAC_KEY};
    audit_text_cut(text.who, sizeof text.who, who);
    struct audit_mac_key *next = &self->keys.next_mac;
    next->number = self->draft.newest.number + 1;
    int r = random_bytes(next->key, sizeof next->key);
    if (r >= 0)
        r = audit_keys_write(&self->keys, true);
    if (r < 0)
        return r;
    self->draft.mac = *next;
    r = audit_append(self, store, now.wall_s, &text);
    if (r < 0)
        return r;
    *ret_number = next->number;
    memcpy(ret, next->key, AUDIT_MAC);
    return 0;
}

static void draft_end(struct audit *self)
{
    explicit_bzero(&self->draft, sizeof self->draft);
    self->drafting = false;
}

static void write_keys(struct audit *self, bool durable)
{
    int r = audit_keys_write(&self->keys, durable);
    if (r < 0)
        log_error("keeper", "%s cannot be written (%s): a key that was used is not erased yet", AUDIT_KEYS_FILE,
                  strerror(-r));
}

void audit_written(struct audit *self, struct instant now)
{
    if (!self->drafting)
        return;
    self->state = self->draft;
    self->n = 0;
    self->lost = 0;
    if (self->head_made) {
        audit_keys_advance(&self->keys, AUDIT_HEAD);
        self->state.head_us = now.us;
    }
    if (self->milestone_made)
        audit_keys_advance(&self->keys, AUDIT_MILESTONE);
    self->keys.mac = self->state.mac;
    explicit_bzero(&self->keys.next_mac, sizeof self->keys.next_mac);
    draft_end(self);
    write_keys(self, self->head_made);
}

void audit_unwritten(struct audit *self)
{
    if (!self->drafting)
        return;
    bool prepared = self->keys.chain[AUDIT_HEAD].has_next || self->keys.chain[AUDIT_MILESTONE].has_next ||
                    self->keys.next_mac.number;
    audit_keys_drop_next(&self->keys);
    draft_end(self);
    if (prepared)
        write_keys(self, false);
}

void audit_stop(struct audit *self)
{
    self->stopping = true;
}

void audit_close(struct audit *self)
{
    audit_keys_close(&self->keys);
    explicit_bzero(&self->state, sizeof self->state);
}

/* ---- reading ---- */

int audit_before(struct store *store, uint64_t before, sqlite3_stmt **ret)
{
    int64_t below = before && before <= INT64_MAX ? (int64_t)before : INT64_MAX;
    return store_query(store, ret, "SELECT " AUDIT_LINE_COLUMNS " FROM audit WHERE number < ? ORDER BY number DESC",
                       "i", below);
}

int audit_row(struct store *store, sqlite3_stmt *statement, struct audit_line *ret)
{
    int r = store_row(store, statement);
    return r != 1 ? r : audit_line_row(statement, ret) ? 1 : -EIO;
}

int audit_root(struct store *store, uint64_t *ret_section, uint8_t ret[AUDIT_KEY])
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement, "SELECT section, key FROM audit_roots ORDER BY section DESC LIMIT 1", "");
    if (r == 0)
        r = store_row(store, statement);
    if (r != 1)
        return r;
    if (sqlite3_column_bytes(statement, 1) != AUDIT_KEY)
        return -EIO;
    *ret_section = (uint64_t)sqlite3_column_int64(statement, 0);
    memcpy(ret, sqlite3_column_blob(statement, 1), AUDIT_KEY);
    return 1;
}
