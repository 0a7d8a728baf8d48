/* Port: one virtual drive of a target, a CD-ROM or a disk (USB stick), with or without a medium. Net thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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

struct drive_state {
    enum drive_phase phase;
    enum drive_kind kind;
    bool read_only;
    char medium[256]; /* name in the library; "" when empty */
    uint64_t size;    /* bytes */
    uint64_t bytes_read;
    char reason[256]; /* sentence, for DRIVE_FAILED */
};

/* The medium as the driver sees it: an export of our NBD server under this name. */
struct drive_medium {
    char name[256];  /* shown to people */
    char export[64]; /* NBD export name */
    uint64_t size;
    enum drive_kind kind;
    bool read_only;
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
    void (*destroy)(struct drive *self);
};

struct drive {
    const struct drive_ops *ops;
};
