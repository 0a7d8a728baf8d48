#include "usbgadget/hidg_pipe.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "usbgadget/keyboard.h"

/* ESHUTDOWN has no end that could be polled for. */
#define RETRY_US 200000
/* A target that resets and configures us needs longer than this; one that polls slowly is known by its interval. */
#define SUSPICIOUS_US 20000
#define SUSPICIOUS_TIMES 2 /* the longest of late */
/* One that only configures us anew may be faster, but then the UDC says so within this time. */
#define HINDSIGHT_US 100000
#define DOUBTFUL_US 1500
#define DOUBTFUL_POLLS 2
/* A target that selects the interface anew loses a report without a sign: what it should know is said again when
 * nothing else comes. */
#define SETTLE_US 500000
/* One that floods us with output reports must not keep the thread. */
#define MAX_OUTPUTS 16
/* Longer than any interval; then it did not poll at all. */
#define MAX_INTERVAL_US 500000

static void event(void *data, int fd, uint32_t events);
static void tick(void *data);

int hidg_pipe_init(struct hidg_pipe *self, struct loop *loop, enum gadget_function hid,
                   const struct hidg_pipe_owner *owner, void *data)
{
    static const unsigned whole[GADGET_HIDS] = {
        [GADGET_KEYBOARD] = KEYBOARD_REPORT_SIZE,
        [GADGET_ABSOLUTE] = 5,
        [GADGET_RELATIVE] = 1,
        [GADGET_CONSUMER] = HIDG_CONSUMER_SIZE,
    };
    *self = (struct hidg_pipe){
        .owner = owner, .data = data, .loop = loop, .fd = -1, .length = hidg_descriptor(hid)->report_length};
    self->whole = whole[hid];
    self->settled = true;
    return loop_timer_add(loop, tick, self, &self->timer);
}

void hidg_pipe_finish(struct hidg_pipe *self)
{
    hidg_pipe_close(self);
    self->timer = loop_timer_remove(self->timer);
}

int hidg_pipe_open(struct hidg_pipe *self, int fd)
{
    hidg_pipe_close(self);
    int r = loop_io_add(self->loop, fd, EPOLLIN, event, self, &self->io);
    if (r < 0) {
        close(fd);
        return r;
    }
    self->fd = fd;
    return 0;
}

void hidg_pipe_close(struct hidg_pipe *self)
{
    self->io = loop_io_remove(self->io);
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
    self->watching = self->in_flight = self->lost = self->again = self->owed = self->follows = false;
    self->refused = self->paused = self->polled = false;
    self->settled = true;
    self->interval_us = self->slow_us = 0;
}

bool hidg_pipe_is_open(const struct hidg_pipe *self)
{
    return self->io != NULL;
}

static void watch(struct hidg_pipe *self, bool on)
{
    if (!self->io || self->watching == on)
        return;
    self->watching = on;
    loop_io_set_events(self->io, on ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void tick_at(struct hidg_pipe *self, uint64_t when_us)
{
    self->ticking = true;
    loop_timer_arm_at(self->timer, when_us);
}

/* True when the kernel took it. */
static bool write_report(struct hidg_pipe *self, uint64_t now)
{
    if (write(self->fd, self->last, self->length) >= 0) {
        self->written_us = now;
        self->in_flight = true;
        self->lost = false;
        watch(self, true);
        return true;
    }
    /* EAGAIN: POLLOUT tells when. The others (ESHUTDOWN, in the moment of a reset EINVAL) have no POLLOUT, or one at
     * once that means nothing. */
    self->refusals++;
    self->refused = errno != EAGAIN;
    watch(self, !self->refused);
    if (self->refused) {
        tick_at(self, now + RETRY_US);
        self->owed = false;
        self->owner->shut(self->data);
    }
    return false;
}

static void write_next(struct hidg_pipe *self, uint64_t now, bool follows)
{
    uint8_t bytes[HIDG_REPORT_MAX];

    if (!self->io || self->in_flight || self->refused || self->paused)
        return;
    if (self->owed) {
        memset(self->last + self->whole, 0, self->length - self->whole);
        if (!write_report(self, now))
            return;
        self->owed = false;
        self->again = true;
        self->follows = follows;
        return;
    }
    if (!self->owner->next(self->data, bytes)) {
        watch(self, false);
        if (!self->settled && !self->ticking)
            tick_at(self, now + SETTLE_US);
        return;
    }
    memcpy(self->last, bytes, self->length);
    if (!write_report(self, now))
        return;
    self->again = self->settled = false;
    self->follows = follows;
    self->owner->sent(self->data);
}

static void taken(struct hidg_pipe *self, uint64_t now, uint64_t took)
{
    bool first = !self->polled;

    self->polled = true;
    self->reports++;
    self->answer_us += took;
    self->longest_us = MAX(self->longest_us, took);
    self->last_us = took;
    self->last_at_us = now;
    if (took < MAX_INTERVAL_US)
        self->slow_us = MAX((uint32_t)took, self->slow_us - self->slow_us / 64);
    if (self->follows && took < MAX_INTERVAL_US) {
        int32_t sample = (int32_t)MAX(took, 1u), average = (int32_t)self->interval_us;
        self->interval_us = (uint32_t)(average ? average + (sample - average) / 8 : sample);
    }
    self->owner->taken(self->data, first);
}

/* Whether a report that took so long may have been thrown away instead. */
static bool is_suspicious(const struct hidg_pipe *self, uint64_t took)
{
    return took > MAX((uint64_t)SUSPICIOUS_US, (uint64_t)SUSPICIOUS_TIMES * self->slow_us);
}

bool hidg_pipe_doubts(const struct hidg_pipe *self)
{
    return self->in_flight && !self->again && clock_now_us() - self->last_at_us < HINDSIGHT_US &&
           self->last_us > MAX((uint64_t)DOUBTFUL_US, (uint64_t)DOUBTFUL_POLLS * self->interval_us);
}

static void pollout(struct hidg_pipe *self)
{
    uint64_t now = clock_now_us(), took = now - self->written_us;

    if (!self->in_flight) {
        write_next(self, now, false);
        return;
    }
    self->in_flight = false;
    if (self->paused) {
        watch(self, false);
    } else if (self->lost) {
        write_next(self, now, false);
    } else if (!self->again && is_suspicious(self, took)) {
        self->owed = true;
        if (took < MAX_INTERVAL_US)
            self->slow_us = (uint32_t)took; /* or the target is just so slow */
        write_next(self, now, true);
    } else {
        taken(self, now, took);
        write_next(self, now, true);
    }
}

static void outputs(struct hidg_pipe *self)
{
    uint8_t bytes[64];
    for (unsigned i = 0; self->io && i < MAX_OUTPUTS; i++) {
        ssize_t n = read(self->fd, bytes, sizeof bytes);
        if (n < 0)
            return;
        self->owner->output(self->data, bytes, (size_t)n);
    }
}

static void event(void *data, int fd, uint32_t events)
{
    struct hidg_pipe *self = data;
    (void)fd;
    if (events & EPOLLIN)
        outputs(self);
    if (self->io && events & EPOLLOUT)
        pollout(self);
    if (self->io && events & (EPOLLERR | EPOLLHUP))
        hidg_pipe_close(self); /* no report device says this, but whoever does would say it for ever */
}

static void tick(void *data)
{
    struct hidg_pipe *self = data;
    uint64_t now = clock_now_us();

    self->ticking = false;
    if (self->refused) {
        self->refused = false;
        write_next(self, now, false);
        return;
    }
    if (!self->io || self->settled || self->in_flight || self->paused)
        return;
    if (now - self->written_us < SETTLE_US) {
        tick_at(self, self->written_us + SETTLE_US);
        return;
    }
    self->settled = self->owed = true;
    write_next(self, now, false);
}

void hidg_pipe_restart(struct hidg_pipe *self)
{
    self->lost = self->in_flight;
    self->paused = self->refused = self->owed = self->polled = false;
    self->settled = true;
    self->interval_us = self->slow_us = 0;
    write_next(self, clock_now_us(), false);
}

void hidg_pipe_pause(struct hidg_pipe *self)
{
    self->paused = true;
    self->polled = false;
}

void hidg_pipe_push(struct hidg_pipe *self)
{
    if (!self->in_flight)
        write_next(self, clock_now_us(), false);
}
