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

/* A device that nobody uses takes the sockets (all of one export; they stay the caller's). The kernel's answer tells
 * the number; no page cache of an earlier medium is left in it. -ENOENT: no nbd module; -EBUSY: none is free. */
int nbd_device_connect(const struct nbd_device_config *config, const int *sockets, unsigned n, unsigned *ret_index);
/* The dead connection of that device is replaced; requests that waited go on. */
int nbd_device_reconnect(unsigned index, const struct nbd_device_config *config, const int *sockets, unsigned n);
/* Requests fail from now on; the device is free when its last user closed it. */
int nbd_device_disconnect(unsigned index);
bool nbd_device_connected(unsigned index);
void nbd_device_path(unsigned index, char *room, size_t size); /* "/dev/nbd0" */
int nbd_device_set_read_ahead(unsigned index, unsigned kilobytes);
