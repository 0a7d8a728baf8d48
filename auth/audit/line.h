/* A line of the audit log and how it hangs on the one before: its body is what was said behind the hash of the line
 * before; its MAC is HMAC-SHA-256 of the body under a key that is ratcheted forward after each use; its hash is SHA-256
 * of body and MAC. Lines of stores before version 2 have no MAC. Pure. */
#pragma once

#include "auth/keeper_wire.h"

#define AUDIT_HASH 32
#define AUDIT_MAC 32

struct audit_link {
    uint64_t number; /* 0 with a hash of zeros: before the first line */
    uint8_t hash[AUDIT_HASH];
};

struct audit_line {
    uint64_t number;
    int64_t time; /* seconds since 1970, as far as the gateway knew: nothing is judged by it */
    struct keeper_audit_text text;
    bool plain; /* without a MAC */
    uint8_t mac[AUDIT_MAC];
    uint8_t hash[AUDIT_HASH];
};

/* Copies what fits, cut at a whole character. */
void audit_text_cut(char *room, size_t size, const char *text);

/* Fills mac and hash for the line that comes behind `before`. key: AUDIT_MAC bytes; NULL: plain. 0 or -EIO. */
int audit_line_seal(struct audit_line *self, const struct audit_link *before, const uint8_t *key);

/* Whether it comes behind `before`, as it was written. */
bool audit_line_follows(const struct audit_line *self, const struct audit_link *before);
bool audit_line_mac_right(const struct audit_line *self, const struct audit_link *before, const uint8_t *key);
struct audit_link audit_line_link(const struct audit_line *self);

/* The key of the next line, in the place of this one's. 0 or -EIO. */
int audit_key_ratchet(uint8_t key[AUDIT_MAC]);
