/* The keys that sign the audit log, as they stand in the keeper's file `audit.key` (auth/keeper/audit_keys.h). Here for
 * the check as well: who has a copy of the store and of this file can see whether the newest heads are there. Pure. */
#pragma once

#include "auth/audit/check.h"

#define AUDIT_KEYS_FILE "audit.key"
#define AUDIT_KEYS_SIZE 320 /* of its contents */

struct audit_chain_key {
    uint64_t counter; /* of what the seed will sign */
    uint8_t seed[AUDIT_KEY];
    bool has_next;
    uint8_t next[AUDIT_KEY]; /* the seed after it */
};

struct audit_mac_key {
    uint64_t number; /* of the line it is for; 0: none */
    uint8_t key[AUDIT_MAC];
};

struct audit_keys {
    int fd; /* -1: not open */
    uint64_t section;
    struct audit_mac_key mac, next_mac;
    struct audit_chain_key chain[2]; /* by enum audit_level */
};

void audit_keys_pack(const struct audit_keys *self, uint8_t ret[AUDIT_KEYS_SIZE]);
/* False: these are no keys. fd is left alone. */
bool audit_keys_unpack(struct audit_keys *self, const uint8_t bytes[AUDIT_KEYS_SIZE]);

/* The head (or milestone) that `next` was made for exists: it is the key now. */
void audit_keys_advance(struct audit_keys *self, enum audit_level level);

/* Public: by what the next ones will be signed. 0 or -EIO. */
int audit_keys_held(const struct audit_keys *self, struct audit_keys_held *ret);
