/* Recovery codes: what opens an account when the phone of its second factor is lost. 80 random bits each, in the digits
 * of the set-up secret, four groups of four; only their hashes are kept, and each is good once. */
#pragma once

#include "auth/keeper/store.h"

#define RECOVERY_CODE_SIZE 20 /* with the dashes and the NUL */

attr_must_check int recovery_make(char ret[RECOVERY_CODE_SIZE]);

/* Inside a transaction. put: instead of those that the user has. */
int recovery_put(struct store *store, int64_t user_id, const char (*codes)[RECOVERY_CODE_SIZE], unsigned n);
int recovery_drop(struct store *store, int64_t user_id);
/* 1: it was one, and is gone; *ret_left are left. 0: it is none. */
int recovery_use(struct store *store, int64_t user_id, const char *code, unsigned *ret_left);
