/* What gateway and outward process say to each other over core/ipc; the gateway got the channel from the supervisor.
 * The gateway opens jobs, each with one end of a socketpair over which outward serves the medium's blocks as NBD
 * (nbd_server_serve there, media/source_nbd.h here). A job lives as long as outward does, OUTWARD_KEEP_S beyond the
 * gateway's end: a gateway that was killed finds it again by its token, and nobody has to give credentials twice.
 * Packing and unpacking are pure; the receiver checks every length and range. */
#pragma once

#include "core/ipc.h"
#include "media/medium.h"

#define OUTWARD_TOKEN_SIZE 16
#define OUTWARD_KEEP_S 300
#define OUTWARD_SECRET_MAX 512
#define OUTWARD_CA_MAX 8192

enum outward_type {
    OUTWARD_OPEN = 1, /* serial; one descriptor: the socket that is to be served. Answered with OPENED */
    OUTWARD_ADOPT,    /* the same for a job that is there: struct outward_adopt */
    OUTWARD_CLOSE,    /* token */
    OUTWARD_OPENED = 64,
    OUTWARD_STATE, /* of a job: the source is away, is there again, or has changed */
};

struct outward_open {
    uint8_t token[OUTWARD_TOKEN_SIZE];
    char url[MEDIUM_URL_MAX]; /* http, https, nbd, nbds */
    char user[256];
    char secret[OUTWARD_SECRET_MAX];
    char ca[OUTWARD_CA_MAX]; /* PEM; "": the configuration's or the system's */
    bool writable;           /* NBD only */
};

struct outward_opened {
    int32_t error; /* 0, or -errno: -ENOENT (404, no such export), -EACCES (401, 403), -EPERM (address not allowed),
                      -ETIMEDOUT, -EPROTO, -ENOTSUP (no ranges, no length), ... */
    char why[256]; /* sentence */
    uint64_t size;
    bool read_only;
    char name[MEDIUM_NAME_MAX]; /* for people: of the file, after redirects */
    char validator[256];        /* strong ETag or Last-Modified; "" none */
};

enum outward_link { OUTWARD_GOOD, OUTWARD_AWAY, OUTWARD_CHANGED /* for ever: the source is not what it was */ };

struct outward_state {
    uint8_t token[OUTWARD_TOKEN_SIZE];
    uint8_t link;
    char why[256];
};

void outward_write_open(struct wire_writer *w, const struct outward_open *open);
void outward_write_opened(struct wire_writer *w, const struct outward_opened *opened);
void outward_write_state(struct wire_writer *w, const struct outward_state *state);
void outward_write_token(struct wire_writer *w, const uint8_t token[OUTWARD_TOKEN_SIZE]); /* ADOPT, CLOSE */

/* False: malformed; *ret is then undefined. */
bool outward_read_open(const uint8_t *body, size_t size, struct outward_open *ret);
bool outward_read_opened(const uint8_t *body, size_t size, struct outward_opened *ret);
bool outward_read_state(const uint8_t *body, size_t size, struct outward_state *ret);
bool outward_read_token(const uint8_t *body, size_t size, uint8_t ret[OUTWARD_TOKEN_SIZE]);
