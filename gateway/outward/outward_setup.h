/* What supervisor and outward process say to each other over core/ipc. Packing and unpacking are pure; the receiver
 * checks every length and range. */
#pragma once

#include "core/ipc.h"
#include "gateway/config/config.h"

enum outward_setup_type {
    OUTWARD_SETUP = 1, /* first; one descriptor where the configuration names authorities: the PEM file */
    OUTWARD_GATEWAY,   /* one descriptor: a channel to the gateway */
    OUTWARD_ERRANDS,   /* one descriptor: a channel to the keeper (auth/errand_wire.h) */
    OUTWARD_READY = 64,
    OUTWARD_LOST,         /* the channel to the gateway broke */
    OUTWARD_LOST_ERRANDS, /* the channel to the keeper broke */
};

struct outward_setup {
    struct address_policy policy;
    char proxy[CONFIG_PROXY_MAX];
};

void outward_write_setup(struct wire_writer *w, const struct outward_setup *setup);
/* False: malformed; *ret is then undefined. */
bool outward_read_setup(const uint8_t *body, size_t size, struct outward_setup *ret);
