/* A CD/DVD drive of our own on FunctionFS, for images that the kernel's mass storage would cut (above
 * BIG_CD_KERNEL_LIMIT): bulk-only transport (USB MSC BBB 1.0), SPC-4 / MMC-6 commands of a read-only drive with a CD or
 * DVD-ROM profile. Runs in a thread of its own that knows nothing but its descriptors: the FunctionFS endpoints, and a
 * socket on which our NBD server speaks the transmission phase (media/nbd_server.h, nbd_server_serve).
 *
 * The commands themselves (usbgadget/scsi_cd.h) are pure, so that every one of them can be fuzzed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"

#define BIG_CD_KERNEL_LIMIT 2359293952ull /* 1151999 blocks of 2048 bytes */

struct big_cd;

struct big_cd_listener {
    /* On the loop's thread. The medium went out by the target's own eject; the target enabled or disabled us; it reads.
     */
    void (*ejected)(void *data);
    void (*enabled)(void *data, bool enabled);
    void (*lost)(void *data); /* may be NULL: the medium's socket is no good any more, big_cd_reconnect is waited for */
};

/* inquiry: 28 characters in fixed columns; what follows them, at most 32, is the unit's serial number. */
int big_cd_create(struct loop *loop, const char *inquiry, const struct big_cd_listener *listener, void *data,
                  struct big_cd **ret);
struct big_cd *big_cd_destroy(struct big_cd *self); /* NULL allowed; returns NULL; bounded in time */

/* Takes ep0 (on success) and writes descriptors and strings to it: afterwards the gadget can be bound. Where an earlier
 * process has written them and the gadget was kept, it goes on with that. */
int big_cd_begin(struct big_cd *self, int ep0);
/* After binding: takes (on success) the two bulk endpoints and begins to serve. -ENOSYS: a kernel without io_submit. */
int big_cd_serve(struct big_cd *self, int bulk_in, int bulk_out);
void big_cd_end(struct big_cd *self); /* the gadget is unbound; begin may follow */

/* Takes the socket (on success). The target sees a medium change. What is behind the last whole block of 2048 bytes is
 * not seen. -EBUSY: one is in; -EINVAL: smaller than a block. */
int big_cd_insert(struct big_cd *self, int nbd_socket, uint64_t size);
/* As insert, of what an earlier process had in when it ended (big_cd_begin): the target has seen no change. */
int big_cd_resume(struct big_cd *self, int nbd_socket, uint64_t size);
/* Another socket for the medium that is in: its first one broke. Reads that wait go on. -ENODEV: none is in. */
int big_cd_reconnect(struct big_cd *self, int nbd_socket);
/* -EBUSY: the target has locked the door, and force was not said. */
int big_cd_eject(struct big_cd *self, bool force);

/* How long the target's command waits for a lost socket, and for a server that says nothing (its socket is then taken
 * for lost): then it gets one medium error, and those after it get theirs at once until there is another socket.
 * Firmware and systems give up after about 30 s themselves. These are the values unless others are set, before serving.
 */
#define BIG_CD_LOST_US 20000000ull
#define BIG_CD_STALL_US 27000000ull
void big_cd_set_patience(struct big_cd *self, uint64_t lost_us, uint64_t stall_us);

struct big_cd_statistics {
    uint64_t commands, blocks, errors; /* errors: commands that ended with a check condition */
    uint64_t last_read_us;
    bool locked, loaded;
};
void big_cd_statistics(struct big_cd *self, struct big_cd_statistics *ret);
