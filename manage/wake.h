/* Wake-on-LAN: the magic packet (AMD, "Magic Packet Technology", 1995) as a UDP datagram to a subnet's broadcast
 * address, with the SecureOn password behind it where the interface wants one. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAKE_PORT 9 /* discard: nobody answers */
#define WAKE_SECUREON 6
#define WAKE_PACKET_MAX (6 + 16 * 6 + WAKE_SECUREON)

struct wake {
    uint8_t mac[6];
    bool secure;
    uint8_t password[WAKE_SECUREON];
    struct in_addr broadcast; /* in network order; INADDR_ANY: the subnets of all interfaces that are up */
    uint16_t port;            /* 0: WAKE_PORT */
};

/* Six bytes of ones, the address sixteen times, the password. How many bytes. Pure. */
size_t wake_packet(const struct wake *self, uint8_t room[WAKE_PACKET_MAX]);

/* Sends it once to each of the addresses. 0 when at least one took it; -ENETUNREACH: no network to send it into. Does
 * not wait; why (a sentence) with an error. */
int wake_send(const struct wake *self, char *why, size_t why_size);
