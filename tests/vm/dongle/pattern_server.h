/* Our NBD server in a thread of its own, with media of any size that are made up as they are read: no byte of them is
 * stored, and each can be told from where it stands. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct pattern_server;

/* The bytes of medium `seed` from offset on; both multiples of 8. */
void pattern_fill(uint8_t *room, uint64_t offset, size_t size, uint64_t seed);

struct pattern_server *pattern_server_start(void);
void pattern_server_stop(struct pattern_server *self);
/* Offers medium `seed` under its number. */
void pattern_server_offer(struct pattern_server *self, unsigned seed, uint64_t size);
/* One end of a connection in its transmission phase. */
int pattern_server_connect(struct pattern_server *self, unsigned seed, uint16_t *ret_flags);
/* All connections to it break, as when the process ends; it may be connected anew. */
void pattern_server_break(struct pattern_server *self, unsigned seed);
