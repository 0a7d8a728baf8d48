/* The virtual drives of one target: what somebody wants to have in one (media/medium.h) becomes an export of the
 * target's NBD server, and then the medium of a drive of its machine. Remembers what is in, for the next gateway. Reads
 * of a medium that is away wait (docs/media.md); then a QEMU machine is answered ENOSPC, on which it stands still, and
 * a dongle's target gets an error. Net thread. */
#pragma once

#include "gateway/gateway.h"
#include "media/source.h"

/* How long a dongle's target waits: it is to survive a loss of 25 s, and gives its drive up after 30 s. The server's
 * own patience (media/nbd_reads.h) ends later. */
#define DRIVES_DONGLE_PATIENCE_US 26000000ull
/* Its kernel asks once more, at once, for what has failed: both within those 30 s, or the target resets the whole
 * device, keyboard and all. */
#define DRIVES_DONGLE_AFTER_US 1000000ull

/* Listens on nbd_socket (NULL: nowhere, drives_serve takes sockets) and begins to offer again what the notes say. */
int drives_create(struct gateway_target *target, const char *nbd_socket, struct drives **ret);
/* Nothing is offered any more, and what still comes back from pools and machine changes no notes. */
void drives_stop(struct drives *self); /* NULL allowed */
/* The target is gone while the gateway goes on: media are offered no more, and forgotten or kept in the notes for when
 * it comes back. What pools still have of it is waited for by drives_idle. */
void drives_leave(struct drives *self, bool forget); /* NULL allowed */
bool drives_idle(const struct drives *self);         /* NULL allowed */
/* After the I/O pool is gone, or once it is idle. */
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

/* target_ops.insert, overlay_export and overlay_discard */
void drives_insert(struct drives *self, unsigned drive, const struct medium_spec *medium, target_done_fn *done,
                   void *data);
void drives_overlay_export(struct drives *self, unsigned drive, const char *name, target_done_fn *done, void *data);
void drives_overlay_discard(struct drives *self, unsigned drive, target_done_fn *done, void *data);

/* A file that a peer brings (gateway/drives/media_streams.h). source is ours from then on, whatever becomes of it.
 * ret_id: the medium's, by which the file is picked again. */
void drives_insert_stream(struct drives *self, unsigned drive, const struct medium_spec *medium, struct source *source,
                          struct media_stream *stream, uint8_t ret_id[MEDIUM_ID_SIZE], target_done_fn *done,
                          void *data);
/* The file is brought again, for the medium of that id, or (id zeros) for one of the same name, size and time that
 * waits. source is taken with 0 only. *ret_id: the medium's. *ret_before: who brought it until now, or NULL. -ENOENT:
 * no such medium; -ESTALE: it is not the same file; -EACCES: another user's. */
int drives_resume_stream(struct drives *self, unsigned drive, const struct medium_spec *medium, struct source *source,
                         struct media_stream *stream, uint8_t ret_id[MEDIUM_ID_SIZE], struct media_stream **ret_before);
/* Nobody brings it any more; the medium stays. */
void drives_stream_gone(struct drives *self, unsigned drive, const struct media_stream *stream);

/* What the machine's drives hold is known: one that came up without the media it should have gets them again. */
void drives_restore(struct drives *self);
