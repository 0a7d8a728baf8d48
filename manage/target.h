/* One managed machine as the REST faces see it: its ports and what only the gateway can do for it. Net thread. */
#pragma once

#include "auth/session.h"
#include "capture/edid.h"
#include "capture/screen.h"
#include "manage/power.h"
#include "manage/seat.h"
#include "manage/target_events.h"
#include "media/drive.h"
#include "usbgadget/chooser_why.h"
#include "usbgadget/input.h"
#include "usbgadget/personality.h"
#include "usbgadget/typing.h"

#define TARGET_NAME_MAX 64  /* [a-z0-9][a-z0-9-]* */
#define TARGET_GROUP_MAX 32 /* [a-z0-9][a-z0-9-]*, or "" */
#define TARGET_TITLE_MAX 81 /* 80 bytes of UTF-8 without control characters, or "" */
#define TARGET_LAYOUT_MAX 64
#define TARGET_WAITS_MAX 200 /* names of keys */
#define TARGET_LOG_LINES 20
#define TARGET_LOG_LINE                                                                                                \
    400 /* bytes of one, its NUL included: QEMU names the whole option before it says what is wrong */

struct target;

typedef void target_done_fn(void *data, int error, const char *why);
/* bytes are valid during the call; NULL with error < 0 and a sentence in why. */
typedef void target_bytes_fn(void *data, int error, const char *why, const void *bytes, size_t size);

enum target_shot { TARGET_SHOT_PNG, TARGET_SHOT_JPEG };

/* What of the screen is read as text. */
struct target_text_wish {
    struct rect region; /* pixels; w 0: all of it */
    char language[12];  /* where no font fits, recognition may be used, in this language ("eng"); "": never */
};

struct target_text {
    unsigned columns, rows;
    const char *const *lines; /* UTF-8, trailing blanks cut */
    bool exact;               /* every cell matched a glyph */
    int cursor_x, cursor_y;   /* the cell that a text cursor was seen on, -1 when none was (it blinks) */
    const uint8_t *known;     /* columns * rows: 1 a glyph, 0 unknown (U+FFFD in the lines); NULL: all are known */
    const char *font;         /* "" where there is none to tell */
    struct rect cell;         /* the first one, in pixels; w 0: not told */
    bool recognised;          /* by likeness, not by fonts: may have mistakes; there are no cells then */
};
/* error -ENODATA: no picture; -ENOTSUP: no text that can be read; -ENOPKG: none by fonts, and what recognises is not
 * installed; -EBUSY; -ETIMEDOUT. */
typedef void target_text_fn(void *data, int error, const char *why, const struct target_text *text);

/* A console of the target that is open. */
struct target_viewer {
    uint32_t id; /* never 0 */
    char user[AUTH_USER_MAX];
    bool types, hidden, yours; /* the seat admits it; its tab is in the background; it is the asking session's */
    int64_t since;             /* seconds since 1970 */
    char address[80];          /* "" for who may not know */
};

/* What the target sees of us on USB. Kept up to date by the gateway. */
enum target_usb_state {
    TARGET_USB_NO_HELPER,    /* the process that makes the gadget is not there; trouble tells */
    TARGET_USB_GONE,         /* the USB device controller is not there */
    TARGET_USB_NOT_ATTACHED, /* no cable, or the target gives no power */
    TARGET_USB_POWERED,      /* attached; not set up by the target yet */
    TARGET_USB_CONFIGURED,
    TARGET_USB_SUSPENDED,
};

/* "no-helper", "gone", "not-attached", "powered", "configured", "suspended": stable for API and command line. */
const char *target_usb_state_name(enum target_usb_state state);

struct target_usb {
    enum target_usb_state state;
    bool bound;
    enum personality personality; /* what is bound, or would be */
    bool automatic;               /* chosen by what the target does with it */
    bool found;                   /* the automatic choice has found out that this one works here */
    bool offered;                 /* something is in use, so a person must say so: */
    enum personality offer;
    enum chooser_why why; /* of the automatic choice's last step */
    struct left_out left_out;
    char trouble[256];             /* why nothing is bound; "" */
    bool wakeup;                   /* a key wakes a target that sleeps */
    uint32_t keyboard_interval_us; /* how often the target takes keyboard reports; 0: not known */
    struct target_events *events;  /* what was chosen, by whom and why, and what became of it */
};

/* The capture device, as people read it. */
struct target_capture {
    char driver[32], card[64], bus[64], input[32];
    char format[64];   /* "NV12, multi-planar, 4 buffers" */
    char memory[160];  /* "cached, mapped: 6.1 GB/s" */
    char timings[80];  /* "1920x1080p60, 148500 kHz"; "" without DV timings */
    char offered[512]; /* what the device has */
    char why[256];     /* why this format */
    char priority[96]; /* "before other threads (SCHED_RR)"; or why not */
    uint64_t frames, published, gaps, gaps_unexplained, requeued, copies, decoded, broken, errors, restarts, stalls;

    bool has_edid; /* the device has one that can be read (and written) */
    struct edid edid;
    struct edid_facts facts; /* of it */
};

/* Asynchronous calls end in exactly one callback, perhaps before they return. */
struct target_ops {
    /* Any origin but MEDIUM_STREAM, whose bytes come with a websocket (transport/media.h). */
    void (*insert)(struct target *self, unsigned drive, const struct medium_spec *medium, target_done_fn *done,
                   void *data);
    /* What was written to a medium with an overlay becomes a new image of the library, or is thrown away (the medium
     * must be out). NULL: no drives. */
    void (*overlay_export)(struct target *self, unsigned drive, const char *name, target_done_fn *done, void *data);
    void (*overlay_discard)(struct target *self, unsigned drive, target_done_fn *done, void *data);
    /* width 0: own size. */
    void (*screenshot)(struct target *self, unsigned width, enum target_shot format, target_bytes_fn *done, void *data);
    /* wish NULL: all, by fonts alone. */
    void (*screen_text)(struct target *self, const struct target_text_wish *wish, target_text_fn *done, void *data);
    /* "ctrl+alt+delete": pressed in order, released in reverse. -EINVAL with the unknown word in why. */
    int (*chord)(struct target *self, const char *chord, char *why, size_t why_size);
    /* 0: it is being typed, or would be (only_check); 1: some of it cannot be typed and nothing is, the plan lists
     * what; -EINVAL: no such layout, not UTF-8; -EBUSY: typing already; -EMSGSIZE; -ENODEV. */
    int (*type)(struct target *self, const struct typing_request *request, struct typing_plan *ret, char *why,
                size_t why_size);
    void (*typing)(struct target *self, struct typing_state *ret);
    /* enum typing_phase, of the keys alone: `typing` goes on until the screen has shown them. */
    uint8_t (*type_phase)(struct target *self);
    void (*type_stop)(struct target *self);

    /* On behalf of a session without a console, or for the one that it has. request: which one is granted or refused,
     * 0: the first. -EPERM: the right is missing, or the session does not hold the seat; -EBUSY: too many ask;
     * -ENOENT: nobody asks so. *ret_why: static, only then. */
    int (*seat)(struct target *self, struct auth_session *session, enum seat_action action, uint32_t request,
                const char **ret_why);

    /* The newest first; how many. */
    size_t (*viewers)(struct target *self, const struct auth_session *session, struct target_viewer *room, size_t most);
    /* Ends one's console. -ENOENT: it is not there (any more). */
    int (*viewer_end)(struct target *self, const struct auth_session *by, uint32_t id);

    /* From here on NULL where the target has none of it. */

    /* Seconds of silence after which the pointer is moved a little, 0: never; until the next start. */
    void (*set_jiggler)(struct target *self, unsigned seconds);

    /* word: "auto", or the name of a personality. -EINVAL with the known words in why. The target sees its keyboard,
     * mouse and drives leave and return. */
    void (*set_personality)(struct target *self, const char *word, target_done_fn *done, void *data);
    /* What target.usb offers. -ENODATA: nothing is offered (any more). */
    void (*accept_offer)(struct target *self, target_done_fn *done, void *data);
    void (*describe_capture)(struct target *self, struct target_capture *ret);
    /* Written to the receiver soon, and kept for later starts; describe_capture tells what the receiver has then. Size
     * 0: the configuration's again, where that names one; what was kept is forgotten. -ENOTSUP: this device has none.
     */
    void (*set_edid)(struct target *self, const struct edid *edid, target_done_fn *done, void *data);
};

struct target {
    const struct target_ops *ops;
    char name[TARGET_NAME_MAX];
    const char *machine;                                   /* "qemu", "testcard", "replay", "dongle" */
    char group[TARGET_GROUP_MAX], title[TARGET_TITLE_MAX]; /* "": none */
    char waits[TARGET_WAITS_MAX];                          /* keys that count when it is powered off and on; "": none */
    struct target_events *events;                          /* NULL: none are kept */

    struct input *input; /* ports may be NULL */
    struct power *power;
    struct drive *drives[DRIVES_MAX];
    unsigned n_drives;

    /* What the gateway keeps up to date. */
    struct seat seat;
    unsigned viewers;
    bool recording; /* its screen is, by somebody (api/recordings.h) */
    enum screen_signal signal;
    char signal_why[256];
    int width, height; /* of the newest picture, 0 before the first */
    uint8_t leds;
    char layout[TARGET_LAYOUT_MAX];           /* for typing, where nothing else is said: "de(nodeadkeys)" */
    unsigned jiggler_s, jiggler_configured_s; /* as it is now, and as the configuration says; 0: off */
    const struct target_usb *usb;             /* NULL: this target's USB is not ours to shape */
    char vm_state[32]; /* "running", "starting", "failed", "" when the target has no process of ours */
    char vm_why[512];
    char *vm_log[TARGET_LOG_LINES]; /* last lines the VM's process printed, oldest first; NULL ends */
};

/* All targets, in configuration order. */
struct target_list {
    struct target **targets;
    size_t n;
};

/* The session's number at the seat: who comes by the local socket is one and the same there. */
uint64_t target_seat_session(const struct auth_session *session);
/* The session may type past the seat: it is free, shared, or held by the session itself. */
bool target_seat_open_to(const struct target *self, const struct auth_session *session);

struct target *target_find(const struct target_list *self, const char *name); /* NULL: none */
