/* Grants in messages and in the keeper's store. For auth/ alone. */
#pragma once

#include "auth/grants.h"
#include "core/wire.h"

#define GRANTS_WIRE_MAX (1 + GRANTS_MAX * (2 + GRANT_TARGET_MAX + 4))

/* u8 n, n x (string target, le32 rights) */
void grants_write(struct wire_writer *w, const struct grants *grants);

/* False, and the reader bad: more than fit, a name that cannot be one, a right that the target cannot have, none, or
 * the same target twice. */
bool grants_read(struct wire_reader *r, struct grants *ret);

/* False: not a target, nor one of the two words that stand for others. */
bool grant_target_good(const char *target);
