/* Who comes from where over the network, so that peers who prove nothing cannot keep out those who could: the places of
 * the server are few, and each is held for seconds by who stays silent. For nbd_server.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "media/nbd_server.h"

#define NBD_ORIGIN_TEXT 48

struct nbd_connection;

/* An IPv4 address, or the first half of an IPv6 one: the other half is its owner's to choose. */
struct nbd_origin {
    bool remote; /* false: a local socket; the rest is zero */
    uint8_t address[16];
};

struct nbd_guest {
    struct nbd_connection *connection;
    struct nbd_origin origin;
    uint64_t came; /* a number that grows */
};

/* Of a connected socket of the network. -errno: it is gone. */
int nbd_origin_of(int fd, struct nbd_origin *ret);
void nbd_origin_text(const struct nbd_origin *self, char room[NBD_ORIGIN_TEXT]); /* for the log */

/* May one more come from there? */
bool nbd_crowd_admits(const struct nbd_guest *guests, unsigned n, const struct nbd_origin *origin);

/* Who gives way when all places are taken: who has proved nothing for longest. -1: nobody. */
int nbd_crowd_gives_way(const struct nbd_guest *guests, unsigned n);
