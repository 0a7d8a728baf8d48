/* sd-bus on one end of a socketpair whose other end QEMU has: no bus daemon, no names, no Hello. */
#pragma once

#include <systemd/sd-bus.h>

#include "core/loop.h"

/* A connection that has begun to authenticate (which waits for nothing). Takes fd, also on failure. */
int bus_open_peer(int fd, sd_bus **ret);

/* Milliseconds until the connection wants to be processed though nothing arrived: 0 at once, -1 never. */
int bus_timeout_ms(sd_bus *bus);

/* Serves a connection from a loop. ended is called once, when the peer is gone or broke the protocol. */
struct bus_source;
int bus_source_create(struct loop *loop, sd_bus *bus, void (*ended)(void *data, int error), void *data,
                      struct bus_source **ret);
/* After calls that may have queued something to send. */
void bus_source_update(struct bus_source *self);
struct bus_source *bus_source_destroy(struct bus_source *self); /* NULL allowed; returns NULL; allowed in callbacks */
