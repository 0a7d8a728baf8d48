/* One of our own processes, kept alive: the executable runs again under another role, as a child or, where the service
 * manager has a unit for it, as that (handover.h): when it ended and when it gives
 * no sign of life any more (core/heartbeat.h). What it needs on start, and what it says over its channel, is the
 * owner's. */
#pragma once

#include "core/ipc.h"
#include "gateway/supervisor/backoff.h"
#include "gateway/supervisor/child.h"
#include "gateway/supervisor/unit_link.h"
#include "gateway/supervisor/watch_rule.h"

struct process;

struct process_owner {
    /* Before each start: fds[0] is the process's end of the channel already; adds others behind it (at most
     * CHILD_MAX_FDS in all), which are closed here afterwards when `close` says so. 0 or -errno. NULL: there are no
     * others. */
    int (*prepare)(void *data, int *fds, bool *close, unsigned *n_fds);
    void (*started)(void *data); /* the channel is there: tell it what it needs */
    void (*message)(void *data, struct ipc_message *message);
    /* It ended and is started again by itself. False: do not start it again. status as of waitpid. */
    bool (*ended)(void *data, int status);
};

struct process {
    const char *role;
    char argument[32];
    const char *folder, *state; /* working directory; handed on as --state; both outlive it */
    const char *config;         /* handed on as --config; outlives it */
    const char *units;          /* the folder of the units' sockets; NULL: a child. Outlives it */
    const struct uid_choice *user;
    unsigned rtprio;      /* as in struct child_spec */
    uint64_t patience_us; /* how long it may give no sign of life */
    struct loop *loop;
    const struct process_owner *owner;
    void *data;

    struct child *child;
    struct unit_link *link; /* it was asked for */
    int probe;              /* meanwhile: our end of the channel once more */
    struct ipc *channel;    /* NULL while it does not run */
    struct backoff backoff;
    struct loop_timer *restart, *look;
    struct watch_rule watch;
    uint64_t started_us;
    bool served;    /* the owner has heard from this one that it is ready */
    bool explained; /* the owner has said why this one ends */
};

int process_init(struct process *self, struct loop *loop, const char *role, const struct uid_choice *user,
                 const struct process_owner *owner, void *data);
int process_start(struct process *self);
/* Makes it a channel of its own to somebody else, and sends its end with a message of that type. *ret: the other's end,
 * to be closed. -ENOTCONN: it does not run. */
int process_connect(struct process *self, uint16_t type, int *ret);
/* Asks it to end, waits at most timeout_ms, ends it. */
void process_stop(struct process *self, int timeout_ms);
void process_finish(struct process *self); /* zeroed structs are fine */
