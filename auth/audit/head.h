/* Signed heads. A head says which line was the newest, by number and hash, and carries the public key that the next
 * head will be signed by; the key that signed it is erased then (Ed25519, RFC 8032). So whoever knows the first key can
 * check all of them, and whoever takes the keeper over cannot sign anything for the time before.
 *
 * Two chains of the same kind: heads, one a minute while lines come; and milestones, one in many heads. A milestone
 * says which key the next head is signed by, so that heads before it may be removed with the lines they cover. A
 * section begins with a milestone, signed by the first key, the section's root: the only one that has to be known from
 * outside. A second section begins only when the keys were lost (docs/audit.md). Pure. */
#pragma once

#include "auth/audit/line.h"

#define AUDIT_KEY 32 /* a public key, or the seed of a private one */
#define AUDIT_SIGNATURE 64

enum audit_level { AUDIT_HEAD, AUDIT_MILESTONE };

struct audit_head {
    uint8_t level;           /* enum audit_level */
    uint64_t section;        /* from 1 */
    uint64_t counter;        /* from 0 in each chain of a section */
    struct audit_link line;  /* the newest line then */
    int64_t time;            /* seconds since 1970, for people */
    uint64_t cut;            /* lines up to this number were removed, because more are not to be kept */
    uint8_t next[AUDIT_KEY]; /* public: of the next one in the same chain */
    uint64_t heads;          /* milestone: the counter of the next head, and its public key; head: 0 and zeros */
    uint8_t below[AUDIT_KEY];
    uint8_t signature[AUDIT_SIGNATURE];
};

/* The public key of a seed. 0 or -EIO. */
int audit_key_public(const uint8_t seed[AUDIT_KEY], uint8_t ret[AUDIT_KEY]);

/* Fills the signature. 0 or -EIO. */
int audit_head_sign(struct audit_head *self, const uint8_t seed[AUDIT_KEY]);
bool audit_head_signed_by(const struct audit_head *self, const uint8_t key[AUDIT_KEY]);

bool audit_head_equal(const struct audit_head *a, const struct audit_head *b);
