/* Which device key a store belongs to: the store keeps a check value of it, so that another machine's key, or a new one
 * in place of one that was lost, is never taken for it. */
#pragma once

#include "auth/keeper/device_key.h"
#include "auth/keeper/store.h"

/* Loads the store's key; a store that has none yet gets one. 0, or -errno with a sentence in why. */
int store_device_key(struct store *self, struct device_key *ret, char *why, size_t size);
