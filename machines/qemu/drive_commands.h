/* The monitor commands by which a virtual drive comes, goes and changes its medium, and the reading of what is there.
 */
#pragma once

#include "machines/qemu/qmp_sequence.h"
#include "media/drive.h"

enum drive_device { DRIVE_DEVICE_NONE, DRIVE_DEVICE_CDROM, DRIVE_DEVICE_STICK };

static inline enum drive_device drive_device_for(enum drive_kind kind)
{
    return kind == DRIVE_CDROM ? DRIVE_DEVICE_CDROM : DRIVE_DEVICE_STICK;
}

/* Ids of one drive in QEMU. The node's changes with each medium, because QEMU may hold an old one for a while. */
struct drive_names {
    char device[16]; /* "drive0": scsi-cd or usb-storage */
    char bridge[16]; /* "drive0-usb": the USB part of a CD-ROM */
    char node[32];   /* "drive0-m12345" */
    char socket[108];
    unsigned serial;
};

/* -ENAMETOOLONG: the socket's path. serial: where node names begin; another one in each process. */
int drive_names_init(struct drive_names *self, unsigned index, const char *nbd_socket, unsigned serial);
void drive_names_next(struct drive_names *self);
/* Whether an event's "id" (an id, or a path in the object tree) is this drive. */
bool drive_names_match(const struct drive_names *self, const char *id);

/* device: what stands there already: NONE, or the kind that the medium needs. bootindex: its place in the boot order.
 */
void drive_commands_insert(struct qmp_sequence *sequence, const struct drive_names *names, enum drive_device device,
                           const struct drive_medium *medium, int bootindex);
/* Arguments of qom-set for the drive's place in the boot order, of qom-get with bootindex -1. The caller's. */
json_t *drive_commands_place(const struct drive_names *names, int bootindex);
/* After an insertion that failed half way. */
void drive_commands_abandon(struct qmp_sequence *sequence, const struct drive_names *names, enum drive_device device);
/* DEVICE_DELETED follows: of `bridge` for a CD-ROM, of `device` for a stick. */
void drive_commands_unplug(struct qmp_sequence *sequence, const struct drive_names *names, enum drive_device device);
/* The medium of a CD-ROM with its tray open, or of a stick that is unplugged. */
void drive_commands_remove(struct qmp_sequence *sequence, const struct drive_names *names, enum drive_device device);

struct drive_found {
    enum drive_device device;
    bool has_medium;
    bool paused; /* the machine stands still because of it, or did when this drive last had an error */
    char node[32];
    struct drive_medium medium; /* name and export both the export's */
};

/* Looks this drive up in an answer of query-block. Anything may be in there. */
void drive_commands_find(const struct drive_names *names, const json_t *blocks, struct drive_found *ret);
