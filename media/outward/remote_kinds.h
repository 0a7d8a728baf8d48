/* The kinds of remote media, for remote.c. */
#pragma once

#include "media/outward/remote.h"

struct remote_kind {
    const char *schemes[3]; /* NULL ends */
    int (*open)(struct loop *loop, const struct remote_settings *settings, const struct remote_spec *spec,
                const struct remote_listener *listener, void *data, struct remote **ret, char *why, size_t why_size);
};

/* Embedded first. */
struct remote {
    void (*cancel)(struct remote *self);
};

extern const struct remote_kind remote_url, remote_nbd;
