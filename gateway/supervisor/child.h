/* Starting a process: the one place of the program that forks and executes. For the supervisor's single thread. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "core/loop.h"
#include "gateway/supervisor/uid.h"

#define CHILD_FIRST_FD 3
#define CHILD_MAX_FDS 40

struct child_spec {
    const char *file; /* searched in PATH when it holds no slash */
    const char *const *argv;
    const int *fds; /* become CHILD_FIRST_FD, CHILD_FIRST_FD + 1, ...; everything else is closed; stay the caller's */
    unsigned n_fds;
    int output; /* becomes stdout and stderr; -1: ours */
    const struct uid_choice *user;
    const char *folder; /* working directory; NULL: / */
    unsigned rtprio;    /* threads of it may come before others, up to this (sched(7)); 0: they may not */
    bool own_session;   /* away from our terminal and its signals */
    bool dies_with_us;  /* SIGKILL when the supervisor's process ends, however it ends */
    /* In the child, last thing before exec and already as the user; a sandbox. Nonzero: errno, the start fails. */
    int (*confine)(void *data);
    void *confine_data;
};

struct child;

/* ended: status as of waitpid, or -1 for a process that is not our child (adopted). Called once; the child may be
 * destroyed inside. */
typedef void child_ended_fn(void *data, int status);

/* Waits until the program was executed, so that a missing program is an error here: -errno. */
int child_start(struct loop *loop, const struct child_spec *spec, child_ended_fn *ended, void *data,
                struct child **ret);

/* Takes a process over that another supervisor started. start_time: as of child_start_time then; -ESRCH when the
 * process is gone or its number now belongs to another one. */
int child_adopt(struct loop *loop, pid_t pid, uint64_t start_time, child_ended_fn *ended, void *data,
                struct child **ret);

/* Watches over a process that somebody else started for us. The caller knows that the number is still that process's:
 * after this it must have seen it alive. */
int child_watch(struct loop *loop, pid_t pid, child_ended_fn *ended, void *data, struct child **ret);

/* Forgets it; a process that still runs goes on. NULL allowed; returns NULL. */
struct child *child_destroy(struct child *self);
DEFINE_CLEANUP(struct child, child_destroy)

pid_t child_pid(const struct child *self);
uint64_t child_start_time(pid_t pid); /* clock ticks after boot; 0: no such process */
void child_signal(struct child *self, int signal);

/* Waits at most timeout_ms for the end, for a supervisor that stops. True: it ended (`ended` is not called then).
 * ret_status may be NULL; as for child_ended_fn. */
bool child_wait(struct child *self, int timeout_ms, int *ret_status);
