/* A kernel block device (/dev/nbdN) whose blocks come from a socket of ours: generic netlink (Linux, nbd-netlink.h), no
 * nbd-client. The helper's (root). Every call is short and bounded in time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A request that is not answered in this time is taken back by the kernel, which then wants another connection, and is
 * sent again on that one; also one whose connection broke, and no sooner. So this is what a killed server costs the
 * target, and firmware waits about 5 s for a command. Sources that are slower are the server's affair
 * (nbd_server_serve). */
#define NBD_DEVICE_TIMEOUT_S 3
/* Of a writable medium: a write that is sent again while the first one is still under way could overtake it, and SD
 * cards take seconds now and then. */
#define NBD_DEVICE_WRITE_TIMEOUT_S 27
/* Together with the time of a request still below the 30 s after which a system gives its drive up. */
#define NBD_DEVICE_DEAD_S 20

struct nbd_device_config {
    uint64_t size;
    uint32_t block_size; /* 512 for disks, 2048 for discs */
    uint16_t flags;      /* NBD_FLAG_* of the transmission phase, as our server told them */
    unsigned timeout_s;  /* of a request: NBD_DEVICE_TIMEOUT_S */
    unsigned dead_s;     /* how long a lost connection may be replaced: NBD_DEVICE_DEAD_S */
};

/* A device that nobody uses takes the sockets (at most 16, all of one export; the caller closes its copies when it
 * likes). The kernel's answer tells the number; no page cache of an earlier medium is left in it. The kernel looks for
 * partitions, so another thread or process must be serving. A read-only size is rounded up to whole blocks (which
 * nbd_server_serve fills with zeros). -ENOENT: no nbd module; -EBUSY: none is free; -EINVAL: a writable size that is no
 * multiple of the block. */
int nbd_device_connect(const struct nbd_device_config *config, const int *sockets, unsigned n, unsigned *ret_index);
/* nbd_device_connect in two steps, for who wants to know the number before the kernel reads: the first does not wait
 * for the server, the second does (the device is disconnected when it fails). */
int nbd_device_attach(const struct nbd_device_config *config, const int *sockets, unsigned n, unsigned *ret_index);
int nbd_device_settle(unsigned index, const struct nbd_device_config *config);
/* Requests that the device has ended so far, and that it has open. False: there is no such device. Any thread. */
bool nbd_device_progress(unsigned index, uint64_t *ret_done, unsigned *ret_in_flight);
/* The dead connections of that device are replaced; requests that waited go on. timeout_s must be given. -EBUSY: the
 * old ones are still alive; -EINVAL: nothing is connected there, or not by us. */
int nbd_device_reconnect(unsigned index, const struct nbd_device_config *config, const int *sockets, unsigned n);
/* Requests fail from now on; the device is free when its last user closed it. */
int nbd_device_disconnect(unsigned index);
bool nbd_device_connected(unsigned index);
void nbd_device_path(unsigned index, char *room, size_t size); /* "/dev/nbd0" */
/* At start: disconnects what an earlier run that was killed has left connected. How many that were. */
unsigned nbd_device_remove_left_over(void);
/* Before the device is opened: how much a reader is ahead of whom it reads for. For links with a long delay. */
int nbd_device_set_read_ahead(unsigned index, unsigned kilobytes);
