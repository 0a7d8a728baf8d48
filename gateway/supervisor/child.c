#include "gateway/supervisor/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define RANK_US 1000000 /* of a core, without a pause; the capture thread steps back long before */

struct child {
    pid_t pid;
    int pidfd;
    bool ours; /* can be waited for */
    struct loop_io *io;
    child_ended_fn *ended;
    void *data;
};

static int pidfd_open_(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int close_from(int first, int last)
{
    return (int)syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0);
}

/* The spec's descriptors at their places, the failure pipe behind them, nothing else. */
static int place_fds(const struct child_spec *spec, int *failure)
{
    int moved[CHILD_MAX_FDS + 2];
    unsigned n = spec->n_fds;
    /* first out of the way of all places, then down into them */
    for (unsigned i = 0; i < n; i++)
        if ((moved[i] = fcntl(spec->fds[i], F_DUPFD, CHILD_FIRST_FD + CHILD_MAX_FDS + 8)) < 0)
            return -errno;
    int high = fcntl(*failure, F_DUPFD_CLOEXEC, CHILD_FIRST_FD + CHILD_MAX_FDS + 8);
    int output = spec->output >= 0 ? fcntl(spec->output, F_DUPFD, CHILD_FIRST_FD + CHILD_MAX_FDS + 8) : -1;
    if (high < 0 || (spec->output >= 0 && output < 0))
        return -errno;
    for (unsigned i = 0; i < n; i++)
        if (dup2(moved[i], CHILD_FIRST_FD + (int)i) < 0)
            return -errno;
    if (output >= 0 && (dup2(output, 1) < 0 || dup2(output, 2) < 0))
        return -errno;
    int place = CHILD_FIRST_FD + (int)n;
    if (dup3(high, place, O_CLOEXEC) < 0)
        return -errno;
    *failure = place;
    return close_from(place + 1, INT32_MAX) < 0 ? -errno : 0;
}

/* What threads may have that come before others. Ours may not be raised everywhere: who is refused goes on all the
 * same. One that never waits is ended with its process, before the machine stands still. */
static void allow_rank(unsigned rtprio)
{
    const struct rlimit rank = {rtprio, rtprio}, time = {RANK_US, 2 * RANK_US};
    setrlimit(RLIMIT_RTPRIO, &rank);
    if (rtprio)
        setrlimit(RLIMIT_RTTIME, &time);
}

static int become_child(const struct child_spec *spec, pid_t supervisor, int *failure)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0)
        return errno;
    int r = place_fds(spec, failure);
    if (r < 0)
        return -r;
    if (spec->own_session)
        setsid();
    allow_rank(spec->rtprio);
    uid_drop(spec->user);
    /* after the change of user, which clears it */
    if (spec->dies_with_us && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return errno;
    if (spec->dies_with_us && getppid() != supervisor)
        return ECHILD;
    if (chdir(spec->folder ? spec->folder : "/") < 0)
        return errno;
    r = spec->confine ? spec->confine(spec->confine_data) : 0;
    if (r != 0)
        return r;
    execvp(spec->file, (char *const *)spec->argv);
    return errno;
}

static void on_pidfd(void *data, int fd, uint32_t events)
{
    struct child *self = data;
    (void)fd, (void)events;
    int status = -1;
    if (self->ours && waitpid(self->pid, &status, WNOHANG) == 0)
        return;
    self->io = loop_io_remove(self->io);
    self->ended(self->data, status);
}

static int child_new(struct loop *loop, pid_t pid, bool ours, child_ended_fn *ended, void *data, struct child **ret)
{
    attr_cleanup(child_destroyp) struct child *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct child){.pid = pid, .ours = ours, .ended = ended, .data = data};
    self->pidfd = pidfd_open_(pid);
    if (self->pidfd < 0)
        return -errno;
    int r = loop_io_add(loop, self->pidfd, EPOLLIN, on_pidfd, self, &self->io);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

/* What the child says of its failure: an errno, or nothing once it has executed. */
static int read_failure(int fd)
{
    int error = 0;
    ssize_t n;
    do
        n = read(fd, &error, sizeof error);
    while (n < 0 && errno == EINTR);
    return n == sizeof error ? -error : 0;
}

int child_start(struct loop *loop, const struct child_spec *spec, child_ended_fn *ended, void *data, struct child **ret)
{
    if (spec->n_fds > CHILD_MAX_FDS)
        return -EINVAL;
    int failure[2];
    if (pipe2(failure, O_CLOEXEC) < 0)
        return -errno;
    _cleanup_close_ int read_end = failure[0], write_end = failure[1];
    pid_t supervisor = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        int error = become_child(spec, supervisor, &failure[1]);
        ssize_t n = write(failure[1], &error, sizeof error);
        (void)n;
        _exit(127);
    }
    close(take_fd(&write_end));
    int r = read_failure(read_end);
    if (r == 0)
        r = child_new(loop, pid, true, ended, data, ret);
    if (r < 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return r;
}

int child_adopt(struct loop *loop, pid_t pid, uint64_t start_time, child_ended_fn *ended, void *data,
                struct child **ret)
{
    attr_cleanup(child_destroyp) struct child *self = NULL;
    if (pid <= 1 || start_time == 0)
        return -ESRCH;
    int r = child_new(loop, pid, false, ended, data, &self);
    if (r < 0)
        return r;
    /* only now, with the descriptor held, does the number stay this process's */
    if (child_start_time(pid) != start_time)
        return -ESRCH;
    *ret = take(self);
    return 0;
}

int child_watch(struct loop *loop, pid_t pid, child_ended_fn *ended, void *data, struct child **ret)
{
    return pid <= 1 ? -ESRCH : child_new(loop, pid, false, ended, data, ret);
}

struct child *child_destroy(struct child *self)
{
    if (!self)
        return NULL;
    loop_io_remove(self->io);
    if (self->pidfd >= 0)
        close(self->pidfd);
    free(self);
    return NULL;
}

pid_t child_pid(const struct child *self)
{
    return self->pid;
}

uint64_t child_start_time(pid_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    /* the program's name may hold anything, so fields are counted from the last bracket: state is 3, start time 22 */
    const char *at = strrchr(text, ')');
    if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
        return 0;
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

void child_signal(struct child *self, int signal)
{
    syscall(SYS_pidfd_send_signal, self->pidfd, signal, NULL, 0);
}

bool child_wait(struct child *self, int timeout_ms, int *ret_status)
{
    struct pollfd p = {.fd = self->pidfd, .events = POLLIN};
    int r;
    do
        r = poll(&p, 1, timeout_ms);
    while (r < 0 && errno == EINTR);
    if (r <= 0)
        return false;
    self->io = loop_io_remove(self->io);
    int status = -1;
    if (self->ours)
        waitpid(self->pid, &status, WNOHANG);
    if (ret_status)
        *ret_status = status;
    return true;
}
