/* An RFB 3.8 viewer (RFC 6143) that asks for one encoding, decodes nothing, and knows which pixels it still waits for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RFB_TIGHT 7
#define RFB_ZRLE 16

struct rfb_client {
    int fd, width, height;
    uint8_t *awaited; /* per pixel: 1 while no rectangle with it came */
    uint64_t missing; /* how many */
    uint64_t bytes;   /* of all update messages so far */
    uint8_t buffer[65536];
    unsigned from, have;
};

/* Connects to the loopback port, agrees on no security and sends the first, full request. False: why is on stderr. */
bool rfb_client_open(struct rfb_client *self, int port, int encoding);
void rfb_client_close(struct rfb_client *self);

/* Waits for this pixel too. */
static inline void rfb_client_await(struct rfb_client *self, uint64_t pixel)
{
    self->missing += !self->awaited[pixel];
    self->awaited[pixel] = 1;
}

/* Reads updates, and asks for the next after each, until nothing is awaited. False: the server fell silent for
 * timeout_ms or said what we do not understand. */
bool rfb_client_receive(struct rfb_client *self, int timeout_ms);
