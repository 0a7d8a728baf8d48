/* Our NBD server in a thread of its own, as the gateway has it, and connections of the kernel to it. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "media/nbd_device.h"
#include "media/nbd_server.h"

struct block_server;

struct block_server *block_server_start(void);
void block_server_stop(struct block_server *self);

/* Offers bytes (which stay the caller's) as name; what was offered under that name before ends. */
void block_server_offer(struct block_server *self, const char *name, uint8_t *bytes, size_t size, bool read_only);
void block_server_withdraw(struct block_server *self, const char *name);
/* One end of a connection in its transmission phase, for the kernel. */
int block_server_connect(struct block_server *self, const char *name, uint16_t *ret_flags);
/* Every read takes that long from now on. Any thread. */
void block_server_delay(struct block_server *self, unsigned milliseconds);
/* The thread sleeps for that long, answering nobody. */
void block_server_stall(struct block_server *self, unsigned milliseconds);
/* All connections of name break, as when the process ends; it may be connected anew. */
void block_server_break(struct block_server *self, const char *name);
struct nbd_export_stats block_server_stats(struct block_server *self, const char *name);
