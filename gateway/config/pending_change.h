/* A change that could shut its maker out (certificate, listeners, login rules): it is undone after five minutes unless
 * it is confirmed over a connection that was made after it, which proves that one can still come in. Pure; times are
 * clock_boot_us. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PENDING_LIFE_US (300 * 1000000ull)
#define PENDING_TEXT 256 /* of a note */

enum pending_kind { PENDING_NONE, PENDING_CERTIFICATE, PENDING_LISTENERS, PENDING_LOGIN_RULES };

struct pending_change {
    enum pending_kind kind;
    uint64_t began_us, until_us;
    char who[64]; /* who changed it */
};

/* 0, or -EBUSY: one waits already. */
int pending_begin(struct pending_change *self, enum pending_kind kind, const char *who, uint64_t now_us);

/* Whether a confirmation counts that came over a connection which began at connected_us (0: none that proves anything,
 * as the local socket). 0; -ENOENT: nothing waits; -ENOTCONN: no TLS connection; -EISCONN: it is older than the change;
 * -ETIME: too late. What waits goes on waiting until pending_end. */
int pending_confirmable(const struct pending_change *self, uint64_t connected_us, uint64_t now_us);

/* It has to be undone now: its time is over, or it is of another run of this machine. */
bool pending_over(const struct pending_change *self, uint64_t now_us);
/* Microseconds that are left. */
uint64_t pending_left(const struct pending_change *self, uint64_t now_us);

void pending_end(struct pending_change *self);

/* The note that it outlives a restart by. read: false when it makes no sense; nothing waits then. */
size_t pending_write(const struct pending_change *self, char room[PENDING_TEXT]);
bool pending_read(struct pending_change *self, const char *note);

const char *pending_word(enum pending_kind kind); /* "certificate", "listeners", "login-rules"; "" for none */
