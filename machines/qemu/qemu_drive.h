/* Drive port of a QEMU machine: a USB CD-ROM that, once plugged, stays (changing its medium is opening and closing a
 * tray), or a USB stick that comes and goes with its image. The blocks come from our NBD server over a unix socket;
 * QEMU waits 25 s for that server when it is away. A request that the server ends with "no space" (ENOSPC) stops the
 * machine until drive_ops.resume, and is then asked again; other errors are the guest's. Net thread. */
#pragma once

#include "core/loop.h"
#include "machines/qemu/qmp.h"
#include "media/drive.h"

struct qemu_drive;

int qemu_drive_create(struct loop *loop, struct qmp *qmp, unsigned index, const char *nbd_socket,
                      struct qemu_drive **ret);
struct qemu_drive *qemu_drive_destroy(struct qemu_drive *self); /* after the monitor; NULL allowed; returns NULL */
struct drive *qemu_drive_port(struct qemu_drive *self);

/* The monitor is there: what query-block answered. A medium that was in and is not there (another process) is inserted
 * again. */
void qemu_drive_ready(struct qemu_drive *self, const json_t *blocks);
void qemu_drive_lost(struct qemu_drive *self);
void qemu_drive_event(struct qemu_drive *self, const char *name, const json_t *body);

/* For the boot order: the device's id and usual place; false when no medium of that kind is in. wanted: only one that
 * was inserted to be booted once. */
bool qemu_drive_boot_id(const struct qemu_drive *self, enum drive_kind kind, bool wanted, const char **ret_id,
                        int *ret_bootindex);
