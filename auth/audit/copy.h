/* A store that is not ours to change, for reading: it is copied with its journal into a folder of its own first, which
 * goes away with it. */
#pragma once

#include <sqlite3.h>

#include "auth/audit/keys.h"

struct audit_copy {
    sqlite3 *db;
    char folder[64];
    bool has_keys; /* audit.key lay beside it */
    struct audit_keys keys;
};

/* 0, -ENOENT, -EINVAL (no store of a version that has signed heads) or another error, with a sentence in why. */
int audit_copy_open(struct audit_copy *self, const char *path, char *why, size_t size);
void audit_copy_close(struct audit_copy *self); /* wipes the keys, removes the copy */

/* Feeds the check, and what went outside (or NULL), and ends the check. 0 or an error of SQLite. */
struct audit_outside;
int audit_copy_check(struct audit_copy *self, struct audit_check *check, const struct audit_outside *outside);
