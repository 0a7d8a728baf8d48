/* How often somebody may try: counters by key (an account, a browser, an address). Pure, time as a parameter.
 *
 * A table has room for so many keys. When it is full, a new key takes the place of the one that holds back least: of
 * those with the fewest tries the one whose last is oldest. So a key goes only when all others have at least as many
 * tries, each of which somebody had to make and was counted for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/attrs.h"

#define LOCKOUT_TRIES 20 /* in any hour */
#define LOCKOUT_WINDOW_US (3600 * 1000000ll)
#define LOCKOUT_FREE_TRIES 5 /* then each further one waits twice as long as the last */
#define LOCKOUT_DELAY_MAX_US (300 * 1000000ll)
#define LOCKOUT_KEY_MAX 72
#define LOCKOUT_GONE 64

struct lockout_entry {
    char key[LOCKOUT_KEY_MAX];       /* "" free */
    uint32_t mark;                   /* of the key, so that few are compared */
    int64_t tries_us[LOCKOUT_TRIES]; /* oldest first */
    unsigned n;
    bool stored;  /* the store has something of it */
    bool changed; /* and does not know the newest */
};

struct lockout {
    struct lockout_entry *entries;
    unsigned room;
    /* keys that lost their place, for the store to forget; beyond the list: all is to be written anew */
    char gone[LOCKOUT_GONE][LOCKOUT_KEY_MAX];
    unsigned n_gone;
    bool sweep;
};

attr_must_check int lockout_init(struct lockout *self, unsigned room);
void lockout_finish(struct lockout *self);

/* 0: may be tried now. Else the seconds to wait. Counts nothing. */
unsigned lockout_wait_s(struct lockout *self, const char *key, int64_t now_us);
/* A try begins: counted before its outcome is known, so that many at once are not free. */
void lockout_count(struct lockout *self, const char *key, int64_t now_us);
/* All tries are forgotten, or just the newest. */
void lockout_clear(struct lockout *self, const char *key);
void lockout_forgive(struct lockout *self, const char *key);
/* As it was stored: nothing changed by it. */
void lockout_restore(struct lockout *self, const char *key, int64_t try_us, int64_t now_us);

/* The key of a peer's address: IPv4 whole, IPv6 by its /64, which one owner has. False: a local peer, never counted. */
bool lockout_peer_key(const char *peer, char ret[LOCKOUT_KEY_MAX]);
/* The key of an account, and of a name that is none: names differ by more than case. */
void lockout_account_key(int64_t id, char ret[LOCKOUT_KEY_MAX]);
void lockout_name_key(const char *name, char ret[LOCKOUT_KEY_MAX]);
