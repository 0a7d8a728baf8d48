/* A dongle from inside. For gateway/dongle*.c. */
#pragma once

#include "capture/v4l2.h"
#include "gateway/dongle/boot_keys.h"
#include "gateway/dongle/dongle.h"
#include "gateway/dongle/dongle_power.h"
#include "gateway/dongle/dongle_settings.h"
#include "gateway/helper/helper_client.h"
#include "usbgadget/big_cd.h"
#include "usbgadget/chooser.h"
#include "usbgadget/hidg.h"

/* One drive: LUN i of the kernel's mass storage or, for a disc that is too large for it, the drive on FunctionFS. */
struct dongle_drive {
    struct drive drive; /* first member */
    struct dongle *dongle;
    unsigned index;
    enum drive_phase phase;
    struct drive_medium medium;
    bool has_medium;    /* it is in, or shall be again when the helper is back */
    bool big;           /* it is in the drive on FunctionFS */
    bool waits_for_big; /* until that drive is served */
    bool seen;          /* the helper has said that it is in */
    bool busy;          /* a change is under way */
    bool force;         /* of it */
    bool reconnecting;
    char reason[256];
    drive_done_fn *done;
    void *done_data;
    void (*changed)(void *data);
    void *changed_data;
    uint64_t requests; /* that its export has answered, as of the last look */
};

/* The screen's side: devices are wanted on the capture thread and asked for on the net thread. */
struct dongle_capture {
    struct dongle *dongle;
    struct screen *screen;
    struct loop_wake *wanted;
    bool asking, waits;        /* a device is wanted, and the helper not there */
    struct v4l2_device device; /* so far */
};

/* Counts what is down, in front of the real port. */
struct dongle_keys {
    struct input input; /* first member */
    struct dongle *dongle;
    struct input *inner;
    uint8_t down[32];
    unsigned n_down;
};

struct dongle {
    struct gateway_target *target;
    struct helper_client *helper;
    const struct control_dongle *setup;
    struct dongle_settings settings;
    char settings_path[CONFIG_PATH_MAX + 128];

    struct target_usb usb;
    struct helper_state state;
    bool state_known; /* the helper is there and has told */
    bool began;       /* the gadget was brought up by us */

    struct hidg *hidg;
    struct dongle_keys keys;
    struct chooser chooser;
    struct loop_timer *chooser_timer, *tick;
    uint64_t suspended_us; /* since when; 0: not */
    bool powered;          /* as the chooser was told */

    enum { DONGLE_IDLE, DONGLE_RISING } rise;
    bool rise_again, rise_keep;
    struct big_cd *big_cd;
    bool big_served;
    target_done_fn *risen; /* of the request that this is for; NULL */
    void *risen_data;

    struct dongle_drive drives[GADGET_LUNS];
    struct loop_timer *lost; /* a medium's connection was; NULL: no drives */
    struct dongle_capture capture;

    struct dongle_power *power;
    struct boot_keys *boot_keys;
    power_done_fn *woken;
    void *woken_data;
    bool ended;
};

/* dongle_usb.c */
int dongle_usb_create(struct dongle *self);
void dongle_usb_destroy(struct dongle *self);
void dongle_usb_state(struct dongle *self, bool changed); /* self->state is new */
void dongle_usb_lost(struct dongle *self);
/* Binds the gadget (anew). keep: what is bound like that already is left alone. */
void dongle_usb_rise(struct dongle *self, bool keep, target_done_fn *done, void *data);
/* dongle_note(self, id, arguments...): what has happened to its USB, with the arguments that this event has (texts). */
#define dongle_note(self, id, ...) dongle_note_with(self, id, (const char *const[TARGET_EVENT_ARGS]){__VA_ARGS__})
void dongle_note_with(struct dongle *self, enum target_event_id id, const char *const args[static TARGET_EVENT_ARGS]);

/* dongle_choice.c: what the target does with us, told to the chooser; what it says is done. */
void dongle_choice_begin(struct dongle *self, bool taken_over); /* taken over: from a gateway before us */
void dongle_choice_event(struct dongle *self, enum chooser_event event);
void dongle_choice_state(struct dongle *self, const struct helper_state *before); /* self->state is new */
void dongle_choice_tick(struct dongle *self);                                     /* once a second */

/* dongle_keys.c */
void dongle_keys_init(struct dongle *self);

/* dongle_drive.c */
void dongle_drives_init(struct dongle *self);
int dongle_drives_listen(struct dongle *self);
void dongle_drives_risen(struct dongle *self); /* the gadget is as it is going to be */
void dongle_drives_state(struct dongle *self);
void dongle_drives_tick(struct dongle *self);
void dongle_drives_end(struct dongle *self);
uint8_t dongle_drives_media(const struct dongle *self); /* bits: a medium of the kernel's drives */
void dongle_drive_big_ejected(struct dongle *self);
void dongle_drives_bound(struct dongle *self); /* the drive on FunctionFS is there again, or lost its medium's socket */

/* dongle_capture.c */
int dongle_capture_create(struct dongle *self);
void dongle_capture_destroy(struct dongle *self);

/* dongle_panel.c: power */
int dongle_panel_create(struct dongle *self);
void dongle_panel_destroy(struct dongle *self);
