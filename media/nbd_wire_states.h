/* The states of media/nbd_wire.h and the steps of its two halves: nbd_wire_options.c (negotiation) and nbd_wire.c
 * (transmission, and what both share). */
#pragma once

#include <errno.h>

#include "media/nbd_wire.h"

enum wire_state {
    CLIENT_FLAGS,   /* 4 bytes */
    OPTION_HEADER,  /* 16 bytes */
    OPTION_DATA,    /* option_size bytes, some perhaps skipped */
    REQUEST,        /* 28 bytes */
    PAYLOAD_WANTED, /* a write's room must be named */
    PAYLOAD,        /* of a write, or skipped */
    FINISHED,
};

/* The next state, and how many bytes complete it. */
static inline void nbd_wire_expect(struct nbd_wire *self, enum wire_state state, size_t wanted)
{
    self->state = (int)state;
    self->room = self->bytes;
    self->wanted = wanted;
    self->have = 0;
    self->skip = 0;
}

static inline int nbd_wire_bad(const char *why, const char **ret_why)
{
    *ret_why = why;
    return -EPROTO;
}

/* A state's bytes are complete: what came of it, as nbd_wire_filled. cut: the option was too long to be kept. */
int nbd_wire_client_flags(struct nbd_wire *self, const char **ret_why);
int nbd_wire_option_header(struct nbd_wire *self, const char **ret_why);
int nbd_wire_option(struct nbd_wire *self, bool cut, const char **ret_why);
