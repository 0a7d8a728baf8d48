/* Which addresses outward may connect to. A URL comes from whoever may insert media, and a name's addresses from
 * whoever owns the name; what stands near this host trusts this host (its own services, a cloud's metadata service), so
 * these are refused unless the configuration allows them: loopback, link-local, multicast, unspecified and reserved
 * addresses, this host's own, and each of them inside an IPv6 address that a translator or tunnel takes apart (mapped,
 * compatible, NAT64 of RFC 6052 and 8215, 6to4, Teredo, ISATAP). Private networks (RFC 1918, RFC 4193) are fine unless
 * denied. Pure, but for address_policy_check. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_MAX_NETWORKS 32

/* IPv4 as ::ffff:a.b.c.d with 96 more bits. */
struct address_network {
    uint8_t bytes[16]; /* zeros behind the prefix */
    uint8_t bits;
};

struct address_networks {
    struct address_network list[ADDRESS_MAX_NETWORKS];
    unsigned n;
};

struct address_policy {
    struct address_networks allow; /* even if it would be refused */
    struct address_networks deny;  /* above all */
};

/* "10.0.0.0/8", "fd00::/8", "127.0.0.1". Bits behind the prefix must be zero. */
bool address_network_parse(const char *text, struct address_network *ret);

bool address_networks_have(const struct address_networks *self, const uint8_t address[16]);

/* own: is this one of this host's addresses? May be NULL. NULL: fine; else why not, the rest of a sentence that begins
 * with the address ("is a loopback address"). */
const char *address_policy_judge(const struct address_policy *self, const struct sockaddr *address,
                                 bool (*own)(const struct sockaddr *address));

/* The same with what this host's routes say of the moment. */
const char *address_policy_check(const struct address_policy *self, const struct sockaddr *address);

#define ADDRESS_TEXT 64 /* "[fe80::1%2]"; without the port */
void address_text(const struct sockaddr *address, char room[ADDRESS_TEXT]);
