/* The drive's own thread: waits for endpoint 0, the bulk endpoints, the medium's socket and the loop's thread. */
#include "usbgadget/big_cd_internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"

/* Answers on endpoint 0 wait for the host, which may never take them: this signal, whose handler does nothing, ends
 * such a wait. Nobody has a use for it otherwise. */
#define INTERRUPT SIGURG

static void on_interrupt(int signal)
{
    (void)signal;
}

int big_cd_prepare_signal(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    return sigaction(INTERRUPT, &action, NULL) < 0 ? -errno : 0;
}

/* Milliseconds until then, at least one, for epoll; -1: for ever. */
static int timeout(uint64_t deadline, uint64_t now)
{
    if (!deadline)
        return -1;
    return deadline <= now ? 0 : (int)((deadline - now) / 1000 + 1);
}

static void wait_and_look(struct big_cd *self, int timeout_ms)
{
    struct epoll_event events[8];
    int n = epoll_wait(self->epoll, events, sizeof events / sizeof *events, timeout_ms);
    uint64_t count;
    for (int i = 0; i < n; i++) {
        if (events[i].data.u32 == BIG_CD_NUDGE)
            (void)!read(self->nudge, &count, sizeof count);
        else if (events[i].data.u32 == BIG_CD_EP0)
            big_cd_control(self);
        /* the others are looked at anyhow */
    }
}

static void *run(void *data)
{
    struct big_cd *self = data;
    pthread_mutex_lock(&self->lock);
    self->pipe->ops->enabled(self->pipe);
    big_cd_advance(self, clock_now_us());
    big_cd_set_up(self, self->up); /* as it turned out */
    while (!self->stop) {
        uint64_t now = clock_now_us();
        do /* what ended meanwhile may have told its descriptor already */
            big_cd_advance(self, now);
        while (big_cd_reap(self));
        uint64_t deadline = big_cd_deadline(self, now);
        pthread_mutex_unlock(&self->lock);
        wait_and_look(self, timeout(deadline, now));
        pthread_mutex_lock(&self->lock);
    }
    big_cd_forget(self);
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static int watch(struct big_cd *self, int fd, enum big_cd_source source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u32 = source};
    return epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int start_thread(struct big_cd *self)
{
    sigset_t all, old;
    sigfillset(&all);
    sigdelset(&all, INTERRUPT);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are for the main thread */
    int r = -pthread_create(&self->thread, NULL, run, self);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return r;
}

int big_cd_start(struct big_cd *self, struct big_cd_pipe *pipe)
{
    int r = watch(self, self->ep0, BIG_CD_EP0, EPOLLIN);
    if (r >= 0)
        r = watch(self, pipe->event_fd, BIG_CD_PIPE, EPOLLIN | EPOLLET);
    if (r < 0)
        return r;
    self->pipe = pipe;
    self->stop = false;
    self->up = true; /* the host may have configured us before we looked; if not, the first read tells */
    r = start_thread(self);
    self->running = r >= 0;
    if (r < 0)
        self->pipe = NULL;
    return r;
}

static void join(struct big_cd *self)
{
    for (;;) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 20 * 1000 * 1000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (pthread_timedjoin_np(self->thread, NULL, &until) != ETIMEDOUT)
            return;
        pthread_kill(self->thread, INTERRUPT);
    }
}

void big_cd_stop(struct big_cd *self)
{
    if (!self->running)
        return;
    uint64_t one = 1;
    pthread_mutex_lock(&self->lock);
    self->stop = true;
    pthread_mutex_unlock(&self->lock);
    (void)!write(self->nudge, &one, sizeof one);
    join(self);
    self->running = false;
    (void)epoll_ctl(self->epoll, EPOLL_CTL_DEL, self->ep0, NULL);
    self->pipe->ops->destroy(self->pipe);
    self->pipe = NULL;
}
