/* The server's side of the NBD protocol (NetworkBlockDevice/nbd doc/proto.md): fixed newstyle negotiation and simple
 * replies, as a state machine without I/O. The caller asks where the next bytes go (nbd_wire_room), puts some there
 * and says how many (nbd_wire_filled); split them as you like.
 *
 * Not offered: TLS (the socket is local), structured replies, meta contexts, WRITE_ZEROES. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attrs.h"

#define NBD_MAX_NAME 63                /* bytes of an export name */
#define NBD_MAX_PAYLOAD (2u << 20)     /* of one READ or WRITE; told to peers that ask, larger ones get EINVAL */
#define NBD_PREFERRED_BLOCK 4096       /* told to peers that ask */
#define NBD_REPLY_SIZE 16              /* header of a simple reply */
#define NBD_REQUEST_SIZE 28            /* header of a request */
#define NBD_MAX_OPTIONS 128            /* a peer that haggles longer is dropped */
#define NBD_MAX_OPTION_DATA (1u << 16) /* longer: dropped; what fits here but not our room is refused by a reply */

#define NBD_MAGIC_REQUEST 0x25609513u
#define NBD_MAGIC_SIMPLE_REPLY 0x67446698u

enum nbd_command_type {
    NBD_CMD_READ = 0,
    NBD_CMD_WRITE = 1,
    NBD_CMD_DISC = 2,
    NBD_CMD_FLUSH = 3,
    NBD_CMD_TRIM = 4,
};

/* Errors as they stand in a reply. */
enum nbd_error {
    NBD_OK = 0,
    NBD_EPERM = 1,
    NBD_EIO = 5,
    NBD_ENOMEM = 12,
    NBD_EINVAL = 22,
    NBD_ENOSPC = 28,
    NBD_ENOTSUP = 95,
    NBD_ESHUTDOWN = 108,
};

/* 0 or -errno. What a short loss brings (-EAGAIN, -ENOTCONN, -ETIMEDOUT, -ECONNRESET, -EPIPE) becomes NBD_ESHUTDOWN,
 * and that becomes -EAGAIN; what the protocol has no word for becomes -EIO. */
enum nbd_error nbd_error_from_errno(int error);
int nbd_error_to_errno(uint32_t error);

struct nbd_export_info {
    uint64_t size;
    bool read_only;
};

/* What the negotiation needs from its owner. */
struct nbd_wire_host {
    /* Queues bytes for the peer; copies. At most some hundred bytes for each nbd_wire_filled, but for LIST. */
    void (*send)(void *data, const void *bytes, size_t size);
    /* True: this peer may have the export. name: NUL-terminated, may be "". */
    bool (*find)(void *data, const char *name, struct nbd_export_info *ret);
    /* Calls fn for each export that this peer may have. */
    void (*list)(void *data, void (*fn)(void *fn_data, const char *name), void *fn_data);
    /* The peer has chosen; from now on it sends commands. False: it is gone by now, the connection ends. */
    bool (*chosen)(void *data, const char *name);
};

/* A command that was checked: payload and range fit. error not NBD_OK: answer just that, with no payload. */
struct nbd_command {
    enum nbd_command_type type;
    enum nbd_error error;
    bool fua;        /* answer only when it is on stable storage */
    uint64_t cookie; /* the peer's; goes into the reply as it came */
    uint64_t offset;
    uint32_t length;
};

enum nbd_event {
    NBD_MORE = 0, /* nothing to do but to go on */
    NBD_COMMAND,  /* nbd_wire.command is complete (a write's payload is where nbd_wire_payload said) */
    NBD_PAYLOAD,  /* a write's header came: say by nbd_wire_payload where its bytes shall go, before anything else */
    NBD_FINISHED, /* the peer said good-bye: answer what is running, then close */
};

struct nbd_wire {
    const struct nbd_wire_host *host;
    void *data;
    int state; /* enum wire_state in nbd_wire_states.h */
    bool no_zeroes;
    unsigned options;
    struct nbd_export_info info; /* of the chosen export */
    struct nbd_command command;

    uint32_t option, option_size;
    uint8_t *room;       /* where the bytes of this state go */
    size_t wanted, have; /* of this state */
    uint64_t skip;       /* bytes to be thrown away before the state is done */
    uint8_t bytes[1024]; /* room of all states but a payload's */
};

/* Sends the greeting. host and data must outlive self. */
void nbd_wire_init(struct nbd_wire *self, const struct nbd_wire_host *host, void *data);

/* Without a negotiation: the peer, that was told of the export elsewhere, sends commands at once. */
void nbd_wire_init_chosen(struct nbd_wire *self, const struct nbd_wire_host *host, void *data,
                          const struct nbd_export_info *info);

/* NBD_FLAG_* of the transmission phase. */
uint16_t nbd_wire_flags(const struct nbd_export_info *info);

/* Where the next bytes go; *ret_size is how many fit, never 0 unless an event is pending. */
uint8_t *nbd_wire_room(struct nbd_wire *self, size_t *ret_size);

/* The first n bytes of the room were filled. enum nbd_event, or -EPROTO with the reason in *ret_why: close. */
int nbd_wire_filled(struct nbd_wire *self, size_t n, const char **ret_why);

/* After NBD_PAYLOAD: command.length bytes go to room. NULL: no memory; the payload is thrown away and the command comes
 * with error NBD_ENOMEM. */
void nbd_wire_payload(struct nbd_wire *self, uint8_t *room);

void nbd_reply_write(uint8_t room[NBD_REPLY_SIZE], uint64_t cookie, enum nbd_error error);
