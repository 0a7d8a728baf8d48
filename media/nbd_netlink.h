/* Generic netlink as the kernel's nbd driver speaks it (linux/nbd-netlink.h, linux/genetlink.h), without I/O: messages
 * in, answers taken apart. For nbd_device.c. */
#pragma once

#include "media/nbd_device.h"

#define NBD_NETLINK_ROOM 1024
#define NBD_NETLINK_SOCKETS 16 /* the most in one message */

struct nbd_netlink_request {
    uint16_t family; /* 0: the question for the family's number */
    uint8_t command; /* NBD_CMD_CONNECT ... of linux/nbd-netlink.h */
    uint32_t serial;
    int64_t index;                          /* -1: the kernel chooses */
    const struct nbd_device_config *config; /* CONNECT, RECONFIGURE; else NULL */
    const int *sockets;
    unsigned n_sockets;
    const char *owner; /* who may change it later (NBD_ATTR_BACKEND_IDENTIFIER), NULL: nobody in particular */
};

/* Bytes written to room, or 0: they do not fit. */
size_t nbd_netlink_write(const struct nbd_netlink_request *request, uint8_t room[NBD_NETLINK_ROOM]);

struct nbd_netlink_answer {
    bool done; /* the kernel has finished with the request */
    int error; /* then: 0 or -errno */
    bool has_family, has_index, has_connected;
    uint16_t family;
    uint32_t index;
    bool connected;
};

/* Takes one datagram and adds what it says of the request with that serial. False: malformed. */
bool nbd_netlink_read(const uint8_t *bytes, size_t size, uint32_t serial, struct nbd_netlink_answer *answer);
