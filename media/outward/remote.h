/* A medium on another machine: http, https, nbd or nbds by its URL. Everything on the loop's thread.
 *
 * Opening and reading are one thing for all kinds, so that the role (gateway/outward/role_outward.c) knows no protocol.
 * What the other machine says is never believed: each connection's address is judged (address_policy.h), each answer
 * checked against what was asked, size and validator compared. A source that is not what it was is over for ever. */
#pragma once

#include "media/medium.h"
#include "media/outward/address_policy.h"
#include "media/source.h"

#include "core/loop.h"
#include "core/worker.h"

/* What the configuration says; outlives all that is opened with it. */
struct remote_settings {
    struct address_policy policy;
    char proxy[MEDIUM_URL_MAX]; /* for http and https; "": none */
    char *ca;                   /* PEM of authorities besides those of the system; NULL: none */
    struct worker_pool *resolver;
    unsigned stall_s; /* a connection that brings nothing for so long is given up; 0: REMOTE_STALL_S */
};

#define REMOTE_STALL_S 8 /* below what nbd_server allows a read (media/nbd_reads.h) */

/* Strings are copied. */
struct remote_spec {
    const char *url;
    const char *user, *secret; /* "" none. nbds: identity and key (hexadecimal) of TLS-PSK; neither: certificates */
    const char *ca;            /* PEM, "": the settings' or the system's */
    bool writable;             /* NBD */
};

struct remote_info {
    uint64_t size;
    bool read_only;
    char name[MEDIUM_NAME_MAX]; /* for people: printable UTF-8 */
    char validator[256];
};

enum remote_link { REMOTE_GOOD, REMOTE_AWAY, REMOTE_CHANGED };

struct remote_listener {
    /* Once, never before remote_open returned. error < 0: why is a sentence, the rest NULL; the codes of
     * gateway/outward/outward_wire.h. source: the receiver's; its reads end with -ESTALE (changed), with what the
     * server said for good (-ENOENT, -EACCES, -EPERM, -EPROTO), or with something that is worth another try (-EAGAIN,
     * -ETIMEDOUT, -ECONNRESET). */
    void (*opened)(void *data, int error, const char *why, const struct remote_info *info, struct source *source);
    /* A change, after opened. Not after the source was closed. */
    void (*link)(void *data, enum remote_link link, const char *why);
};

struct remote;

/* 0, -EINVAL with a sentence in why (nothing is called then), -ENOMEM. */
int remote_open(struct loop *loop, const struct remote_settings *settings, const struct remote_spec *spec,
                const struct remote_listener *listener, void *data, struct remote **ret, char *why, size_t why_size);

/* Before `opened`: nothing more is called. Afterwards the source is what is closed, and this must not be called. */
void remote_cancel(struct remote *self);
