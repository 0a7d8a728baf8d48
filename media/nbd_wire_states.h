/* The states of media/nbd_wire.h and the steps of its parts: nbd_wire_options.c and nbd_wire_info.c (negotiation), and
 * nbd_wire.c (transmission, and what all share). */
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

enum wire_option {
    OPTION_EXPORT_NAME = 1,
    OPTION_ABORT = 2,
    OPTION_LIST = 3,
    OPTION_STARTTLS = 5,
    OPTION_INFO = 6,
    OPTION_GO = 7,
    OPTION_STRUCTURED_REPLY = 8,
};

#define NBD_REP_ACK 1u
#define NBD_REP_SERVER 2u
#define NBD_REP_INFO 3u
#define NBD_REP_ERR_UNSUP 0x80000001u
#define NBD_REP_ERR_INVALID 0x80000003u
#define NBD_REP_ERR_TLS_REQD 0x80000005u
#define NBD_REP_ERR_UNKNOWN 0x80000006u
#define NBD_REP_ERR_TOO_BIG 0x80000009u

#define NBD_REPLY_DATA_MAX 320 /* of a reply to an option */

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

/* Options that name an export. */
int nbd_wire_export_name(struct nbd_wire *self, const char **ret_why);
int nbd_wire_info(struct nbd_wire *self, const char **ret_why);

void nbd_wire_reply(struct nbd_wire *self, uint32_t type, const void *bytes, size_t size);
void nbd_wire_refuse(struct nbd_wire *self, uint32_t type, const char *why);
