/* Machine driver for a QEMU process that machines/qemu/argv.c described (or one started alike): screen, input, power
 * and drives over its QMP socket. Finds a running machine again by itself: it keeps connecting to the QMP socket, with
 * back-off, and adopts what it finds (power state, media in the drives, boot order), with everything released on the
 * keyboard. Net thread; pictures come on a capture thread of its own. */
#pragma once

#include "core/loop.h"
#include "machines/machine.h"
#include "machines/qemu/argv.h"
#include "media/drive.h"

struct qemu_machine_config {
    const char *name;       /* the target's name, for logs and sentences */
    const char *qmp_socket; /* RUNTIME/qmp.sock */
    const char *nbd_socket; /* where our NBD server listens, as QEMU reaches it; NULL with no drives */
    unsigned drives;        /* 0..DRIVES_MAX */
    enum qemu_firmware firmware;
    bool nic;         /* a network card is there: boot once from PXE makes sense */
    unsigned n_disks; /* disks of its own: boot once from disk makes sense */

    /* May be NULL. After each connection to a machine: what its drives hold is known now, so that an empty one can be
     * told from one not asked yet. A medium that the process before us inserted is in its drive under its export's
     * name, which must be served again: QEMU waits 25 s for it. */
    void (*drives_known)(void *data);
    void *data;
};

/* Copies config. The loop must outlive the machine. 0 or -errno. */
int qemu_machine_create(struct loop *loop, const struct qemu_machine_config *config, struct machine **ret);

/* What the supervisor says about the process: running false with the reason ("QEMU ended with code 1: ..."), which the
 * page then shows as SCREEN_DEVICE_GONE; running true lets the driver connect at once instead of at the next try. */
void qemu_machine_vm_changed(struct machine *machine, bool running, const char *why);
