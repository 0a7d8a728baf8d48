/* The server's side of the NBD protocol (NetworkBlockDevice/nbd doc/proto.md): fixed newstyle negotiation, simple and
 * structured replies (media/nbd_reply.h), as a state machine without I/O. The caller asks where the next bytes go
 * (nbd_wire_room), puts some there and says how many (nbd_wire_filled); split them as you like.
 *
 * Not offered: meta contexts, CACHE, RESIZE, extended headers, the old style of negotiation. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attrs.h"
#include "media/nbd_error.h"

#define NBD_MAX_NAME 63                /* bytes of an export name */
#define NBD_MAX_DESCRIPTION 255        /* bytes of what people read of it */
#define NBD_MAX_PAYLOAD (32u << 20)    /* of one READ or WRITE; told to peers that ask, larger ones get EINVAL */
#define NBD_PREFERRED_BLOCK 4096       /* told to peers that ask */
#define NBD_REQUEST_SIZE 28            /* header of a request */
#define NBD_MAX_OPTIONS 128            /* a peer that haggles longer is dropped */
#define NBD_MAX_OPTION_DATA (1u << 16) /* longer: dropped; what fits here but not our room is refused by a reply */

#define NBD_MAGIC_REQUEST 0x25609513u

enum nbd_command_type {
    NBD_CMD_READ = 0,
    NBD_CMD_WRITE = 1,
    NBD_CMD_DISC = 2,
    NBD_CMD_FLUSH = 3,
    NBD_CMD_TRIM = 4,
    NBD_CMD_WRITE_ZEROES = 6,
};

struct nbd_export_info {
    uint64_t size;
    bool read_only;
    const char *description; /* for people; NULL: none. Valid until the next call */
};

/* Of a negotiation. What the peer says in the clear is refused where TLS is wanted, but for STARTTLS and ABORT: it
 * learns nothing before, not even names. */
enum nbd_tls_policy { NBD_TLS_NEVER, NBD_TLS_REQUIRED, NBD_TLS_BEGUN };

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
    bool no_hole;    /* WRITE_ZEROES: keep the room */
    uint64_t cookie; /* the peer's; goes into the reply as it came */
    uint64_t offset;
    uint32_t length;
};

enum nbd_event {
    NBD_MORE = 0, /* nothing to do but to go on */
    NBD_COMMAND,  /* nbd_wire.command is complete (a write's payload is where nbd_wire_payload said) */
    NBD_PAYLOAD,  /* a write's header came: say by nbd_wire_payload where its bytes shall go, before anything else */
    NBD_STARTTLS, /* when all that was queued is sent, the handshake begins; what comes then comes through TLS */
    NBD_FINISHED, /* the peer said good-bye: answer what is running, then close */
};

struct nbd_wire {
    const struct nbd_wire_host *host;
    void *data;
    int state; /* enum wire_state in nbd_wire_states.h */
    bool no_zeroes;
    bool structured; /* replies, as the peer wished */
    enum nbd_tls_policy tls;
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
void nbd_wire_init(struct nbd_wire *self, const struct nbd_wire_host *host, void *data, enum nbd_tls_policy tls);

/* Without a negotiation: the peer, that was told of the export elsewhere, sends commands at once. */
void nbd_wire_init_chosen(struct nbd_wire *self, const struct nbd_wire_host *host, void *data,
                          const struct nbd_export_info *info);

/* NBD_FLAG_* of the transmission phase. Several connections are one medium for us: what one was answered, the others
 * see, and a flush of one is a flush of all (NBD_FLAG_CAN_MULTI_CONN). */
uint16_t nbd_wire_flags(const struct nbd_export_info *info, bool structured);

/* Where the next bytes go; *ret_size is how many fit, never 0 unless an event is pending. */
uint8_t *nbd_wire_room(struct nbd_wire *self, size_t *ret_size);

/* The first n bytes of the room were filled. enum nbd_event, or -EPROTO with the reason in *ret_why: close. */
int nbd_wire_filled(struct nbd_wire *self, size_t n, const char **ret_why);

/* After NBD_PAYLOAD: command.length bytes go to room. NULL: no memory; the payload is thrown away and the command comes
 * with error NBD_ENOMEM. */
void nbd_wire_payload(struct nbd_wire *self, uint8_t *room);
