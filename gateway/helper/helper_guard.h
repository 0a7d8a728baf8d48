/* Bounds what the kernel does for the helper with block devices of ours: opening one, changing or closing a drive's
 * medium waits for whoever serves the blocks, in the kernel, where no signal reaches. A thread looks at the devices
 * meanwhile; those that get nothing done are disconnected, which ends all waiting for them with an error. */
#pragma once

#include <stdbool.h>

#define HELPER_GUARD_MOST 4
#define HELPER_GUARD_SECONDS 6 /* in which something must get done */

struct helper_guard;

int helper_guard_create(struct helper_guard **ret);
struct helper_guard *helper_guard_destroy(struct helper_guard *self); /* NULL allowed; returns NULL */

/* From here on nbd devices are looked after (at most HELPER_GUARD_MOST), until the end. */
void helper_guard_begin(struct helper_guard *self, const unsigned *indexes, unsigned n);
bool helper_guard_end(struct helper_guard *self); /* one was disconnected */
