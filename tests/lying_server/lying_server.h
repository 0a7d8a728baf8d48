/* A web server for tests that keeps to the protocol, or breaks it in one chosen way. On loopback, a thread for each
 * connection. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lie {
    LIE_NONE,
    LIE_IGNORES_RANGE,  /* 200 with everything */
    LIE_SHORT,          /* half of the body, then it closes */
    LIE_LONG,           /* twice the body, without a length */
    LIE_WRONG_RANGE,    /* bytes from elsewhere, and says so */
    LIE_WRONG_LENGTH,   /* Content-Length that does not fit Content-Range */
    LIE_NO_TOTAL,       /* Content-Range with an unknown total */
    LIE_NO_RANGE,       /* 206 without Content-Range */
    LIE_COMPRESSED,     /* Content-Encoding: gzip */
    LIE_STALLS,         /* a head, some bytes, then nothing */
    LIE_TRICKLES_HEADS, /* header lines without end */
    LIE_STATUS,         /* ways.status, without a body */
    LIE_REDIRECT,       /* 302 to ways.location; a location that begins with / goes round in circles */
    LIE_NONSENSE,       /* no HTTP at all */
    LIE_CLOSES,         /* without an answer */
};

struct lying_ways {
    enum lie lie;
    unsigned honest; /* so many requests are answered honestly before */
    int status;
    char location[256];
    char user[64], password[64]; /* "": nobody needs one; Basic */
    bool weak_tag, no_tag, no_date;
    unsigned version;         /* of the content; part of the validators */
    unsigned same_validators; /* nonzero: they do not show the version */
    uint64_t size;
    unsigned delay_ms; /* before each answer */
};

struct lying_server;

/* tls: with a certificate for localhost and 127.0.0.1, which lying_server_authority vouches for. */
struct lying_server *lying_server_start(const struct lying_ways *ways, bool tls);
void lying_server_stop(struct lying_server *self);
void lying_server_set(struct lying_server *self, const struct lying_ways *ways);
unsigned lying_server_port(const struct lying_server *self);
const char *lying_server_authority(const struct lying_server *self); /* PEM */
unsigned lying_server_requests(struct lying_server *self);
unsigned lying_server_connections(struct lying_server *self);
bool lying_server_saw_credentials(struct lying_server *self);
/* Goes away without stopping: connections are cut, new ones refused; and comes back at the same port. */
void lying_server_away(struct lying_server *self);
void lying_server_back(struct lying_server *self);

uint8_t lying_byte(uint64_t offset, unsigned version);
