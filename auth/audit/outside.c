#include "auth/audit/outside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N(number) ((unsigned long long)(number))

struct seen_line {
    uint64_t number;
    uint8_t hash[AUDIT_HASH];
};

struct seen_head {
    uint64_t section, counter, number;
    uint8_t level;
    uint8_t signature[AUDIT_SIGNATURE];
};

struct audit_outside {
    struct seen_line *lines;
    struct seen_head *heads;
    size_t n_lines, n_heads, room_lines, room_heads;
};

int audit_outside_create(struct audit_outside **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? 0 : -ENOMEM;
}

struct audit_outside *audit_outside_destroy(struct audit_outside *self)
{
    if (self) {
        free(self->lines);
        free(self->heads);
    }
    free(self);
    return NULL;
}

static void *grown(void *list, size_t *room, size_t n, size_t size)
{
    if (n < *room)
        return list;
    size_t more = *room ? 2 * *room : 256;
    void *new = reallocarray(list, more, size);
    if (new)
        *room = more;
    return new;
}

static int add_line(struct audit_outside *self, uint64_t number, const uint8_t hash[AUDIT_HASH])
{
    struct seen_line *list = grown(self->lines, &self->room_lines, self->n_lines, sizeof *list);
    if (!list)
        return -ENOMEM;
    self->lines = list;
    list[self->n_lines].number = number;
    memcpy(list[self->n_lines++].hash, hash, AUDIT_HASH);
    return 1;
}

static int add_head(struct audit_outside *self, const struct audit_head *head)
{
    struct seen_head *list = grown(self->heads, &self->room_heads, self->n_heads, sizeof *list);
    if (!list)
        return -ENOMEM;
    self->heads = list;
    struct seen_head *seen = &list[self->n_heads++];
    *seen = (struct seen_head){
        .section = head->section, .counter = head->counter, .number = head->line.number, .level = head->level};
    memcpy(seen->signature, head->signature, sizeof seen->signature);
    return 1;
}

int audit_outside_add(struct audit_outside *self, const char *text, size_t size)
{
    static const char *const begin[] = {"{\"line\":", "{\"head\":"};
    struct audit_object object;
    for (unsigned i = 0; i < ARRAY_SIZE(begin); i++) {
        const char *at = memmem(text, size, begin[i], strlen(begin[i]));
        size_t left = at ? size - (size_t)(at - text) : 0;
        while (left && at[left - 1] != '}') /* what a syslog server puts behind it */
            left--;
        if (left && audit_json_read(at, left, &object))
            return object.item == AUDIT_ITEM_LINE ? add_line(self, object.line.number, object.line.hash)
                                                  : add_head(self, &object.head);
    }
    return 0;
}

static int compare_lines(const void *a, const void *b)
{
    const struct seen_line *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int compare_heads(const void *a, const void *b)
{
    const struct seen_head *x = a, *y = b;
    if (x->section != y->section)
        return x->section < y->section ? -1 : 1;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    return x->counter < y->counter ? -1 : x->counter > y->counter;
}

void audit_outside_ready(struct audit_outside *self, uint64_t *ret_lines, uint64_t *ret_heads)
{
    if (self->n_lines)
        qsort(self->lines, self->n_lines, sizeof *self->lines, compare_lines);
    if (self->n_heads)
        qsort(self->heads, self->n_heads, sizeof *self->heads, compare_heads);
    *ret_lines = self->n_lines;
    *ret_heads = self->n_heads;
}

/* ---- comparing ---- */

/* Sent twice is fine; two different ones of the same number are not: all of them must be ours. */
static void compare_line(const struct audit_outside *self, struct audit_check *check, const struct audit_line *line)
{
    const struct seen_line key = {.number = line->number};
    const struct seen_line *seen =
        self->n_lines ? bsearch(&key, self->lines, self->n_lines, sizeof key, compare_lines) : NULL;
    if (!seen)
        return;
    while (seen > self->lines && seen[-1].number == line->number)
        seen--;
    for (; seen < self->lines + self->n_lines && seen->number == line->number; seen++)
        if (memcmp(seen->hash, line->hash, AUDIT_HASH) != 0)
            audit_check_found(check, line->number, "line %llu is not the one that went outside", N(line->number));
}

static void compare_head(const struct audit_outside *self, struct audit_check *check, const struct audit_head *head)
{
    const struct seen_head key = {.section = head->section, .level = head->level, .counter = head->counter};
    const struct seen_head *seen =
        self->n_heads ? bsearch(&key, self->heads, self->n_heads, sizeof key, compare_heads) : NULL;
    if (!seen)
        return;
    while (seen > self->heads && compare_heads(&seen[-1], &key) == 0)
        seen--;
    for (; seen < self->heads + self->n_heads && compare_heads(seen, &key) == 0; seen++)
        if (memcmp(seen->signature, head->signature, AUDIT_SIGNATURE) != 0)
            audit_check_found(check, MIN(seen->number, head->line.number),
                              "the head over line %llu is not the one that went outside, over line %llu",
                              N(head->line.number), N(seen->number));
}

void audit_outside_compare(const struct audit_outside *self, struct audit_check *check,
                           const struct audit_object *object)
{
    if (object->item == AUDIT_ITEM_LINE)
        compare_line(self, check, &object->line);
    else if (object->item == AUDIT_ITEM_HEAD)
        compare_head(self, check, &object->head);
}

void audit_outside_end(const struct audit_outside *self, struct audit_check *check)
{
    uint64_t newest = self->n_lines ? self->lines[self->n_lines - 1].number : 0;
    if (newest > check->at.number)
        audit_check_found(check, check->at.number + 1,
                          "lines %llu to %llu went outside and are not here: they were cut off, or an older state was "
                          "put back",
                          N(check->at.number + 1), N(newest));
    for (size_t i = 0; i < self->n_heads; i++) {
        const struct seen_head *head = &self->heads[i];
        uint64_t next = head->level == AUDIT_HEAD ? check->head_counter : check->milestone_counter;
        if (head->section > check->section || (head->section == check->section && head->counter >= next))
            audit_check_found(check, MIN(head->number, check->at.number + 1),
                              "a head over line %llu went outside and is not here: an older state was put back",
                              N(head->number));
    }
}
