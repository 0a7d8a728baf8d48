/* How often somebody may try a password: counters by key (an account, a peer). Pure, time as a parameter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LOCKOUT_TRIES 20 /* in any hour */
#define LOCKOUT_WINDOW_US (3600 * 1000000ull)
#define LOCKOUT_FREE_TRIES 5 /* then each further one waits twice as long as the last */
#define LOCKOUT_DELAY_MAX_US (300 * 1000000ull)
#define LOCKOUT_KEYS 1024
#define LOCKOUT_KEY_MAX 72

struct lockout_entry {
    char key[LOCKOUT_KEY_MAX];        /* "" free */
    uint64_t tries_us[LOCKOUT_TRIES]; /* oldest first */
    unsigned n;
};

struct lockout {
    struct lockout_entry entries[LOCKOUT_KEYS];
};

/* 0: may be tried now. Else the seconds to wait. Counts nothing. */
unsigned lockout_wait_s(struct lockout *self, const char *key, uint64_t now_us);
/* A try begins: counted before its outcome is known, so that many at once are not free. */
void lockout_count(struct lockout *self, const char *key, uint64_t now_us);
/* A good password: for an account all tries are forgotten, for a peer just this one. */
void lockout_clear(struct lockout *self, const char *key);
void lockout_forgive(struct lockout *self, const char *key);

/* The key of a peer's address: IPv4 whole, IPv6 by its /64, which one owner has. False: a local peer, never counted. */
bool lockout_peer_key(const char *peer, char ret[LOCKOUT_KEY_MAX]);
/* The key of an account, and of a name that is none: names differ by more than case. */
void lockout_account_key(int64_t id, char ret[LOCKOUT_KEY_MAX]);
void lockout_name_key(const char *name, char ret[LOCKOUT_KEY_MAX]);
