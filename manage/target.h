/* One managed machine as the REST faces see it: its ports and what only the gateway can do for it. Net thread. */
#pragma once

#include "capture/screen.h"
#include "manage/power.h"
#include "manage/seat.h"
#include "media/drive.h"
#include "usbgadget/input.h"

#define TARGET_NAME_MAX 64 /* [a-z0-9][a-z0-9-]* */
#define TARGET_LOG_LINES 20
#define TARGET_LOG_LINE                                                                                                \
    400 /* bytes of one, its NUL included: QEMU names the whole option before it says what is wrong */

struct target;

typedef void target_done_fn(void *data, int error, const char *why);
/* bytes are valid during the call; NULL with error < 0 and a sentence in why. */
typedef void target_bytes_fn(void *data, int error, const char *why, const void *bytes, size_t size);

enum target_shot { TARGET_SHOT_PNG, TARGET_SHOT_JPEG };

struct target_text {
    unsigned columns, rows;
    const char *const *lines; /* UTF-8, trailing blanks cut */
    bool exact;               /* every cell matched a glyph */
    int cursor_x, cursor_y;   /* the cell that a text cursor was seen on, -1 when none was (it blinks) */
};
/* error -ENODATA: no picture; -ENOTSUP: no text mode that can be read. */
typedef void target_text_fn(void *data, int error, const char *why, const struct target_text *text);

/* Asynchronous calls end in exactly one callback, perhaps before they return. */
struct target_ops {
    /* image: a name in the library. kind < 0: by the file's type, else enum drive_kind. */
    void (*insert)(struct target *self, unsigned drive, const char *image, int kind, bool read_only,
                   target_done_fn *done, void *data);
    /* width 0: own size. */
    void (*screenshot)(struct target *self, unsigned width, enum target_shot format, target_bytes_fn *done, void *data);
    void (*screen_text)(struct target *self, target_text_fn *done, void *data);
    /* "ctrl+alt+delete": pressed in order, released in reverse. -EINVAL with the unknown word in why. */
    int (*chord)(struct target *self, const char *chord, char *why, size_t why_size);
    /* -EINVAL: why lists what cannot be typed; -EBUSY: typing already. */
    int (*type)(struct target *self, const char *text, const char *layout, size_t *ret_characters, char *why,
                size_t why_size);
    size_t (*type_remaining)(struct target *self);
    void (*type_stop)(struct target *self);
};

struct target {
    const struct target_ops *ops;
    char name[TARGET_NAME_MAX];
    const char *machine; /* "qemu", "testcard", "replay" */

    struct input *input; /* ports may be NULL */
    struct power *power;
    struct drive *drives[DRIVES_MAX];
    unsigned n_drives;

    /* What the gateway keeps up to date. */
    struct seat seat;
    unsigned viewers;
    enum screen_signal signal;
    char signal_why[256];
    int width, height; /* of the newest picture, 0 before the first */
    uint8_t leds;
    char vm_state[32]; /* "running", "starting", "failed", "" when the target has no process of ours */
    char vm_why[512];
    char *vm_log[TARGET_LOG_LINES]; /* last lines the VM's process printed, oldest first; NULL ends */
};

/* All targets, in configuration order. */
struct target_list {
    struct target **targets;
    size_t n;
};

struct target *target_find(const struct target_list *self, const char *name); /* NULL: none */
