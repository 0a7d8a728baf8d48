/* What one address, and one session, may ask of the gateway, so that nobody takes it from the others: requests under
 * way and requests a second. An address is IPv4, or the /64 of IPv6, for whoever has one address there has all of them.
 * Pure: time is a parameter. Not asked for local peers, which no crowd of the network shuts out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LIMITS_PEER_AT_ONCE 128 /* requests under way */
#define LIMITS_PEER_RATE 500    /* a second, ... */
#define LIMITS_PEER_BURST 2000  /* ... and so many at once after a silence */
#define LIMITS_SESSION_AT_ONCE 64
#define LIMITS_SESSION_RATE 250
#define LIMITS_SESSION_BURST 1000
#define LIMITS_SESSION_STREAMS 8  /* uploads under way */
#define LIMITS_SESSION_SOCKETS 48 /* websockets */
#define LIMITS_ENTRIES 1024       /* who is remembered; all others together count as one */

enum limits_kind { LIMITS_PEER, LIMITS_SESSION };

/* Whose; zeroed: nobody's. */
struct limits_key {
    uint8_t kind; /* 1 + enum limits_kind */
    uint8_t bytes[16];
};

struct limits;

int limits_create(struct limits **ret);
/* What is under way may still be ended afterwards. NULL allowed; returns NULL. */
struct limits *limits_destroy(struct limits *self);

/* text: as in logs; what is no address is a key by its text. */
struct limits_key limits_peer(const char *text);
struct limits_key limits_session(uint64_t id);
bool limits_same(const struct limits_key *a, const struct limits_key *b);

/* A request begins. 0: it may, and is to be ended by the key as it is then. Else: how many seconds to wait before the
 * next try. */
unsigned limits_begin(struct limits *self, struct limits_key *key, bool stream, uint64_t now_us);
void limits_end(struct limits *self, const struct limits_key *key, bool stream);
