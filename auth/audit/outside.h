/* What an audit log left outside: lines and heads in a file that was appended to, or in what a syslog server wrote.
 * Whoever changes the log inside cannot change these; so they show also what the log alone cannot, an older state of it
 * that was put back. Text of any form around the objects is skipped. */
#pragma once

#include "auth/audit/json.h"

struct audit_outside;

int audit_outside_create(struct audit_outside **ret);
struct audit_outside *audit_outside_destroy(struct audit_outside *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct audit_outside, audit_outside_destroy)

/* One line of such a file, without its newline. 1: it holds an object; 0: none, or one that was torn; -ENOMEM. */
int audit_outside_add(struct audit_outside *self, const char *text, size_t size);

/* Says what was found of both; call it when all was added, before comparing. */
void audit_outside_ready(struct audit_outside *self, uint64_t *ret_lines, uint64_t *ret_heads);

/* Behind audit_check_object for each object, and before audit_check_end. */
void audit_outside_compare(const struct audit_outside *self, struct audit_check *check,
                           const struct audit_object *object);
void audit_outside_end(const struct audit_outside *self, struct audit_check *check);
