/* The capture thread of one QEMU screen: drains the listener connection (QEMU queues without bound when nobody reads,
 * so nothing may hold it up), copies rectangles into surfaces and publishes whole pictures to the screen's listener.
 * Functions are for the net thread. */
#pragma once

#include <systemd/sd-bus.h>

#include "capture/screen.h"
#include "core/loop.h"

struct capture;

/* What the thread needs of the net thread; called there. */
struct capture_owner {
    /* Ask QEMU for the size and answer with capture_size. */
    void (*ask_size)(void *data, uint32_t serial);
    /* The listener must be registered again: capture_attach with a new connection. soon: at once; else the connection
     * ended, and a short wait is in order. */
    void (*register_again)(void *data, bool soon);
    /* A picture that cannot be taken, or (SCREEN_OK) that can be again. */
    void (*trouble)(void *data, enum screen_signal signal, const char *why);
};

/* Starts the thread, which first tells the listener `signal`. */
int capture_create(struct loop *loop, const struct capture_owner *owner, void *owner_data,
                   const struct screen_listener *listener, void *listener_data, enum screen_signal signal,
                   const char *why, struct capture **ret);
struct capture *capture_destroy(struct capture *self); /* joins; NULL allowed; returns NULL */

/* Makes the thread's end of a connection that QEMU gets by RegisterListener. *ret_fd is QEMU's end, the caller's to
 * close. -EAGAIN: the one before has not been taken up yet.
 *
 * The former connection stays open until QEMU drops it: QEMU 7.2 keeps its listener under a name that is the same
 * (none) for all peers, so that one which closes while its successor registers takes the successor with it. */
int capture_attach(struct capture *self, int *ret_fd);
/* Whether the picture is known to be wrong until the listener is registered again. */
bool capture_wants_register(struct capture *self);
void capture_detach(struct capture *self);

/* Frames are published only with SCREEN_OK. */
void capture_signal(struct capture *self, enum screen_signal signal, const char *why);
void capture_size(struct capture *self, uint32_t serial, int width, int height);
