/* Event loop on one epoll set with descriptors, timers and wake-ups. Everything but loop_wake_signal is for the thread
 * that runs the loop. Its own descriptor can be polled by a foreign loop (libwebsockets): when it is readable, call
 * loop_dispatch(self, 0). Objects may be removed from inside any callback, their own included. */
#pragma once

#include <stdint.h>

#include "core/cleanup.h"

struct loop;
struct loop_io;
struct loop_timer;
struct loop_wake;

int loop_create(struct loop **ret);
struct loop *loop_destroy(struct loop *self); /* NULL allowed; returns NULL. Remaining objects must be removed first. */
DEFINE_CLEANUP(struct loop, loop_destroy)

int loop_fd(const struct loop *self);

/* Serves what is ready, waiting for it at most timeout_ms (-1: for ever). 0, or -errno. */
int loop_dispatch(struct loop *self, int timeout_ms);

/* Dispatches until loop_stop; returns the code given there, or -errno. */
int loop_run(struct loop *self);
void loop_stop(struct loop *self, int code);

/* events: EPOLLIN | EPOLLOUT | ...; EPOLLERR and EPOLLHUP always come. The descriptor stays the caller's, who removes
 * the io before closing it. */
typedef void loop_io_fn(void *data, int fd, uint32_t events);
int loop_io_add(struct loop *self, int fd, uint32_t events, loop_io_fn *fn, void *data, struct loop_io **ret);
int loop_io_set_events(struct loop_io *self, uint32_t events);
struct loop_io *loop_io_remove(struct loop_io *self); /* NULL allowed; returns NULL */

/* One-shot timers on CLOCK_MONOTONIC; created disarmed. Arming again replaces the earlier time. A callback may arm its
 * own timer again or remove it. */
typedef void loop_timer_fn(void *data);
int loop_timer_add(struct loop *self, loop_timer_fn *fn, void *data, struct loop_timer **ret);
void loop_timer_arm_at(struct loop_timer *self, uint64_t when_us);
void loop_timer_arm_in(struct loop_timer *self, uint64_t delay_us);
void loop_timer_disarm(struct loop_timer *self);
struct loop_timer *loop_timer_remove(struct loop_timer *self); /* NULL allowed; returns NULL */

/* fn runs on the loop's thread some time after loop_wake_signal, which any thread (and a signal handler) may call;
 * signals given before it runs are merged into one. */
typedef void loop_wake_fn(void *data);
int loop_wake_add(struct loop *self, loop_wake_fn *fn, void *data, struct loop_wake **ret);
void loop_wake_signal(struct loop_wake *self);
struct loop_wake *loop_wake_remove(struct loop_wake *self); /* NULL allowed; returns NULL */
