#include "capture/replay.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "capture/frame_pool.h"
#include "core/clock.h"

#define DEFAULT_BUFFERS 6
#define MAX_BUFFERS 16

/* What a step of the thread may end with, besides 0 and -errno. */
enum { STEP_STOPPED = 1, STEP_ENDED };

struct replay {
    struct screen screen;
    const struct screen_listener *listener;
    void *listener_data;
    pthread_t thread;
    bool running;
    struct replay_config config;
    int fd, stop_fd;
    atomic_bool ended;
    atomic_uint_fast64_t frames;

    /* The thread's; kept from one start to the next, so that a stop may fall between any two bytes. */
    uint8_t header_bytes[REPLAY_HEADER_SIZE];
    size_t filled; /* of the header while there is no pool, else of `filling` */
    struct replay_header header;
    struct frame_pool *pool;
    struct pool_buffer *filling;
    struct frame *last; /* shown again to the next listener */
    uint64_t next_us;
    enum screen_signal signal;
    char why[160];
};

static struct replay *replay_of(struct screen *screen)
{
    return container_of(screen, struct replay, screen);
}

static void tell(struct replay *self, enum screen_signal signal, const char *why)
{
    self->signal = signal;
    snprintf(self->why, sizeof self->why, "%s", why);
    self->listener->signal(self->listener_data, self->signal, self->why);
}

/* Until fd (-1: none) is readable or the time (0: for ever) has come. */
static int rest(struct replay *self, int fd, uint64_t until_us)
{
    struct pollfd fds[] = {{.fd = self->stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    uint64_t now = clock_now_us(), left = until_us > now ? until_us - now : 0;
    struct timespec time = {.tv_sec = (time_t)(left / 1000000), .tv_nsec = (long)(left % 1000000) * 1000};
    if (ppoll(fds, 2, until_us ? &time : NULL, NULL) < 0 && errno != EINTR)
        return -errno;
    return fds[0].revents ? STEP_STOPPED : 0;
}

/* Fills room up to size, from self->filled on. */
static int fill(struct replay *self, uint8_t *room, size_t size)
{
    while (self->filled < size) {
        int r = rest(self, self->fd, 0);
        if (r)
            return r;
        ssize_t n = read(self->fd, room + self->filled, size - self->filled);
        if (n == 0)
            return STEP_ENDED;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        if (n > 0)
            self->filled += (size_t)n;
    }
    self->filled = 0;
    return 0;
}

static int read_header(struct replay *self)
{
    int r = fill(self, self->header_bytes, sizeof self->header_bytes);
    if (r)
        return r;
    const char *why = NULL;
    enum screen_signal signal = replay_header_parse(self->header_bytes, &self->header, &why);
    if (signal != SCREEN_OK) {
        tell(self, signal, why);
        return -EPROTO;
    }
    r = frame_pool_create(self->header.width, self->header.height, self->header.fourcc, self->config.buffers,
                          &self->pool);
    if (r == 0)
        tell(self, SCREEN_OK, "");
    return r;
}

static int take_buffer(struct replay *self)
{
    while (!self->filling) {
        frame_pool_drain(self->pool);
        self->filling = frame_pool_take(self->pool);
        int r = self->filling ? 0 : rest(self, frame_pool_fd(self->pool), 0);
        if (r)
            return r;
    }
    return 0;
}

static int keep_pace(struct replay *self)
{
    if (self->config.fast || !self->header.fps)
        return 0;
    uint64_t now = clock_now_us(), interval = 1000000 / self->header.fps;
    while (now < self->next_us) {
        int r = rest(self, -1, self->next_us);
        if (r)
            return r;
        now = clock_now_us();
    }
    /* keep the beat, unless we are more than one behind */
    self->next_us = now < self->next_us + interval ? self->next_us + interval : now + interval;
    return 0;
}

static int rewind_stream(struct replay *self)
{
    if (!self->config.loop || !atomic_load(&self->frames) || lseek(self->fd, REPLAY_HEADER_SIZE, SEEK_SET) < 0)
        return STEP_ENDED;
    return 0;
}

static int play_frame(struct replay *self)
{
    int r = take_buffer(self);
    if (r)
        return r;
    r = fill(self, self->filling->pixels, self->filling->size);
    if (r == STEP_ENDED && self->filled == 0)
        return rewind_stream(self);
    if (r)
        return r;
    self->filled = self->filling->size; /* whole, should the wait be interrupted */
    r = keep_pace(self);
    if (r)
        return r;
    self->filled = 0;
    struct frame *frame = &take(self->filling)->frame;
    frame->captured_us = clock_now_us();
    frame_unref(self->last);
    self->last = frame_ref(frame);
    atomic_fetch_add(&self->frames, 1);
    self->listener->frame(self->listener_data, frame);
    return 0;
}

/* One sentence about how the stream ended; nothing when it ended between two pictures. */
static void tell_end(struct replay *self, int r)
{
    char why[160];
    if (r == -EPROTO)
        return; /* told where it was found */
    if (r < 0) {
        snprintf(why, sizeof why, "The recording cannot be read: %s.", strerrordesc_np(-r));
        tell(self, SCREEN_DEVICE_GONE, why);
    } else if (!self->pool) {
        tell(self, SCREEN_NO_LOCK, "The recording ended before its header was complete.");
    } else if (self->filled) {
        snprintf(why, sizeof why, "The recording ended in the middle of picture %llu.",
                 (unsigned long long)atomic_load(&self->frames) + 1);
        tell(self, SCREEN_NO_SIGNAL, why);
    }
}

static void *run(void *data)
{
    struct replay *self = data;
    self->listener->signal(self->listener_data, self->signal, self->why);
    if (self->last)
        self->listener->frame(self->listener_data, frame_ref(self->last));
    int r = 0;
    while (r == 0 && !atomic_load(&self->ended))
        r = self->pool ? play_frame(self) : read_header(self);
    if (r != 0 && r != STEP_STOPPED) {
        tell_end(self, r);
        atomic_store(&self->ended, true);
    }
    return NULL;
}

static int replay_start(struct screen *screen, const struct screen_listener *listener, void *data)
{
    struct replay *self = replay_of(screen);
    if (self->running)
        return -EBUSY;
    self->listener = listener;
    self->listener_data = data;
    int error = pthread_create(&self->thread, NULL, run, self);
    if (error)
        return -error;
    pthread_setname_np(self->thread, "replay");
    self->running = true;
    return 0;
}

static void replay_stop(struct screen *screen)
{
    struct replay *self = replay_of(screen);
    if (!self->running)
        return;
    uint64_t count = 1;
    ssize_t n = write(self->stop_fd, &count, sizeof count);
    pthread_join(self->thread, NULL);
    n = read(self->stop_fd, &count, sizeof count);
    (void)n;
    self->running = false;
}

static void replay_destroy(struct screen *screen)
{
    struct replay *self = replay_of(screen);
    frame_unref(self->last);
    if (self->filling)
        frame_unref(&self->filling->frame);
    frame_pool_destroy(self->pool);
    close(self->fd);
    close(self->stop_fd);
    free(self);
}

bool replay_ended(struct screen *screen)
{
    return atomic_load(&replay_of(screen)->ended);
}

uint64_t replay_frames(struct screen *screen)
{
    return atomic_load(&replay_of(screen)->frames);
}

static const struct screen_ops replay_ops = {
    .name = "replay",
    .start = replay_start,
    .stop = replay_stop,
    .spare_buffers = DEFAULT_BUFFERS - 2,
    .destroy = replay_destroy,
};

int replay_create(int fd, const struct replay_config *config, struct screen **ret)
{
    struct replay_config chosen = config ? *config : (struct replay_config){0};
    if (!chosen.buffers)
        chosen.buffers = DEFAULT_BUFFERS;
    if (chosen.buffers < 2 || chosen.buffers > MAX_BUFFERS || fd < 0)
        return -EINVAL;
    struct replay *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->stop_fd < 0) {
        int error = -errno;
        free(self);
        return error;
    }
    self->screen.ops = &replay_ops;
    self->config = chosen;
    self->fd = fd;
    atomic_init(&self->ended, false);
    atomic_init(&self->frames, 0);
    self->signal = SCREEN_STARTING;
    snprintf(self->why, sizeof self->why, "The recording has not begun yet.");
    *ret = &self->screen;
    return 0;
}
