/* A kernel block device (/dev/nbdN) whose blocks come from a socket of ours: generic netlink (Linux, nbd-netlink.h), no
 * nbd-client. The helper's (root). Every call is short and bounded in time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nbd_device_config {
    uint64_t size;
    uint32_t block_size; /* 512 for disks, 2048 for discs */
    uint16_t flags;      /* NBD_FLAG_* of the transmission phase, as our server told them */
    unsigned timeout_s;  /* of a request: 27 */
    unsigned dead_s;     /* how long a lost connection may be replaced: 20 */
};

/* A device that nobody uses takes the sockets (at most 16, all of one export; the caller closes its copies when it
 * likes). The kernel's answer tells the number; no page cache of an earlier medium is left in it. The kernel looks for
 * partitions, so another thread or process must be serving. A read-only size is rounded up to whole blocks (which
 * nbd_server_serve fills with zeros). -ENOENT: no nbd module; -EBUSY: none is free; -EINVAL: a writable size that is no
 * multiple of the block. */
int nbd_device_connect(const struct nbd_device_config *config, const int *sockets, unsigned n, unsigned *ret_index);
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
