/* A CD/DVD drive of our own on FunctionFS, for images that the kernel's mass storage would cut (above
 * BIG_CD_KERNEL_LIMIT): bulk-only transport (USB MSC BBB 1.0), SPC-4 / MMC-6 commands of a read-only drive with a CD or
 * DVD-ROM profile. Runs in a thread of its own that knows nothing but its descriptors: the FunctionFS endpoints, and a
 * socket on which our NBD server speaks the transmission phase (media/nbd_server.h, nbd_server_serve).
 *
 * The commands themselves (usbgadget/scsi_cd.h) are pure, so that every one of them can be fuzzed. */
#pragma once

#include "core/loop.h"

#define BIG_CD_KERNEL_LIMIT 2359293952ull /* 1151999 blocks of 2048 bytes */

struct big_cd;

struct big_cd_listener {
    /* On the loop's thread. The medium went out by the target's own eject; the target enabled or disabled us; it reads.
     */
    void (*ejected)(void *data);
    void (*enabled)(void *data, bool enabled);
};

/* inquiry: 28 characters in fixed columns. */
int big_cd_create(struct loop *loop, const char *inquiry, const struct big_cd_listener *listener, void *data,
                  struct big_cd **ret);
struct big_cd *big_cd_destroy(struct big_cd *self); /* NULL allowed; returns NULL; bounded in time */

/* Takes ep0 and writes descriptors and strings to it: afterwards the gadget can be bound. */
int big_cd_begin(struct big_cd *self, int ep0);
/* After binding: takes the two bulk endpoints and begins to serve. */
int big_cd_serve(struct big_cd *self, int bulk_in, int bulk_out);
void big_cd_end(struct big_cd *self); /* the gadget is unbound; begin may follow */

/* Takes the socket. The target sees a medium change. -EBUSY: one is in. */
int big_cd_insert(struct big_cd *self, int nbd_socket, uint64_t size);
/* Another socket for the medium that is in: its first one broke. Reads that wait go on. */
int big_cd_reconnect(struct big_cd *self, int nbd_socket);
/* -EBUSY: the target has locked the door, and force was not said. */
int big_cd_eject(struct big_cd *self, bool force);

struct big_cd_statistics {
    uint64_t commands, blocks, errors; /* errors: commands that ended with a check condition */
    uint64_t last_read_us;
    bool locked, loaded;
};
void big_cd_statistics(struct big_cd *self, struct big_cd_statistics *ret);
