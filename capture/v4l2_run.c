/* The capture thread: gets a device, watches its signal, keeps its stream going. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/v4l2_inner.h"
#include "core/clock.h"
#include "core/log.h"

#define WANT_US 1000000    /* between two questions for a device */
#define CHECK_US 500000    /* between two looks at a signal that is not there */
#define RECHECK_US 2000000 /* the same while pictures come, where the receiver tells no events */
#define STALL_US 2000000   /* without a picture; doubled each time that starting anew did not help */
#define STALL_MOST_US 16000000
#define RETRY_US 100000 /* after a failed start; doubled each time */
#define RETRY_MOST_US 2000000

void v4l2_tell(struct v4l2_screen *self, enum screen_signal signal, const char *why)
{
    if (self->signal == signal && strcmp(self->why, why) == 0)
        return;
    self->signal = signal;
    snprintf(self->why, sizeof self->why, "%s", why);
    self->listener->signal(self->listener_data, self->signal, self->why);
}

void v4l2_close_device(struct v4l2_device *device, const struct v4l2_io *io)
{
    int *const fds[] = {&device->video, &device->heap, &device->media};
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
        if (*fds[i] >= 0)
            io->close(io, take_fd(fds[i]));
    for (unsigned i = 0; i < device->n_subdevs && i < V4L2_MAX_SUBDEVS; i++)
        if (device->subdevs[i] >= 0)
            io->close(io, take_fd(&device->subdevs[i]));
    device->n_subdevs = 0;
}

static void forget_description(struct v4l2_screen *self)
{
    pthread_mutex_lock(&self->lock);
    memset(&self->description, 0, sizeof self->description);
    pthread_mutex_unlock(&self->lock);
}

static void lose_device(struct v4l2_screen *self, const char *why)
{
    v4l2_stream_end(self, true);
    v4l2_close_device(&self->node.fds, self->config.io);
    self->phase = PHASE_NO_DEVICE;
    forget_description(self);
    v4l2_tell(self, SCREEN_DEVICE_GONE, why);
}

static void unplugged(struct v4l2_screen *self)
{
    char why[200];
    snprintf(why, sizeof why, "The capture device %s is gone: check that it is plugged in.", self->node.card);
    lose_device(self, why);
    self->want_us = clock_now_us();
}

void v4l2_leave(struct v4l2_screen *self)
{
    if (self->phase == PHASE_NO_DEVICE)
        return;
    v4l2_stream_end(self, false);
    self->phase = PHASE_NO_PICTURE;
    self->check_us = 0;
}

static void read_edid(struct v4l2_screen *self)
{
    struct edid edid = {.size = 0};
    bool has = v4l2_edid_read(&self->node, &edid) == 0;
    pthread_mutex_lock(&self->lock);
    self->description.has_edid = has;
    self->description.edid = edid;
    pthread_mutex_unlock(&self->lock);
}

/* Nothing is written that is there already: the target would see its monitor unplugged. */
static void write_edid(struct v4l2_screen *self)
{
    struct edid now;
    const struct edid *wanted = &self->config.edid;
    if (!wanted->size || v4l2_edid_read(&self->node, &now) < 0 || v4l2_edid_alike(&now, wanted)) {
        read_edid(self);
        return;
    }
    int r = v4l2_edid_write(&self->node, wanted);
    if (r < 0)
        log_warn("v4l2", "%s does not take the EDID: %s", self->node.card, strerrordesc_np(-r));
    read_edid(self);
}

static void open_device(struct v4l2_screen *self, struct v4l2_device *device)
{
    char why[200] = "";
    if (self->phase != PHASE_NO_DEVICE) { /* another one in its place */
        v4l2_leave(self);
        lose_device(self, "Another capture device is being opened.");
    }
    int r = v4l2_node_open(self->config.io, device, self->config.input, &self->node, why, sizeof why);
    if (r < 0) {
        v4l2_close_device(device, self->config.io);
        v4l2_tell(self, SCREEN_DEVICE_GONE, why[0] ? why : "The capture device went away while it was opened.");
        self->want_us = clock_now_us() + WANT_US;
        return;
    }
    self->phase = PHASE_NO_PICTURE;
    self->failed = self->attempts = self->failures = 0;
    self->slow_start = false;
    self->check_us = 0;
    memset(&self->timings, 0, sizeof self->timings);
    pthread_mutex_lock(&self->lock);
    struct v4l2_description *d = &self->description;
    memcpy(d->driver, self->node.driver, sizeof d->driver);
    memcpy(d->card, self->node.card, sizeof d->card);
    memcpy(d->bus, self->node.bus, sizeof d->bus);
    memcpy(d->input, self->node.input_name, sizeof d->input);
    pthread_mutex_unlock(&self->lock);
    log_info("v4l2", "%s (%s, %s), input %s", self->node.card, self->node.driver, self->node.bus,
             self->node.input_name);
    write_edid(self);
}

static struct v4l2_orders take_orders(struct v4l2_screen *self)
{
    pthread_mutex_lock(&self->lock);
    struct v4l2_orders orders = self->orders;
    self->orders.given = self->orders.edid_set = false;
    pthread_mutex_unlock(&self->lock);
    return orders;
}

/* True: the thread is to end. */
static bool follow_orders(struct v4l2_screen *self)
{
    if (!atomic_exchange(&self->news, false)) /* no lock for each picture */
        return false;
    struct v4l2_orders orders = take_orders(self);
    self->watched = !orders.unwatched;
    if (orders.given)
        self->wanted = false;
    if (orders.given && orders.given_none) {
        self->want_us = clock_now_us() + WANT_US;
        if (self->phase == PHASE_NO_DEVICE)
            v4l2_tell(self, SCREEN_DEVICE_GONE, orders.why[0] ? orders.why : "There is no capture device.");
    } else if (orders.given) {
        open_device(self, &orders.device);
    }
    if (orders.edid_set) {
        self->config.edid = orders.edid;
        if (self->phase != PHASE_NO_DEVICE) {
            v4l2_leave(self); /* drivers refuse it while there are buffers */
            write_edid(self);
        }
    }
    return orders.stop;
}

static void want(struct v4l2_screen *self)
{
    if (self->wanted || clock_now_us() < self->want_us)
        return;
    self->wanted = true;
    self->config.want_device(self->config.data);
}

static uint64_t doubled(uint64_t first_us, unsigned times, uint64_t most_us)
{
    return times > 16 ? most_us : MIN(first_us << times, most_us);
}

/* The stream did not begin, or broke. */
static void fail(struct v4l2_screen *self, int error, bool begun)
{
    if (error == -ENODEV) {
        unplugged(self);
        return;
    }
    v4l2_count(self, COUNT_ERRORS);
    if (begun)
        v4l2_count(self, COUNT_RESTARTS);
    v4l2_leave(self);
    self->check_us = clock_now_us() + doubled(RETRY_US, self->failures++, RETRY_MOST_US);
    if (error == -EMEDIUMTYPE)
        self->failed = 0;                            /* all were tried: from the best on again */
    if (self->failures < 3 || error == -EMEDIUMTYPE) /* once may be chance; what was said stays */
        return;
    char why[200];
    if (error == -EBUSY)
        snprintf(why, sizeof why, "Another program captures from %s: end it.", self->node.card);
    else
        snprintf(why, sizeof why, "%s cannot capture (%s): it is tried again and again.", self->node.card,
                 strerrordesc_np(-error));
    v4l2_tell(self, error == -EBUSY ? SCREEN_DEVICE_GONE : SCREEN_NO_LOCK, why);
}

/* Without a stream: begins one when there is a signal. */
static void look_for_signal(struct v4l2_screen *self)
{
    struct v4l2_signal signal;
    self->check_us = clock_now_us() + CHECK_US;
    int r = v4l2_signal_query(&self->node, &signal);
    if (r < 0) {
        fail(self, r, false);
        return;
    }
    if (signal.state != SCREEN_OK) {
        v4l2_tell(self, signal.state, signal.why);
        return;
    }
    if (!v4l2_timings_alike(&signal.timings, &self->timings))
        self->failed = self->attempts = 0;
    self->timings = signal.timings;
    r = v4l2_stream_begin(self);
    if (r < 0)
        fail(self, r, false);
    else
        self->check_us = clock_now_us() + RECHECK_US;
}

/* With a stream: is the signal still the one that it was begun for? */
static void check_signal(struct v4l2_screen *self)
{
    struct v4l2_signal signal;
    self->check_us = clock_now_us() + RECHECK_US;
    int r = v4l2_signal_query(&self->node, &signal);
    if (r < 0) {
        fail(self, r, true);
        return;
    }
    if (signal.state == SCREEN_OK && v4l2_timings_alike(&signal.timings, &self->timings))
        return;
    v4l2_leave(self);
    if (signal.state != SCREEN_OK) {
        v4l2_tell(self, signal.state, signal.why);
        self->check_us = clock_now_us() + CHECK_US;
    }
}

static uint64_t stall_limit(const struct v4l2_screen *self)
{
    return doubled(STALL_US, self->failures, STALL_MOST_US);
}

/* A signal, but no pictures: some receivers hang after a change of mode until they are started anew. */
static void stalled(struct v4l2_screen *self)
{
    check_signal(self);
    if (self->phase != PHASE_STREAMING)
        return;
    v4l2_count(self, COUNT_STALLS);
    v4l2_count(self, COUNT_RESTARTS);
    self->failures++;
    char why[200];
    snprintf(why, sizeof why, "%s gives no good pictures though there is a signal: it has been started anew.",
             self->node.card);
    v4l2_tell(self, self->node.has_timings ? SCREEN_NO_LOCK : SCREEN_NO_SIGNAL, why);
    v4l2_leave(self);
}

static void serve(struct v4l2_screen *self)
{
    uint64_t before = atomic_load(&self->counts[COUNT_PUBLISHED]);
    int r = v4l2_set_collect(self->set);
    if (r < 0 && r != -ENODEV) { /* what was refused is tried again */
        v4l2_count(self, COUNT_ERRORS);
        r = 0;
    }
    if (r == 0)
        r = v4l2_stream_serve(self);
    if (r == 0 && !self->watched && atomic_load(&self->counts[COUNT_PUBLISHED]) != before)
        r = v4l2_stream_rest(self);
    if (r < 0)
        fail(self, r, true);
    else if (self->phase == PHASE_STREAMING && clock_now_us() >= self->picture_us + stall_limit(self))
        stalled(self);
}

static void rest(struct v4l2_screen *self)
{
    if (!self->watched && clock_now_us() < self->rest_until_us)
        return;
    int r = v4l2_stream_wake(self);
    if (r < 0)
        fail(self, r, true);
}

/* One round of what the phase has to do. */
static void step(struct v4l2_screen *self)
{
    uint64_t now = clock_now_us();
    switch (self->phase) {
    case PHASE_NO_DEVICE:
        want(self);
        break;
    case PHASE_NO_PICTURE:
        if (now >= self->check_us)
            look_for_signal(self);
        break;
    case PHASE_STREAMING:
        if (!self->node.has_events && self->node.has_timings && now >= self->check_us)
            check_signal(self);
        if (self->phase == PHASE_STREAMING)
            serve(self);
        break;
    case PHASE_RESTING:
        rest(self);
    }
}

static uint64_t next_time(const struct v4l2_screen *self)
{
    switch (self->phase) {
    case PHASE_NO_DEVICE:
        return self->wanted ? UINT64_MAX : self->want_us;
    case PHASE_NO_PICTURE:
        return self->check_us;
    case PHASE_RESTING:
        return self->rest_until_us;
    case PHASE_STREAMING:
        break;
    }
    uint64_t stall = self->picture_us + stall_limit(self);
    return self->node.has_events || !self->node.has_timings ? stall : MIN(stall, self->check_us);
}

static void on_event(struct v4l2_screen *self)
{
    if (!v4l2_node_events(&self->node))
        return;
    if (self->phase == PHASE_NO_PICTURE)
        self->check_us = 0;
    else
        check_signal(self);
}

/* Nothing waits on the descriptor, but it says that something is wrong: is the device there? */
static void on_trouble(struct v4l2_screen *self)
{
    struct v4l2_signal signal;
    int r = v4l2_signal_query(&self->node, &signal);
    if (r == 0) {
        struct v4l2_capability capability = {.driver = ""};
        r = v4l2_call(&self->node, VIDIOC_QUERYCAP, &capability);
    }
    fail(self, r < 0 ? r : -EIO, true);
}

static void wait_for_news(struct v4l2_screen *self)
{
    enum { BELL, RECEIVER, VIDEO };
    struct pollfd fds[] = {{.fd = v4l2_bell_fd(self->bell), .events = POLLIN}, {.fd = -1}, {.fd = -1}};
    if (self->phase != PHASE_NO_DEVICE && self->node.has_events)
        fds[RECEIVER] = (struct pollfd){.fd = self->node.receiver, .events = POLLPRI};
    if (self->phase == PHASE_STREAMING)
        fds[VIDEO] = (struct pollfd){.fd = self->node.fds.video, .events = POLLIN};
    uint64_t until = next_time(self), now = clock_now_us(), left = until > now ? until - now : 0;
    struct timespec time = {.tv_sec = (time_t)(left / 1000000), .tv_nsec = (long)(left % 1000000) * 1000};
    int r = self->config.io->poll(self->config.io, fds, ARRAY_SIZE(fds), until == UINT64_MAX ? NULL : &time);
    if (r <= 0)
        return;
    if (fds[BELL].revents)
        v4l2_bell_hush(self->bell);
    const short broken = POLLERR | POLLHUP | POLLNVAL;
    if ((fds[VIDEO].revents & broken && !(fds[VIDEO].revents & POLLIN)) || fds[RECEIVER].revents & (broken & ~POLLERR))
        on_trouble(self);
    else if (fds[RECEIVER].revents & POLLPRI)
        on_event(self);
}

void *v4l2_run(void *data)
{
    struct v4l2_screen *self = data;
    v4l2_rank_begin(&self->rank);
    self->listener->signal(self->listener_data, self->signal, self->why);
    while (!follow_orders(self)) {
        atomic_store_explicit(&self->rank_is, self->rank.is, memory_order_relaxed);
        step(self);
        v4l2_rank_look(&self->rank);
        wait_for_news(self);
    }
    v4l2_leave(self);
    if (self->signal == SCREEN_OK) { /* until the next start has a picture */
        self->signal = SCREEN_STARTING;
        snprintf(self->why, sizeof self->why, "Capture is being started.");
    }
    return NULL;
}
