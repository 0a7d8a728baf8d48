/* A USB host and its cable for the big CD drive, without FunctionFS: endpoint 0 and the two bulk endpoints are sockets
 * that keep messages apart, so a message is what a host's transfer would bring. And a server for the medium's bytes. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usbgadget/big_cd_pipe.h"

struct fake_cable {
    int ep0, in, out; /* the host's ends */
    int device_ep0;
    struct big_cd_pipe *pipe; /* the device's end of the bulk endpoints; begin takes it */
    atomic_int halts;
};

void fake_cable_init(struct fake_cable *self);
void fake_cable_finish(struct fake_cable *self); /* the host's ends */

/* What usb/functionfs.h calls FUNCTIONFS_ENABLE and so on. */
void fake_event(struct fake_cable *self, int type);
void fake_setup(struct fake_cable *self, uint8_t type, uint8_t request, uint16_t length);

struct fake_result {
    unsigned status; /* of the wrapper that ends the command: 0 good, 1 failed, 2 phase error */
    uint32_t size, residue;
};
/* A command that expects `expected` bytes. cdb: 16 bytes. */
struct fake_result fake_command(struct fake_cable *self, const uint8_t *cdb, void *room, uint32_t expected);
/* Its two halves, for what happens in between. */
void fake_begin(struct fake_cable *self, const uint8_t *cdb, uint32_t expected);
struct fake_result fake_end(struct fake_cable *self, void *room, uint32_t expected);
/* Sense key, code, qualifier. */
unsigned fake_sense(struct fake_cable *self, uint32_t *ret_lba);

/* --- the medium's server --- */

uint8_t medium_byte(uint64_t offset);

struct fake_server {
    pthread_t thread;
    int fd, peer; /* peer: for the drive */
    atomic_bool silent;
    atomic_ullong bad_offset;      /* requests that touch this byte are refused; ULLONG_MAX: none */
    atomic_int wrong_cookie_after; /* requests; -1: never */
    atomic_int requests;
};

void fake_server_start(struct fake_server *self);
void fake_server_stop(struct fake_server *self);
