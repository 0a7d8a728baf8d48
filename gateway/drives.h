/* The virtual drives of one target: an image of the library becomes an export of the target's NBD server, and then the
 * medium of a drive of its machine. Remembers what is in, for the next gateway. */
#pragma once

#include "gateway/gateway.h"

/* Listens on nbd_socket (NULL: nowhere, drives_serve takes sockets) and begins to offer again what the notes say. */
int drives_create(struct gateway_target *target, const char *nbd_socket, struct drives **ret);
/* Nothing is offered any more, and what still comes back from pools and machine changes no notes. */
void drives_stop(struct drives *self); /* NULL allowed */
/* After the I/O pool is gone. */
struct drives *drives_destroy(struct drives *self); /* NULL allowed; returns NULL */

/* The machine's drives (n of them, NULL where there is none) become the target's, through us. */
int drives_attach(struct drives *self, struct drive *const *drives, unsigned n);

/* A socket for the kernel's block device or a reader of our own, which is in the export's transmission phase at once.
 * Takes fd on success. */
int drives_serve(struct drives *self, const char *export, int fd, uint16_t *ret_flags);
/* lost: nobody is connected to one of the media any more. From inside it nothing that is served may be changed. */
void drives_listen_lost(struct drives *self, void (*lost)(void *data), void *data);
/* What the target has done with the medium of a drive; false: none is offered. */
bool drives_statistics(const struct drives *self, unsigned drive, struct nbd_export_stats *ret);
/* The notes' medium of a drive, NULL: none. */
const char *drives_noted(const struct drives *self, unsigned drive);

/* target_ops.insert */
void drives_insert(struct drives *self, unsigned drive, const struct medium_spec *medium, target_done_fn *done,
                   void *data);

/* What the machine's drives hold is known: one that came up without the media it should have gets them again. */
void drives_restore(struct drives *self);
