/* What the files of the gateway's role share. Everything here is the net thread's. */
#pragma once

#include "api/api.h"
#include "auth/keeper_client.h"
#include "core/ipc.h"
#include "core/worker.h"
#include "gateway/console/feed.h"
#include "gateway/control/control.h"
#include "gateway/control/control_dongle.h"
#include "gateway/gateway_backup.h"
#include "gateway/gateway_devices.h"
#include "gateway/gateway_net.h"
#include "gateway/gateway_settings.h"
#include "gateway/gateway_tls.h"
#include "gateway/signal_watch.h"
#include "machines/machine.h"
#include "manage/target.h"
#include "media/cache.h"
#include "media/library.h"
#include "media/nbd_server.h"
#include "media/seal.h"
#include "transport/server.h"
#include "usbgadget/holder.h"
#include "usbgadget/typist.h"

struct api_recording;
struct console_fonts;
struct console_pictures;
struct console_viewer;
struct dongle;
struct drives;
struct exports;
struct gateway;
struct helper_client;
struct macros;
struct outward_client;
struct recordings;
struct reader_client;
struct screenshots;
struct target_typing;
struct target_jiggler;
struct target_rest;

/* A target that is gone, and not free of jobs yet. */
struct gateway_leave {
    struct gateway_target *next;
    enum control_gone_how how;
    bool parted;
    uint64_t off_by_us; /* until then its machine is waited for; 0: not */
};

/* What events were told of (target_news.h). */
struct gateway_seen {
    enum power_state power;
    bool signal_lost, usb_attached;
    char vm_state[32];
};

/* One target with everything the gateway keeps for it. */
struct gateway_target {
    struct target target; /* what the REST faces see; first member */
    struct gateway *gateway;
    unsigned index;
    bool made; /* its ports are, as far as they can be */
    struct gateway_leave leave;
    struct gateway_seen seen;
    struct control_target setup; /* what the supervisor said */
    int recording_fd;
    struct control_dongle dongle_setup;
    uint8_t edid_file[4096]; /* of a dongle whose configuration names one */
    size_t edid_file_size;

    struct machine *machine; /* brings ports, or NULL */
    struct dongle *dongle;   /* the same */
    struct screen *screen;   /* the machine's, or our own */
    struct screen *own_screen;
    struct feed *feed;
    struct target_rest *rest; /* NULL: its screen never rests by our doing */
    struct typist *typist;
    struct target_typing *typing; /* NULL: nothing was typed yet */
    struct drives *drives;
    struct screenshots *screenshots;
    pid_t vm_pid;
    bool absolute; /* it takes absolute pointer positions now */
    struct console_viewer *viewers;
    struct input_crowd crowd;          /* what they hold down */
    struct macros *macros;             /* NULL: none can be kept */
    struct target_jiggler *jiggler;    /* NULL: nothing to move */
    struct loop_timer *seat_timer;     /* NULL: nothing at the seat waits for time */
    struct console_pictures *pictures; /* NULL: nobody has viewed it yet */
};

struct gateway {
    struct loop *loop;
    struct ipc *supervisor;
    struct heartbeat *heartbeat;
    struct signal_watch signals;

    struct control_setup setup;
    bool have_setup, began;
    int library_fd;
    struct gateway_net net;
    struct gateway_tls *tls;
    struct gateway_settings *settings;
    struct gateway_backup backup;
    struct gateway_devices devices;
    char *client_ca_pem, *client_crl_pem; /* NULL: none */
    struct control_exports exports_setup;
    bool exports_wanted;
    int keys_fd, client_ca_fd;                          /* of exports; -1: none */
    struct gateway_target *places[CONFIG_MAX_TARGETS];  /* by index; NULL: nobody is there */
    struct gateway_target *targets[CONFIG_MAX_TARGETS]; /* the same in order, target_list.n of them */
    struct target *list[CONFIG_MAX_TARGETS];
    struct target_list target_list;
    bool serves, began_targets; /* targets can be made; those of the start were */
    struct gateway_target *leaving;
    struct loop_timer *leave_timer; /* NULL: none has left yet */

    struct keeper_client *keeper;
    struct loop_timer *keeper_patience; /* runs while it is away */
    struct helper_client *helper;
    struct outward_client *outward;
    struct reader_client *reader;
    struct seal_key media_key; /* from the keeper; wiped at the end */
    struct cache *cache;       /* of media from elsewhere */
    struct exports *exports;   /* NULL: nothing is exported */
    struct worker_pool *encoders, *pictures, *io;
    struct library *library;
    struct recordings *recordings; /* NULL: they cannot be kept */
    struct worker_pool *uploading; /* disk work of uploads: never in front of blocks of drives */
    struct console_fonts *fonts;   /* NULL until text is first read */
    struct api_context api;
    struct server *server;
    struct accept *accept;

    uint32_t clock_serial;   /* of the newest CONTROL_SET_CLOCK */
    api_done_fn *clock_done; /* NULL: none is under way */
    void *clock_data;
};

/* gateway_setup.c: what the supervisor says. */
int gateway_receive_setup(struct gateway *self); /* returns when all was said: 0, or -errno */

/* media_key.c: fills it, and seals overlays of a release that did not. Blocks. 0, or -errno: then no media. */
int gateway_media_key(struct gateway *self);

/* exports_setup.c */
void gateway_exports_certificate(struct gateway *self); /* another one is in use */
void gateway_create_exports(struct gateway *self);

/* target_create.c */
int target_create(struct gateway *gateway, struct gateway_target *self);
void target_destroy(struct gateway_target *self); /* the struct itself too; NULL allowed */
void target_watched(struct gateway_target *self); /* the number of viewers changed */
/* One begins, or has ended. */
void target_recording_changed(struct gateway_target *self, const struct api_recording *entry);
void target_vm_changed(struct gateway_target *self, const struct control_vm *vm);

/* target_ops.c */
extern const struct target_ops gateway_target_ops, gateway_dongle_ops;

/* gateway_clock.c */
bool gateway_clock_told(struct gateway *self, const struct ipc_message *message); /* CONTROL_CLOCK; false: malformed */
void gateway_clock_lost(struct gateway *self);                                    /* the supervisor is gone */
void gateway_clock_set(void *context, uint64_t us, api_done_fn *done, void *data);

/* rights.c */
bool gateway_may(void *context, const struct auth_session *session, uint32_t rights, const char *target);

/* statistics.c */
char *gateway_statistics(void *context);
