/* Port: one virtual drive of a target, a CD-ROM or a disk (USB stick), with or without a medium. Net thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "media/medium.h"

#define DRIVES_MAX 4 /* of one target */

enum drive_kind { DRIVE_CDROM, DRIVE_DISK };

enum drive_phase {
    DRIVE_EMPTY,
    DRIVE_INSERTING,
    DRIVE_INSERTED,
    DRIVE_EJECTING,
    DRIVE_EJECTED_BY_TARGET, /* the target itself opened the tray; the medium is out */
    DRIVE_FAILED,            /* see `reason` */
};

const char *drive_phase_name(enum drive_phase phase); /* "empty", "inserted", ...; stable for scripts */

enum drive_link {
    DRIVE_LINK_GOOD,    /* or: it needs none */
    DRIVE_LINK_WAITING, /* the source is away; reads wait */
    DRIVE_LINK_LOST,    /* it was away for too long: reads failed. The medium is whole again when the source returns */
};
const char *drive_link_name(enum drive_link link); /* "good", "waiting", "lost"; stable for scripts */

struct drive_state {
    enum drive_phase phase;
    enum drive_kind kind;
    bool read_only;
    char medium[256]; /* name in the library; "" when empty */
    uint64_t size;    /* bytes */
    uint64_t bytes_read;
    char reason[256]; /* sentence, for DRIVE_FAILED; also of a fault of a medium that is in */

    /* What the gateway knows besides; a machine's driver leaves it alone. */
    enum medium_origin origin;
    enum drive_link link;
    char words[256]; /* sentence: what it waits for, or what is being done with it; "" */
    uint64_t rate;   /* bytes/s that the target reads, of late */
    uint64_t bytes_written;
    uint64_t idle_ms; /* since the target's last read or write; UINT64_MAX: none yet */
    enum medium_overlay overlay;
    uint64_t changed;     /* bytes in the overlay */
    bool copying, copied; /* to the library in the background */
    uint64_t copy_done;   /* bytes */
    bool boot_once;
    bool locked;        /* the target holds the door, as far as the driver knows */
    bool paused;        /* the machine stands still because of this medium, until `resume`; the driver's */
    char url[256];      /* where it comes from, without credentials, cut */
    char firmware[200]; /* sentence: what the firmware will see */
    uint8_t id[MEDIUM_ID_SIZE];
};

/* The medium as the driver sees it: an export of our NBD server under this name. */
struct drive_medium {
    char name[256];  /* shown to people */
    char export[64]; /* NBD export name */
    uint64_t size;
    enum drive_kind kind;
    bool read_only;
    bool again;     /* the target has had it in this drive since before this process was there */
    bool boot_once; /* before others of its kind, where the machine is told to boot one of that kind once; afterwards
                     * behind the machine's own disks, where it has a say in the order */
};

typedef void drive_done_fn(void *data, int error, const char *why); /* why: sentence for people when error < 0 */

struct drive;

struct drive_ops {
    const char *name;
    /* Asynchronous; done is called exactly once, perhaps before return. -EBUSY through done: another change is running,
     * or a medium is in (eject first). */
    void (*insert)(struct drive *self, const struct drive_medium *medium, drive_done_fn *done, void *data);
    /* force: also when the target has locked the door. */
    void (*eject)(struct drive *self, bool force, drive_done_fn *done, void *data);
    void (*state)(struct drive *self, struct drive_state *ret);
    /* changed is called after each change of phase. */
    void (*listen)(struct drive *self, void (*changed)(void *data), void *data);
    /* The medium can be read again: a machine that stands still because of it goes on. NULL: none ever does. */
    void (*resume)(struct drive *self);
    void (*destroy)(struct drive *self);
};

struct drive {
    const struct drive_ops *ops;
};
