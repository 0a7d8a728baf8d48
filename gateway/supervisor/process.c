#include "gateway/supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/heartbeat.h"
#include "core/log.h"
#include "gateway/sandbox/sandbox.h"

/* Someone waits for what has worked until now, so it is never long away, however often it ends. What ends before it is
 * ready will hardly do better the next time. */
#define LONGEST_US 10000000
#define LONGEST_SERVED_US 250000
#define PATIENCE_US 3000000 /* of who must never wait for anything */

static void start_again(struct process *self)
{
    self->backoff.longest_us = self->served ? LONGEST_SERVED_US : LONGEST_US;
    loop_timer_arm_in(self->restart, backoff_next(&self->backoff, self->started_us, clock_now_us()));
}

static void on_restart(void *data)
{
    struct process *self = data;
    int r = process_start(self);
    if (r < 0) {
        log_error("supervisor", "%s cannot be started: %s", self->role, strerror(-r));
        start_again(self);
    }
}

static void on_look(void *data)
{
    struct process *self = data;
    if (!self->child && !self->link)
        return;
    if (!self->child || !watch_look(&self->watch, clock_now_us())) {
        loop_timer_arm_in(self->look, WATCH_LOOK_US);
        return;
    }
    log_error("supervisor", "the %s has given no sign of life for %u s and is ended", self->role,
              (unsigned)(self->patience_us / 1000000));
    child_signal(self->child, SIGKILL); /* its end starts it again */
}

int process_init(struct process *self, struct loop *loop, const char *role, const struct uid_choice *user,
                 const struct process_owner *owner, void *data)
{
    *self = (struct process){.role = role, .user = user, .loop = loop, .owner = owner, .data = data};
    self->patience_us = PATIENCE_US;
    self->backoff = (struct backoff){.first_us = 20000, .longest_us = LONGEST_US, .good_us = 2000000};
    snprintf(self->argument, sizeof self->argument, "--role=%s", role);
    int r = loop_timer_add(loop, on_restart, self, &self->restart);
    return r ? r : loop_timer_add(loop, on_look, self, &self->look);
}

static void drop_channel(struct process *self)
{
    self->channel = ipc_destroy(self->channel);
}

static void drop_link(struct process *self)
{
    if (!self->link)
        return;
    self->link = unit_link_destroy(self->link);
    close(take_fd(&self->probe));
}

static void on_message(void *data, struct ipc_message *message)
{
    struct process *self = data;
    if (message->type == HEARTBEAT_TYPE)
        watch_heard(&self->watch, clock_now_us());
    else
        self->owner->message(self->data, message);
}

static void on_channel_closed(void *data, int error)
{
    struct process *self = data;
    drop_channel(self);
    if (error == 0 || error == -ECONNRESET || error == -EPIPE)
        return; /* it has ended, or is about to */
    log_error("supervisor", "the channel to the %s is broken: %s", self->role, strerror(-error));
    if (self->child)
        child_signal(self->child, SIGKILL);
}

/* status -1: a unit's process, of which only its service manager knows how. */
static void log_end(const struct process *self, int status)
{
    bool signalled = status != -1 && WIFSIGNALED(status);
    if (signalled)
        log_error("supervisor", "the %s was ended by signal %d (%s)", self->role, WTERMSIG(status),
                  strsignal(WTERMSIG(status)));
    else if (self->explained)
        return;
    else if (status == -1)
        log_error("supervisor", "the %s has ended; journalctl -u lightsout-%s says how", self->role, self->role);
    else
        log_error("supervisor", "the %s ended with code %d", self->role, WEXITSTATUS(status));
}

static void on_ended(void *data, int status)
{
    struct process *self = data;
    self->child = child_destroy(self->child);
    drop_channel(self);
    log_end(self, status);
    if (self->owner->ended(self->data, status))
        start_again(self);
}

/* Whether the other end of the channel is still held by somebody. */
static bool lives(const struct process *self)
{
    struct pollfd p = {.fd = self->probe};
    return poll(&p, 1, 0) == 0;
}

static void on_unit_answer(void *data, pid_t pid)
{
    struct process *self = data;
    int r = pid < 0 ? (int)pid : child_watch(self->loop, pid, on_ended, self, &self->child);
    if (r == 0 && !lives(self)) /* then the number may be another's already */
        r = -ESRCH;
    drop_link(self);
    if (r == 0)
        return;
    if (r == -ETIMEDOUT)
        log_error("supervisor", "the %s is not started by the service manager; systemctl status lightsout-%s says why",
                  self->role, self->role);
    on_ended(self, -1);
}

static int ask_unit(struct process *self, int near_end, const int *fds, unsigned n_fds)
{
    self->probe = fcntl(near_end, F_DUPFD_CLOEXEC, 3);
    int r = self->probe < 0
                ? -errno
                : unit_link_create(self->loop, self->units, self->role, fds, n_fds, on_unit_answer, self, &self->link);
    if (r < 0)
        log_error("supervisor", "the service manager has no door to %s at %s/%s.sock: start lightsout-%s.socket",
                  self->role, self->units, self->role, self->role);
    if (r < 0 && self->probe >= 0)
        close(take_fd(&self->probe));
    return r;
}

static int fork_child(struct process *self, const int *fds, unsigned n_fds)
{
    const char *argv[9] = {"lightsoutd", self->argument};
    unsigned n = 2;
    if (sandbox_may_be_partial())
        argv[n++] = "--sandbox=best";
    if (self->state) {
        argv[n++] = "--state";
        argv[n++] = self->state;
    }
    if (self->config) {
        argv[n++] = "--config";
        argv[n++] = self->config;
    }
    struct child_spec spec = {
        .file = "/proc/self/exe",
        .argv = argv,
        .fds = fds,
        .n_fds = n_fds,
        .output = -1,
        .user = self->user,
        .folder = self->folder,
        .rtprio = self->rtprio,
        .own_session = true, /* Ctrl-C is the supervisor's to hear */
        .dies_with_us = true,
    };
    return child_start(self->loop, &spec, on_ended, self, &self->child);
}

static int start_child(struct process *self, int near_end, int far_end)
{
    int fds[CHILD_MAX_FDS] = {far_end};
    bool close_it[CHILD_MAX_FDS] = {false};
    unsigned n_fds = 1;
    int r = self->owner->prepare ? self->owner->prepare(self->data, fds, close_it, &n_fds) : 0;
    if (r == 0)
        r = self->units ? ask_unit(self, near_end, fds, n_fds) : fork_child(self, fds, n_fds);
    for (unsigned i = 1; i < n_fds; i++)
        if (close_it[i])
            close(fds[i]);
    return r;
}

int process_start(struct process *self)
{
    self->explained = self->served = false;
    static const struct ipc_listener listener = {.message = on_message, .closed = on_channel_closed};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    _cleanup_close_ int near_end = pair[0], far_end = pair[1];
    self->started_us = clock_now_us();
    int r = start_child(self, near_end, far_end);
    if (r < 0)
        return r;
    r = ipc_create(self->loop, take_fd(&near_end), &listener, self, &self->channel);
    if (r < 0) {
        if (self->child)
            child_signal(self->child, SIGKILL);
        return 0; /* its end starts it again */
    }
    watch_begin(&self->watch, self->patience_us, clock_now_us());
    loop_timer_arm_in(self->look, WATCH_LOOK_US);
    self->owner->started(self->data);
    return 0;
}

int process_connect(struct process *self, uint16_t type, int *ret)
{
    int pair[2];
    if (!self->channel)
        return -ENOTCONN;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    _cleanup_close_ int others = pair[0], its = pair[1];
    int r = ipc_send(self->channel, type, 0, NULL, 0, &its, 1);
    if (r == 0)
        *ret = take_fd(&others);
    return r;
}

void process_stop(struct process *self, int timeout_ms)
{
    drop_link(self);
    if (!self->child) {
        drop_channel(self); /* it ends by that */
        return;
    }
    child_signal(self->child, SIGTERM);
    int status = 0;
    if (!child_wait(self->child, timeout_ms, &status)) {
        log_warn("supervisor", "the %s did not end by itself and is killed", self->role);
        child_signal(self->child, SIGKILL);
        child_wait(self->child, timeout_ms, NULL);
    } else if (status > 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)) {
        /* (a process that has only just begun does not catch the signal yet) */
        log_error("supervisor", "the %s ended badly: status 0x%x", self->role, (unsigned)status);
    }
    self->child = child_destroy(self->child);
    drop_channel(self);
}

void process_finish(struct process *self)
{
    drop_channel(self);
    drop_link(self);
    self->child = child_destroy(self->child);
    self->restart = loop_timer_remove(self->restart);
    self->look = loop_timer_remove(self->look);
}
