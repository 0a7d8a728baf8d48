/* Browsers from which somebody logged in before: each has a token of its own, of which the store keeps the hash. It
 * opens nothing; it is a budget of tries that nobody else can use up. */
#pragma once

#include "auth/keeper/instant.h"
#include "auth/keeper/store.h"
#include "auth/session.h"

#define DEVICE_LIFE_S (90 * 86400ll)
#define DEVICE_RENEW_S (60 * 86400ll) /* so old, a good login gives out another */
#define DEVICES_PER_USER 16

/* 1: this browser belongs to the user; *ret_age_s since it was made. 0: not, or no longer. */
int device_known(struct store *store, const char *token, int64_t user_id, struct instant now, uint8_t ret_hash[32],
                 int64_t *ret_age_s);

/* A new one: AUTH_TOKEN_HEX + 1 characters. The user's oldest goes when there are too many. Inside a transaction. */
int device_make(struct store *store, int64_t user_id, struct instant now, char *ret_token);

/* Inside a transaction: all of a user but (NULL: none) this. */
int devices_forget(struct store *store, int64_t user_id, const uint8_t *but);
