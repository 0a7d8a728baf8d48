#include "machines/qemu/capture.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/log.h"
#include "machines/qemu/bus.h"
#include "machines/qemu/dbus_listener.h"

/* One drawing, one newest; the rest may be out: mailbox, reference, encoders. */
#define SURFACES 7

/* After the machine was turned on its first change is shown at once; a screen that does not change, this much later. */
#define SHOW_ANYWAY_US 500000

/* A former connection that QEMU has not dropped by then, and a listener that was not sent a picture by then. */
#define OLD_BUS_US 3000000
#define PATIENCE_US 5000000

/* A stream of whole pictures without a gap is published at least this often. */
#define STREAM_US 25000

struct notice {
    enum screen_signal signal;
    char why[256];
};

struct capture {
    struct loop_wake *wake;
    struct capture_owner owner;
    void *owner_data;
    struct screen_listener listener;
    void *listener_data;
    pthread_t thread;
    int poke; /* eventfd: the thread has something in its inbox, or a surface came back */

    pthread_mutex_t lock;
    struct { /* for the thread */
        bool stop, has_bus, has_notice, has_size;
        sd_bus *bus;
        struct notice notice;
        uint32_t serial;
        int width, height;
    } in;
    struct { /* for the net thread */
        bool ask_size, register_again, soon, has_trouble;
        bool stale; /* a new registration is wanted */
        uint32_t serial;
        struct notice trouble;
    } out;

    /* ---- the thread's own ---- */
    sd_bus *bus, *old_bus;
    uint64_t attached_us;
    struct dbus_listener picture;
    struct notice notice;
    enum screen_signal trouble;
    uint64_t show_at_us, published_us;
};

static void poke(struct capture *self)
{
    uint64_t one = 1;
    ssize_t n = write(self->poke, &one, sizeof one);
    (void)n; /* only a full counter refuses, and then it is readable */
}

static void on_returned(void *data)
{
    poke(data);
}

/* ---- thread: to the net thread ---- */

static void on_trouble(void *data, enum screen_signal signal, const char *why)
{
    struct capture *self = data;
    if (self->trouble == signal)
        return;
    self->trouble = signal;
    pthread_mutex_lock(&self->lock);
    self->out.has_trouble = true;
    self->out.trouble.signal = signal;
    snprintf(self->out.trouble.why, sizeof self->out.trouble.why, "%s", why);
    pthread_mutex_unlock(&self->lock);
    loop_wake_signal(self->wake);
}

static void ask_register(struct capture *self, bool soon)
{
    pthread_mutex_lock(&self->lock);
    self->out.register_again = true;
    self->out.soon = soon;
    self->out.stale = true;
    pthread_mutex_unlock(&self->lock);
    loop_wake_signal(self->wake);
}

static void ask_size(struct capture *self, uint32_t serial)
{
    pthread_mutex_lock(&self->lock);
    self->out.ask_size = true;
    self->out.serial = serial;
    pthread_mutex_unlock(&self->lock);
    loop_wake_signal(self->wake);
}

/* ---- thread: publishing ---- */

/* Any answer will do, an error as well: what matters is that it stands behind what QEMU had queued. */
static int on_pong(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct capture *self = data;
    (void)m;
    (void)error;
    settle_pong(&self->picture.canvas.settle, self->picture.canvas.settle.serial);
    return 1;
}

static void publish(struct capture *self, bool always)
{
    if (self->notice.signal != SCREEN_OK)
        return;
    struct frame *frame;
    int r = surface_pool_publish(self->picture.canvas.pool, always, self->picture.canvas.drawn_us, &frame);
    if (r == -EAGAIN)
        return; /* a surface that comes back pokes us */
    if (r == -ENOMEM)
        log_warn("qemu", "no memory for a picture");
    settle_published(&self->picture.canvas.settle);
    self->show_at_us = 0;
    if (r != 0)
        return;
    self->published_us = clock_now_us();
    self->listener.frame(self->listener_data, frame);
}

/* Does what the canvas wants, with everything read (drained) or in the middle of a stream of whole pictures. */
static void advance(struct capture *self, bool drained)
{
    for (;;) {
        if (!drained && self->picture.canvas.settle.loose)
            return;
        switch (canvas_next(&self->picture.canvas, clock_now_us())) {
        case SETTLE_WAIT:
            return;
        case SETTLE_ASK_SIZE:
            ask_size(self, self->picture.canvas.settle.serial);
            return;
        case SETTLE_PING:
            if (!self->bus || sd_bus_call_method_async(self->bus, NULL, NULL, DBUS_LISTENER_PATH,
                                                       "org.freedesktop.DBus.Peer", "Ping", on_pong, self, "") < 0)
                self->picture.broken = true;
            return;
        case SETTLE_PUBLISH:
            publish(self, false);
            return;
        case SETTLE_REGISTER:
            log_debug("qemu", "display: another size, the listener is registered again");
            ask_register(self, true);
            return;
        }
    }
}

static void show_anyway(struct capture *self)
{
    if (!self->show_at_us || clock_now_us() < self->show_at_us)
        return;
    self->show_at_us = 0;
    if (!self->picture.canvas.settle.damaged && !self->picture.canvas.settle.stale)
        publish(self, true);
}

/* ---- thread: loop ---- */

static void close_bus(struct capture *self)
{
    self->bus = sd_bus_close_unref(self->bus);
    self->picture.broken = false;
    settle_reset(&self->picture.canvas.settle);
}

/* Reads what QEMU still sends on the former connection, until it drops it. */
static void drain_old(struct capture *self)
{
    int r = 1;
    self->picture.muted = true;
    while (self->old_bus && (r = sd_bus_process(self->old_bus, NULL)) > 0)
        ;
    self->picture.muted = false;
    if (r < 0 || (self->old_bus && clock_now_us() - self->attached_us > OLD_BUS_US))
        self->old_bus = sd_bus_close_unref(self->old_bus);
}

static void note_fresh(struct capture *self)
{
    pthread_mutex_lock(&self->lock);
    self->out.stale = false;
    pthread_mutex_unlock(&self->lock);
}

/* False: there may be more to read, but the inbox should be looked at in between. */
static bool drain(struct capture *self)
{
    int r = 1;
    uint64_t until = clock_now_us() + 2 * STREAM_US;
    while (self->bus && !self->picture.broken && (r = sd_bus_process(self->bus, NULL)) > 0) {
        uint64_t now = clock_now_us();
        if (now - self->published_us > STREAM_US)
            advance(self, false);
        if (now > until)
            return false;
    }
    bool silent = self->picture.canvas.settle.stale && clock_now_us() - self->attached_us > PATIENCE_US;
    if (self->bus && (r < 0 || self->picture.broken || silent)) {
        log_debug("qemu", "display: the listener's connection is given up (%s)",
                  silent ? "no picture came" : "it ended");
        close_bus(self);
        ask_register(self, false);
        return true;
    }
    if (!self->picture.canvas.settle.stale)
        note_fresh(self);
    advance(self, true);
    return true;
}

/* Takes up a new connection, or with NULL only lets go of those there are. */
static void change_bus(struct capture *self, sd_bus *bus)
{
    sd_bus_close_unref(self->old_bus);
    self->old_bus = bus ? take(self->bus) : NULL;
    close_bus(self);
    self->bus = bus;
    self->attached_us = clock_now_us();
}

static bool take_inbox(struct capture *self)
{
    uint64_t count;
    ssize_t n = read(self->poke, &count, sizeof count);
    (void)n;
    pthread_mutex_lock(&self->lock);
    __typeof__(self->in) in = self->in;
    self->in.bus = NULL;
    self->in.has_bus = self->in.has_notice = self->in.has_size = false;
    pthread_mutex_unlock(&self->lock);

    if (in.has_bus)
        change_bus(self, in.bus);
    if (in.has_size)
        settle_size(&self->picture.canvas.settle, in.serial, in.width, in.height);
    if (in.has_notice && !in.stop) {
        bool shown = in.notice.signal == SCREEN_OK && self->notice.signal != SCREEN_OK;
        self->notice = in.notice;
        self->show_at_us = shown ? clock_now_us() + SHOW_ANYWAY_US : 0;
        self->listener.signal(self->listener_data, self->notice.signal, self->notice.why);
    }
    return !in.stop;
}

/* When the thread has something to do though nothing comes. */
static uint64_t wake_at(const struct capture *self)
{
    uint64_t at = self->show_at_us ? self->show_at_us : UINT64_MAX;
    if (self->picture.canvas.settle.phase != SETTLE_IDLE)
        at = MIN(at, self->picture.canvas.settle.deadline_us);
    if (self->old_bus)
        at = MIN(at, self->attached_us + OLD_BUS_US);
    if (self->bus && self->picture.canvas.settle.stale)
        at = MIN(at, self->attached_us + PATIENCE_US);
    return at;
}

static int sleep_ms(const struct capture *self)
{
    uint64_t now = clock_now_us(), at = wake_at(self);
    int ms = at == UINT64_MAX ? -1 : at <= now ? 0 : (int)MIN((at - now) / 1000 + 1, (uint64_t)60000);
    int bus_ms = self->bus ? bus_timeout_ms(self->bus) : -1;
    return ms < 0 ? bus_ms : bus_ms < 0 ? ms : MIN(ms, bus_ms);
}

static struct pollfd poll_of(sd_bus *bus)
{
    if (!bus)
        return (struct pollfd){.fd = -1};
    int events = sd_bus_get_events(bus);
    return (struct pollfd){.fd = sd_bus_get_fd(bus), .events = (short)(events < 0 ? POLLIN : events)};
}

static void sleep_until_needed(struct capture *self)
{
    struct pollfd p[3] = {{.fd = self->poke, .events = POLLIN}, poll_of(self->bus), poll_of(self->old_bus)};
    poll(p, ARRAY_SIZE(p), sleep_ms(self));
}

static void *run(void *data)
{
    struct capture *self = data;
    pthread_setname_np(pthread_self(), "qemu-capture");
    while (take_inbox(self)) {
        drain_old(self);
        bool drained = drain(self);
        show_anyway(self);
        if (drained)
            sleep_until_needed(self);
    }
    return NULL;
}

/* ---- net thread ---- */

static void on_wake(void *data)
{
    struct capture *self = data;
    pthread_mutex_lock(&self->lock);
    __typeof__(self->out) out = self->out;
    self->out.ask_size = self->out.register_again = self->out.has_trouble = false;
    pthread_mutex_unlock(&self->lock);
    if (out.has_trouble)
        self->owner.trouble(self->owner_data, out.trouble.signal, out.trouble.why);
    if (out.ask_size)
        self->owner.ask_size(self->owner_data, out.serial);
    if (out.register_again)
        self->owner.register_again(self->owner_data, out.soon);
}

bool capture_wants_register(struct capture *self)
{
    pthread_mutex_lock(&self->lock);
    bool stale = self->out.stale;
    pthread_mutex_unlock(&self->lock);
    return stale;
}

/* -EAGAIN: one is waiting to be taken up. */
static int hand_over(struct capture *self, sd_bus *bus)
{
    int r = -EAGAIN;
    pthread_mutex_lock(&self->lock);
    sd_bus *unused = NULL;
    if (!bus || !self->in.bus) {
        unused = self->in.bus;
        self->in.bus = bus;
        self->in.has_bus = true;
        self->out.ask_size = self->out.register_again = false;
        self->out.stale = self->out.stale || !bus;
        r = 0;
    }
    pthread_mutex_unlock(&self->lock);
    sd_bus_close_unref(unused);
    poke(self);
    return r;
}

int capture_attach(struct capture *self, int *ret_fd)
{
    int pair[2];
    sd_bus *bus = NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    int r = bus_open_peer(pair[0], &bus);
    if (r >= 0)
        r = dbus_listener_add(&self->picture, bus);
    if (r < 0) {
        sd_bus_close_unref(bus);
        close(pair[1]);
        return r;
    }
    r = hand_over(self, bus);
    if (r < 0) {
        sd_bus_close_unref(bus);
        close(pair[1]);
        return r;
    }
    *ret_fd = pair[1];
    return 0;
}

void capture_detach(struct capture *self)
{
    hand_over(self, NULL);
}

void capture_signal(struct capture *self, enum screen_signal signal, const char *why)
{
    pthread_mutex_lock(&self->lock);
    self->in.has_notice = true;
    self->in.notice.signal = signal;
    snprintf(self->in.notice.why, sizeof self->in.notice.why, "%s", why);
    pthread_mutex_unlock(&self->lock);
    poke(self);
}

void capture_size(struct capture *self, uint32_t serial, int width, int height)
{
    pthread_mutex_lock(&self->lock);
    self->in.has_size = true;
    self->in.serial = serial;
    self->in.width = width;
    self->in.height = height;
    pthread_mutex_unlock(&self->lock);
    poke(self);
}

static void capture_free(struct capture *self)
{
    sd_bus_close_unref(self->in.bus);
    sd_bus_close_unref(self->bus);
    sd_bus_close_unref(self->old_bus);
    surface_pool_destroy(self->picture.canvas.pool);
    loop_wake_remove(self->wake);
    if (self->poke >= 0)
        close(self->poke);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

int capture_create(struct loop *loop, const struct capture_owner *owner, void *owner_data,
                   const struct screen_listener *listener, void *listener_data, enum screen_signal signal,
                   const char *why, struct capture **ret)
{
    struct capture *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->owner = *owner;
    self->owner_data = owner_data;
    self->listener = *listener;
    self->listener_data = listener_data;
    self->notice.signal = SCREEN_STARTING;
    self->picture.trouble = on_trouble;
    self->picture.data = self;
    settle_reset(&self->picture.canvas.settle);
    self->out.stale = true;
    pthread_mutex_init(&self->lock, NULL);
    self->poke = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r = self->poke < 0 ? -errno : loop_wake_add(loop, on_wake, self, &self->wake);
    if (r == 0)
        r = surface_pool_create(SURFACES, on_returned, self, &self->picture.canvas.pool);
    if (r == 0) {
        capture_signal(self, signal, why);
        r = -pthread_create(&self->thread, NULL, run, self);
    }
    if (r < 0) {
        capture_free(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct capture *capture_destroy(struct capture *self)
{
    if (!self)
        return NULL;
    pthread_mutex_lock(&self->lock);
    self->in.stop = true;
    pthread_mutex_unlock(&self->lock);
    poke(self);
    pthread_join(self->thread, NULL);
    capture_free(self);
    return NULL;
}
