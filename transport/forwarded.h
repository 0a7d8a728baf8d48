/* Who speaks through a proxy: the rightmost address in X-Forwarded-For that is not itself a trusted proxy's. It is for
 * the log and for limits, never for a right. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORWARDED_HOPS 16  /* trusted proxies behind one another, at most */
#define FORWARDED_TEXT 46  /* of an address, with its NUL */
#define FORWARDED_BYTES 16 /* IPv4 as ::ffff:a.b.c.d */

/* "192.0.2.1" or "2001:db8::1", nothing around it. False: no address. */
bool forwarded_parse(const char *text, uint8_t ret[FORWARDED_BYTES]);

/* Whether the configuration trusts this address. */
typedef bool forwarded_trusts_fn(const void *context, const uint8_t address[FORWARDED_BYTES]);

/* header: all X-Forwarded-For lines in their order, joined by commas. Walks from the right over trusted proxies; the
 * first address that is none is written to room in its usual form. False: the first entry that counts is no address
 * (ports, brackets, names, "unknown" and unix sockets are none), all entries are trusted, or there are too many of
 * them; then the connection's own address is all that is known. */
bool forwarded_client(const char *header, forwarded_trusts_fn *trusts, const void *context, char room[FORWARDED_TEXT]);
