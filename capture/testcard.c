#include "capture/testcard.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>

#include "capture/frame_pool.h"
#include "capture/testcard_convert.h"
#include "capture/testcard_draw.h"
#include "core/clock.h"
#include "video/cell_row.h"

/* One being drawn, one in the mailbox, one held for comparison, two with encoders, one to spare. */
#define BUFFERS 6
#define IDLE_US 1000000

/* What the net thread asks for; the thread takes a copy for each round. */
struct orders {
    int width, height;
    uint64_t interval_us;
    bool still, watched, stop;
    enum screen_signal signal;
    uint32_t signal_serial; /* of testcard_set_signal calls */
    char why[160];
};

struct testcard {
    struct screen screen;
    const struct screen_listener *listener;
    void *listener_data;
    pthread_t thread;
    bool running;
    int wake_fd;

    pthread_mutex_t lock;
    struct orders orders; /* under lock */
    uint64_t dropped;     /* under lock */

    uint32_t fourcc;

    /* The thread's; kept from one start to the next. */
    struct frame_pool *pool;
    struct testcard_original *original; /* what is converted; NULL: buffers are drawn to */
    int pool_width, pool_height;
    uint32_t number, published; /* published: 0 when the next picture has nothing to be compared with */
    uint32_t signal_told;       /* signal_serial + 1 of the state that the listener knows; 0: none */
};

static struct testcard *testcard_of(struct screen *screen)
{
    return container_of(screen, struct testcard, screen);
}

static void wake(struct testcard *self)
{
    uint64_t one = 1;
    ssize_t n = write(self->wake_fd, &one, sizeof one);
    (void)n;
}

static struct orders orders_now(struct testcard *self)
{
    pthread_mutex_lock(&self->lock);
    struct orders orders = self->orders;
    pthread_mutex_unlock(&self->lock);
    return orders;
}

static void fill_hints(struct frame *frame, uint32_t before, uint32_t number)
{
    if (!before)
        return;
    struct rect parts[2 * TESTCARD_PARTS];
    testcard_parts(frame->width, frame->height, before, parts);
    testcard_parts(frame->width, frame->height, number, parts + TESTCARD_PARTS);
    frame->hints_valid = true;
    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
        rect_set_add(&frame->hints, testcard_even(parts[i]));
}

static void draw(struct testcard_original *original, struct pool_buffer *buffer, uint32_t number)
{
    if (original) {
        testcard_original_draw(original, number);
        testcard_convert(original, &buffer->frame, buffer->pixels, (uint32_t)buffer->tag);
        buffer->tag = number;
        return;
    }
    struct testcard_canvas canvas = {buffer->pixels, buffer->stride, buffer->frame.width, buffer->frame.height};
    if (buffer->tag)
        testcard_draw_step(&canvas, (uint32_t)buffer->tag, number);
    else
        testcard_draw_all(&canvas, number);
    buffer->tag = number;
}

static int follow_size(struct testcard *self, const struct orders *orders)
{
    if (self->pool && self->pool_width == orders->width && self->pool_height == orders->height)
        return 0;
    struct frame_pool *pool;
    struct testcard_original *original = NULL;
    int r = frame_pool_create(orders->width, orders->height, self->fourcc, BUFFERS, &pool);
    if (r >= 0 && self->fourcc != FOURCC_BGRX) {
        r = testcard_original_create(orders->width, orders->height, &original);
        if (r < 0)
            frame_pool_destroy(pool);
    }
    if (r < 0)
        return r;
    frame_pool_destroy(self->pool);
    testcard_original_destroy(self->original);
    self->original = original;
    self->pool = pool;
    self->pool_width = orders->width;
    self->pool_height = orders->height;
    self->published = 0;
    return 0;
}

static void publish(struct testcard *self, const struct orders *orders)
{
    struct pool_buffer *buffer = follow_size(self, orders) == 0 ? frame_pool_take(self->pool) : NULL;
    if (!buffer) {
        pthread_mutex_lock(&self->lock);
        self->dropped++;
        pthread_mutex_unlock(&self->lock);
        return;
    }
    /* 0 stands for "nothing yet" in tags and in published */
    self->number = orders->still ? 1 : self->number + 1 ? self->number + 1 : 1;
    draw(self->original, buffer, self->number);
    fill_hints(&buffer->frame, self->published, self->number);
    buffer->frame.captured_us = clock_now_us();
    self->published = self->number;
    self->listener->frame(self->listener_data, &buffer->frame);
}

static bool tell_signal(struct testcard *self, const struct orders *orders)
{
    if (self->signal_told == orders->signal_serial + 1)
        return false;
    self->signal_told = orders->signal_serial + 1;
    self->published = 0;
    self->listener->signal(self->listener_data, orders->signal, orders->why);
    return true;
}

/* The picture in view is already what was asked for. */
static bool at_rest(const struct testcard *self, const struct orders *orders)
{
    if (orders->signal != SCREEN_OK)
        return true;
    return orders->still && self->published == 1 && self->pool_width == orders->width &&
           self->pool_height == orders->height;
}

/* Until a time (0: for ever), or until new orders come. */
static void rest(struct testcard *self, uint64_t until_us)
{
    struct pollfd poll_fd = {.fd = self->wake_fd, .events = POLLIN};
    uint64_t now = clock_now_us(), left = until_us > now ? until_us - now : 0;
    struct timespec time = {.tv_sec = (time_t)(left / 1000000), .tv_nsec = (long)(left % 1000000) * 1000};
    if (ppoll(&poll_fd, 1, until_us ? &time : NULL, NULL) > 0) {
        uint64_t count;
        ssize_t n = read(self->wake_fd, &count, sizeof count);
        (void)n;
    }
}

static void *run(void *data)
{
    struct testcard *self = data;
    uint64_t last_us = 0;
    for (;;) {
        struct orders orders = orders_now(self);
        if (orders.stop)
            return NULL;
        bool news = tell_signal(self, &orders);
        if (at_rest(self, &orders)) {
            rest(self, 0);
            continue;
        }
        uint64_t now = clock_now_us(), interval = orders.watched ? orders.interval_us : IDLE_US;
        bool resized = self->pool_width != orders.width || self->pool_height != orders.height;
        if (news || resized || now >= last_us + interval) {
            publish(self, &orders);
            /* keep the beat, unless we are more than one behind */
            last_us = now < last_us + 2 * interval ? last_us + interval : now;
        }
        rest(self, last_us + interval);
    }
}

static int testcard_start(struct screen *screen, const struct screen_listener *listener, void *data)
{
    struct testcard *self = testcard_of(screen);
    if (self->running)
        return -EBUSY;
    self->listener = listener;
    self->listener_data = data;
    self->published = 0;
    self->signal_told = 0;
    pthread_mutex_lock(&self->lock);
    self->orders.stop = false;
    pthread_mutex_unlock(&self->lock);
    int error = pthread_create(&self->thread, NULL, run, self);
    if (error)
        return -error;
    pthread_setname_np(self->thread, "testcard");
    self->running = true;
    return 0;
}

static void testcard_stop(struct screen *screen)
{
    struct testcard *self = testcard_of(screen);
    if (!self->running)
        return;
    pthread_mutex_lock(&self->lock);
    self->orders.stop = true;
    pthread_mutex_unlock(&self->lock);
    wake(self);
    pthread_join(self->thread, NULL);
    self->running = false;
    /* what its readers still hold goes with the last of them */
    self->pool = frame_pool_destroy(self->pool);
    testcard_original_destroy(self->original);
    self->original = NULL;
}

static void testcard_destroy(struct screen *screen)
{
    struct testcard *self = testcard_of(screen);
    frame_pool_destroy(self->pool);
    testcard_original_destroy(self->original);
    close(self->wake_fd);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

void testcard_set_watched(struct screen *screen, bool watched)
{
    struct testcard *self = testcard_of(screen);
    pthread_mutex_lock(&self->lock);
    self->orders.watched = watched;
    pthread_mutex_unlock(&self->lock);
    wake(self);
}

void testcard_set_still(struct screen *screen, bool still)
{
    struct testcard *self = testcard_of(screen);
    pthread_mutex_lock(&self->lock);
    self->orders.still = still;
    pthread_mutex_unlock(&self->lock);
    wake(self);
}

static bool size_fits(int width, int height)
{
    return width >= TESTCARD_MIN_WIDTH && height >= TESTCARD_MIN_HEIGHT && width <= FRAME_MAX_SIZE &&
           height <= FRAME_MAX_SIZE;
}

int testcard_set_size(struct screen *screen, int width, int height)
{
    struct testcard *self = testcard_of(screen);
    if (!size_fits(width, height))
        return -EINVAL;
    pthread_mutex_lock(&self->lock);
    self->orders.width = width;
    self->orders.height = height;
    pthread_mutex_unlock(&self->lock);
    wake(self);
    return 0;
}

void testcard_size(struct screen *screen, int *ret_width, int *ret_height)
{
    struct testcard *self = testcard_of(screen);
    pthread_mutex_lock(&self->lock);
    *ret_width = self->orders.width;
    *ret_height = self->orders.height;
    pthread_mutex_unlock(&self->lock);
}

void testcard_set_signal(struct screen *screen, enum screen_signal signal, const char *why)
{
    struct testcard *self = testcard_of(screen);
    pthread_mutex_lock(&self->lock);
    self->orders.signal = signal;
    self->orders.signal_serial++;
    snprintf(self->orders.why, sizeof self->orders.why, "%s", why ? why : "");
    pthread_mutex_unlock(&self->lock);
    wake(self);
}

uint64_t testcard_dropped(struct screen *screen)
{
    struct testcard *self = testcard_of(screen);
    pthread_mutex_lock(&self->lock);
    uint64_t dropped = self->dropped;
    pthread_mutex_unlock(&self->lock);
    return dropped;
}

static const struct screen_ops testcard_ops = {
    .name = "testcard",
    .start = testcard_start,
    .stop = testcard_stop,
    .spare_buffers = BUFFERS - 1,
    .destroy = testcard_destroy,
};

int testcard_create(const struct testcard_config *config, struct screen **ret)
{
    int width = config->width ? config->width : 1280, height = config->height ? config->height : 720;
    uint32_t fourcc = config->fourcc ? config->fourcc : FOURCC_BGRX;
    if (!size_fits(width, height) || config->fps > 240 || !cell_layout_of(fourcc))
        return -EINVAL;
    struct testcard *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->wake_fd < 0) {
        int error = -errno;
        free(self);
        return error;
    }
    pthread_mutex_init(&self->lock, NULL);
    self->screen.ops = &testcard_ops;
    self->fourcc = fourcc;
    self->orders = (struct orders){
        .width = width,
        .height = height,
        .interval_us = 1000000 / (config->fps ? config->fps : 30),
        .still = config->still,
        .watched = !config->unwatched,
        .signal = SCREEN_OK,
    };
    *ret = &self->screen;
    return 0;
}
