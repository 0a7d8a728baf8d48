#include "auth/audit/check.h"
#include "auth/audit/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define N(number) ((unsigned long long)(number))

static attr_printf(4, 0) void conclude(struct audit_check *self, enum audit_verdict verdict, uint64_t line,
                                       const char *format, va_list args)
{
    if (self->verdict != AUDIT_FINE)
        return;
    self->verdict = verdict;
    self->line = line;
    vsnprintf(self->why, sizeof self->why, format, args);
}

void audit_check_found(struct audit_check *self, uint64_t line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    conclude(self, AUDIT_CHANGED, line, format, args);
    va_end(args);
}

static attr_printf(3, 4) void unknown(struct audit_check *self, uint64_t line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    conclude(self, AUDIT_UNKNOWN_KEY, line, format, args);
    va_end(args);
}

static const char *level_name(uint8_t level)
{
    return level == AUDIT_HEAD ? "head" : "milestone";
}

/* "line 7" or "lines 7 to 9". A buffer of its own for each call in one sentence. */
struct range {
    char text[64];
};

static struct range range(uint64_t from, uint64_t to)
{
    struct range range;
    if (from == to)
        snprintf(range.text, sizeof range.text, "line %llu", N(from));
    else
        snprintf(range.text, sizeof range.text, "lines %llu to %llu", N(from), N(to));
    return range;
}

/* ---- where it begins ---- */

void audit_check_anchor(struct audit_check *self, const struct audit_link *anchor)
{
    static const uint8_t zeros[AUDIT_HASH];
    if (anchor->number == 0 && memcmp(anchor->hash, zeros, sizeof zeros) != 0)
        audit_check_found(self, 1, "line 1 is the first, but something else is said to stand before it");
    self->at = *anchor;
    self->anchor = anchor->number;
}

static bool key_given(const struct audit_check *self, const uint8_t key[AUDIT_KEY])
{
    for (unsigned i = 0; i < self->n_keys; i++)
        if (memcmp(self->keys[i], key, AUDIT_KEY) == 0)
            return true;
    return false;
}

void audit_check_root(struct audit_check *self, uint64_t section, const uint8_t key[AUDIT_KEY])
{
    if (section != self->section + 1)
        audit_check_found(self, 0, "section %llu of the heads comes where section %llu should begin", N(section),
                          N(self->section + 1));
    if (self->section && !self->milestone_counter)
        audit_check_found(self, 0, "section %llu has no milestone", N(self->section));
    /* nothing from before signs a section: it is believed only to who knows its key */
    if ((self->n_keys || section > 1) && !key_given(self, key))
        unknown(
            self, self->at.number + 1,
            "from line %llu on, section %llu is signed by a key that is none of those given: the keeper's keys were "
            "lost, or somebody has put others in their place",
            N(self->at.number + 1), N(section));
    self->section = section;
    self->milestone_counter = 0;
    memcpy(self->milestone_key, key, AUDIT_KEY);
    memcpy(self->root, key, AUDIT_KEY);
    self->heads_known = false;
}

void audit_check_resume(struct audit_check *self, const struct audit_head *milestone, uint64_t anchor)
{
    self->anchor = anchor;
    self->at = milestone->line;
    self->section = milestone->section;
    self->milestone_counter = milestone->counter + 1;
    memcpy(self->milestone_key, milestone->next, AUDIT_KEY);
    self->heads_known = true;
    self->head_counter = milestone->heads;
    memcpy(self->head_key, milestone->below, AUDIT_KEY);
    self->signed_until = milestone->line.number;
    self->signed_time = milestone->time;
    self->cut = milestone->cut;
}

/* ---- lines ---- */

static bool place_is_right(struct audit_check *self, const struct audit_line *line)
{
    uint64_t expected = self->at.number + 1;
    if (line->number > expected)
        audit_check_found(self, expected, "missing: %s", range(expected, line->number - 1).text);
    else if (line->number < expected)
        audit_check_found(self, line->number, "line %llu stands where line %llu should", N(line->number), N(expected));
    return line->number == expected;
}

static void check_mac(struct audit_check *self, const struct audit_line *line, const struct audit_link *before)
{
    if (!self->mac_from || line->number < self->mac_from || self->rekeyed)
        return;
    if (line->number == self->mac_from)
        memcpy(self->key_at, self->mac_key, sizeof self->key_at);
    else if (strcmp(line->text.what, AUDIT_WHAT_MAC_KEY) == 0) {
        self->rekeyed = line->number;
        return;
    }
    if (!audit_line_mac_right(line, before, self->key_at) || audit_key_ratchet(self->key_at) < 0)
        audit_check_found(self, line->number, "line %llu has a MAC that the key did not make: it was forged",
                          N(line->number));
    else
        self->n_macs++;
}

void audit_check_line(struct audit_check *self, const struct audit_line *line)
{
    if (!self->first)
        self->first = line->number;
    if (place_is_right(self, line) && !audit_line_follows(line, &self->at))
        audit_check_found(self, line->number, "line %llu is not as it was written: it does not follow from line %llu",
                          N(line->number), N(self->at.number));
    if (line->plain && self->section && self->verdict == AUDIT_FINE && self->milestone_counter)
        audit_check_found(self, line->number, "line %llu has no MAC", N(line->number));
    check_mac(self, line, &self->at);
    self->at = audit_line_link(line);
    self->newest = line->number;
    self->n_lines++;
}

/* ---- heads ---- */

/* The head is signed by the key that the one before promised; its key is the next promise. */
static bool in_chain(struct audit_check *self, const struct audit_head *head, uint64_t *counter, uint8_t key[AUDIT_KEY])
{
    const char *name = level_name(head->level);
    uint64_t unsigned_from = self->signed_until + 1;
    if (head->section != self->section)
        audit_check_found(self, unsigned_from, "%s %llu says it belongs to section %llu, but stands in section %llu",
                          name, N(head->counter), N(head->section), N(self->section));
    else if (head->counter != *counter)
        audit_check_found(self, unsigned_from,
                          "%s %llu stands where %s %llu should: what line %llu and those behind it "
                          "were signed by is gone",
                          name, N(head->counter), name, N(*counter), N(unsigned_from));
    else if (!audit_head_signed_by(head, key))
        audit_check_found(self, unsigned_from,
                          "%s %llu, which covers line %llu and those behind it, was not signed by "
                          "the keeper's key",
                          name, N(head->counter), N(unsigned_from));
    else {
        *counter = head->counter + 1;
        memcpy(key, head->next, AUDIT_KEY);
        return true;
    }
    return false;
}

/* What was signed is what stands there. */
static void covers(struct audit_check *self, const struct audit_head *head)
{
    if (head->line.number < self->anchor) /* of lines that were removed */
        return;
    if (head->line.number > self->at.number)
        audit_check_found(self, self->at.number + 1, "cut off, though signed: %s",
                          range(self->at.number + 1, head->line.number).text);
    else if (head->line.number < self->at.number)
        audit_check_found(self, head->line.number + 1, "%s %llu covers line %llu, but stands behind line %llu",
                          level_name(head->level), N(head->counter), N(head->line.number), N(self->at.number));
    else if (memcmp(head->line.hash, self->at.hash, sizeof head->line.hash) != 0)
        audit_check_found(self, self->signed_until + 1,
                          "not what was signed: %s; one was changed, and those behind it made to follow",
                          range(self->signed_until + 1, head->line.number).text);
}

static void check_milestone(struct audit_check *self, const struct audit_head *head)
{
    if (!in_chain(self, head, &self->milestone_counter, self->milestone_key))
        return;
    bool removed = head->line.number <= self->anchor; /* and with it the heads before */
    bool same = head->heads == self->head_counter && memcmp(head->below, self->head_key, AUDIT_KEY) == 0;
    if (self->heads_known && !removed && !same)
        audit_check_found(self, self->signed_until + 1,
                          "heads before milestone %llu are missing: what line %llu and those behind it were signed by "
                          "is gone",
                          N(head->counter), N(self->signed_until + 1));
    self->heads_known = true;
    self->head_counter = head->heads;
    memcpy(self->head_key, head->below, AUDIT_KEY);
}

static void check_plain_head(struct audit_check *self, const struct audit_head *head)
{
    static const uint8_t zeros[AUDIT_KEY];
    if (!self->heads_known)
        audit_check_found(self, self->signed_until + 1, "head %llu comes before any milestone", N(head->counter));
    else if (in_chain(self, head, &self->head_counter, self->head_key) &&
             (head->heads || memcmp(head->below, zeros, sizeof zeros) != 0))
        audit_check_found(self, self->signed_until + 1, "head %llu says what only a milestone may", N(head->counter));
}

void audit_check_head(struct audit_check *self, const struct audit_head *head)
{
    if (head->level == AUDIT_MILESTONE)
        check_milestone(self, head);
    else
        check_plain_head(self, head);
    *(head->level == AUDIT_MILESTONE ? &self->n_milestones : &self->n_heads) += 1;
    covers(self, head);
    if (head->cut < self->cut)
        audit_check_found(self, self->signed_until + 1, "%s %llu forgets that lines were removed",
                          level_name(head->level), N(head->counter));
    self->cut = head->cut;
    self->signed_until = head->line.number;
    self->signed_time = head->time;
}

void audit_check_object(struct audit_check *self, const struct audit_object *object)
{
    switch (object->item) {
    case AUDIT_ITEM_ANCHOR:
        audit_check_anchor(self, &object->anchor);
        break;
    case AUDIT_ITEM_ROOT:
        audit_check_root(self, object->section, object->root);
        break;
    case AUDIT_ITEM_LINE:
        audit_check_line(self, &object->line);
        break;
    case AUDIT_ITEM_HEAD:
        audit_check_head(self, &object->head);
        break;
    }
}

/* ---- the end ---- */

static void check_held(struct audit_check *self, const struct audit_keys_held *held)
{
    if (held->next_line > self->at.number + 1)
        audit_check_found(self, self->at.number + 1, "missing at the end: %s",
                          range(self->at.number + 1, held->next_line - 1).text);
    bool fits = held->section == self->section && held->heads == self->head_counter &&
                held->milestones == self->milestone_counter && memcmp(held->head, self->head_key, AUDIT_KEY) == 0 &&
                memcmp(held->milestone, self->milestone_key, AUDIT_KEY) == 0;
    if (fits)
        return;
    if (held->section == self->section && held->heads > self->head_counter)
        audit_check_found(self, self->at.number + 1,
                          "the newest lines are missing, from %llu on: the keeper has signed %llu more heads",
                          N(self->at.number + 1), N(held->heads - self->head_counter));
    else
        audit_check_found(self, self->at.number + 1, "the keeper's keys do not belong to these heads");
}

void audit_check_end(struct audit_check *self, const struct audit_keys_held *held)
{
    uint64_t tail = self->at.number - MIN(self->signed_until, self->at.number);
    if (!self->section || !self->milestone_counter)
        audit_check_found(self, 0, "nothing in it is signed");
    else if (self->cut != self->anchor)
        audit_check_found(self, MIN(self->cut, self->anchor) + 1, "removed, without the keeper having signed that: %s",
                          range(MIN(self->cut, self->anchor) + 1, MAX(self->cut, self->anchor)).text);
    else if (tail >= AUDIT_HEAD_LINES)
        audit_check_found(self, self->signed_until + 1,
                          "heads are missing: %llu lines behind line %llu are not signed, which is more than there can "
                          "be",
                          N(tail), N(self->signed_until));
    else if (held)
        check_held(self, held);
}
