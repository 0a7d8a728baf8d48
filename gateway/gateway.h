/* What the files of the gateway's role share. Everything here is the net thread's. */
#pragma once

#include "api/api.h"
#include "auth/keeper_client.h"
#include "core/ipc.h"
#include "core/worker.h"
#include "gateway/control.h"
#include "gateway/feed.h"
#include "machines/machine.h"
#include "manage/target.h"
#include "media/library.h"
#include "media/nbd_server.h"
#include "transport/server.h"
#include "usbgadget/typist.h"

struct console_pictures;
struct console_viewer;
struct drives;
struct gateway;
struct screenshots;
struct vga_font;

/* One target with everything the gateway keeps for it. */
struct gateway_target {
    struct target target; /* what the REST faces see; first member */
    struct gateway *gateway;
    unsigned index;
    struct control_target setup; /* what the supervisor said */
    int recording_fd;

    struct machine *machine; /* brings ports, or NULL */
    struct screen *screen;   /* the machine's, or our own */
    struct screen *own_screen;
    struct feed *feed;
    struct typist *typist;
    struct drives *drives;
    struct screenshots *screenshots;
    pid_t vm_pid;
    bool absolute; /* it takes absolute pointer positions now */
    struct console_viewer *viewers;
    struct console_pictures *pictures; /* NULL: nobody has viewed it yet */
};

struct gateway {
    struct loop *loop;
    struct ipc *supervisor;
    struct loop_io *signals_io;
    int signals;

    struct control_setup setup;
    bool have_setup, began;
    int library_fd;
    struct gateway_target *targets[CONFIG_MAX_TARGETS];
    struct target *list[CONFIG_MAX_TARGETS];
    struct target_list target_list;

    struct keeper_client *keeper;
    struct worker_pool *encoders, *pictures, *io;
    struct library *library;
    struct vga_font *font; /* NULL: not on this host */
    struct api_context api;
    const char *names[CONFIG_MAX_NAMES];
    const char *layouts[32];
    struct server *server;
    struct accept *accept;
};

/* gateway_setup.c: what the supervisor says. */
int gateway_receive_setup(struct gateway *self); /* returns when all was said: 0, or -errno */

/* target_create.c */
int target_create(struct gateway *gateway, struct gateway_target *self);
void target_destroy(struct gateway_target *self); /* the struct itself too; NULL allowed */
void target_watched(struct gateway_target *self); /* the number of viewers changed */
void target_vm_changed(struct gateway_target *self, const struct control_vm *vm);

/* target_ops.c */
extern const struct target_ops gateway_target_ops;

/* rights.c */
bool gateway_may(void *context, const struct auth_session *session, uint32_t rights, const char *target);

/* statistics.c */
char *gateway_statistics(void *context);
