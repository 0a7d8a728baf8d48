/* The helper's process: the only one that stays root. It reads its own configuration, opens devices, makes gadgets and
 * gives block devices to their drives; whoever asks names targets and drives by number. This header is for the files of
 * the role. One thread. */
#pragma once

#include "gateway/config/config.h"
#include "gateway/helper/helper_guard.h"
#include "gateway/helper/helper_wire.h"
#include "gateway/signal_watch.h"
#include "media/nbd_device.h"

struct helper;

/* A medium as the kernel has it. */
struct helper_medium {
    bool attached;
    unsigned nbd; /* /dev/nbdN */
    struct nbd_device_config config;
    bool cdrom, read_only;
};

struct helper_waiting {
    bool pressed; /* until its timer lets go, whoever waits for that */
    bool waits;
    uint32_t serial;
};

struct helper_dongle {
    struct helper *helper;
    uint16_t index;                     /* what the gateway calls it; HELPER_NO_NUMBER: it has not named it */
    const struct config_target *target; /* in the configuration */
    char name[96], serial[64], inquiry[GADGET_LUNS][32];

    struct gadget *gadget; /* NULL: there can be none just now, trouble says why */
    char trouble[HELPER_WHY];
    uint64_t tried_us; /* when it was last tried */
    int state_fd;
    struct loop_io *state_io;
    uint32_t changes;
    bool bound;
    enum personality personality;
    bool ffs_ready;
    int ffs[3]; /* ours of the drive for large discs: while they are open, a gateway's end does not unbind the gadget */
    struct helper_medium media[GADGET_LUNS];

    struct front_panel *panel;
    uint8_t leds[FRONT_PANEL_LEDS];
    struct helper_waiting presses[FRONT_PANEL_BUTTONS];

    uint8_t told[1024]; /* the newest HELPER_STATE that this peer has, as it was sent */
    size_t told_size;   /* 0: none */
};

struct helper {
    struct loop *loop;
    struct config *config;
    struct ipc *supervisor; /* or */
    int listener;           /* of the service manager; -1 */
    struct loop_io *listener_io;
    uid_t peer_uid; /* who may connect there besides root */
    struct ipc *peer;
    struct signal_watch signals;
    struct loop_timer *watch;
    struct helper_guard *guard;
    const char *config_path;
    const struct options *options;
    struct config_file file;                           /* what stood in it when it could be read last */
    struct helper_dongle *dongles[CONFIG_MAX_TARGETS]; /* in any order; NULL: a free place */
    bool ffs_ready[CONFIG_MAX_TARGETS];                /* of the configuration at the start: later nothing is mounted */
};

/* A question with what it came with. An answer is sent once; fds stay the caller's. */
struct helper_question {
    struct helper_dongle *dongle;
    uint32_t serial;
    int *fds; /* taken by setting them to -1 */
    unsigned n_fds;
};

void helper_answer(struct helper *self, uint32_t serial, int error, const char *why);
void helper_answer_fds(struct helper *self, uint32_t serial, uint8_t have, const int *fds, unsigned n, const char *why);
void helper_answer_text(struct helper *self, uint32_t serial, const char *text);
void helper_tell(struct helper_dongle *dongle); /* HELPER_STATE, when something has changed */

#define HELPER_NO_NUMBER 0xffff

/* helper_config.c */
int helper_config_load(struct helper *self);
int helper_config_begin(struct helper *self); /* makes all dongles */
int helper_config_again(struct helper *self); /* makes those anew that have changed; a bad one changes nothing */
void helper_config_end(struct helper *self);
struct helper_dongle *helper_dongle_named(struct helper *self, const char *name); /* NULL: none */
void helper_dongle_number(struct helper_dongle *dongle, uint16_t number);         /* what was told and asked is over */

/* helper_dispatch.c. False: not well formed. */
bool helper_dispatch(struct helper *self, struct ipc_message *message);

/* helper_capture.c */
void helper_open_capture(const struct helper_question *question);
void helper_open_subdevs(const struct helper_question *question);

/* helper_gadget.c */
bool helper_gadget_prepare(const struct config_target *target); /* before the sandbox: mounts FunctionFS, if wanted */
int helper_gadget_begin(struct helper_dongle *dongle);          /* names, left-over gadgets, front panel */
void helper_gadget_end(struct helper_dongle *dongle);
void helper_gadget_watch(struct helper_dongle *dongle); /* once a second */
void helper_gadget_state(struct helper_dongle *dongle, struct helper_state *ret);
void helper_gadget_up(const struct helper_question *question, const struct helper_up *up);
void helper_gadget_down(const struct helper_question *question);
void helper_ffs_begin(const struct helper_question *question);
void helper_ffs_endpoints(const struct helper_question *question);
void helper_describe(const struct helper_question *question);

/* helper_drive.c */
void helper_drives_guard(struct helper_dongle *dongle); /* around what may wait for its media */
void helper_drives_unguard(struct helper_dongle *dongle);
void helper_drive_insert(const struct helper_question *question, const struct helper_insert *insert);
void helper_drive_reconnect(const struct helper_question *question, const struct helper_drive *drive);
void helper_drive_eject(const struct helper_question *question, const struct helper_drive *drive);
void helper_drives_watch(struct helper_dongle *dongle); /* did the target eject? */
void helper_drives_end(struct helper_dongle *dongle);

/* helper_panel.c */
void helper_panel_begin(struct helper_dongle *dongle);
void helper_panel_end(struct helper_dongle *dongle);
void helper_press(const struct helper_question *question, const struct helper_press *press);
bool helper_panel_presses(const struct helper *self);   /* some button of some target, just now */
void helper_panel_forget(struct helper_dongle *dongle); /* nobody waits for answers any more */
