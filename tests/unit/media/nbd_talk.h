/* Conversations with the protocol without sockets: each is fed whole, in threes and byte by byte, and must give the
 * same. There are two exports, "disk" and "cd", of which the second is read-only. */
#pragma once

#include "media/nbd_wire.h"
#include "nbd_bytes.h"

#define TALK_DISK 65536       /* bytes of each */
#define TALK_DISK_FLAGS 0x16d /* has flags, flush, fua, trim, write zeroes, multi-conn */
#define TALK_CD_FLAGS 0x10f   /* the same, read-only, no trim, no zeroes */
#define TALK_STEPS 3

extern const size_t talk_steps[TALK_STEPS];  /* how many bytes are fed at a time */
extern const struct nbd_wire_host talk_host; /* its data is a struct talk */

/* What came of a conversation: bytes sent, and one line for each event. */
struct talk {
    struct bytes out;
    char log[2048];
    size_t consumed;
    char chosen[64];
    bool refuse_chosen, no_memory;
    enum nbd_tls_policy tls;
    uint8_t payload[TALK_DISK];
};

/* Feeds it until it ends; step bytes at a time. */
void talk_converse(struct talk *t, const struct bytes *in, size_t step);
/* In each of the steps: the log, and the bytes sent unless out is NULL. */
void talk_expect_over(enum nbd_tls_policy tls, const struct bytes *in, const struct bytes *out, const char *log);
void talk_expect(const struct bytes *in, const struct bytes *out, const char *log);
/* in becomes what a client sends to begin with this export. */
void talk_enter(struct bytes *in, const char *name);
