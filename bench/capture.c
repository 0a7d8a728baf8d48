/* bench-capture: a device that sends 1080p60, through the whole of ours on one core: the V4L2 screen, the pass over
 * each picture, and a cohort that takes all updates at once. The device is the tests' driver (its memory traffic is on
 * other cores, where there are some, as a device's is on none), and each of its pictures differs from the one before.
 * The threads have the rank that they have in the product, so that a busy machine may take part of the core. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/options.h"
#include "bench/rows.h"
#include "core/clock.h"
#include "encode/cohort.h"
#include "tests/unit/capture/fake_v4l2.h"
#include "video/csc.h"

#define HZ 60
#define SECONDS 6
#define FAST_LINK UINT64_C(12500000)
#define PICTURES 48 /* shown forth and back */

struct run {
    const struct reel *reel;
    struct fake_v4l2 fake;
    struct screen *screen;
    struct picture_tracker *tracker;
    uint8_t *pictures; /* in the capture's format */
    size_t size;
    unsigned count;
    cpu_set_t others;
    atomic_bool ended;
    unsigned sent;
    double driver_ms;

    pthread_mutex_t lock;
    pthread_cond_t news;
    struct picture *newest;
};

static void paint(void *data, unsigned number, uint8_t *const memory[], const size_t size[])
{
    struct run *self = data;
    unsigned at = number % (2 * self->count - 2);
    at = at < self->count ? at : 2 * self->count - 2 - at;
    memcpy(memory[0], self->pictures + at * self->size, MIN(self->size, size[0]));
}

static void *drive(void *data)
{
    struct run *self = data;
    pthread_setaffinity_np(pthread_self(), sizeof self->others, &self->others);
    /* a device is never late; its interrupts come before any thread of ours */
    if (sched_setscheduler(0, SCHED_RR, &(struct sched_param){.sched_priority = V4L2_RTPRIO + 1}) < 0)
        fprintf(stderr, "bench-capture: not allowed SCHED_RR: the device is late when others take the core\n");
    uint64_t start = clock_now_us();
    while (!fake_is_streaming(&self->fake) && !atomic_load(&self->ended))
        usleep(1000);
    double before = thread_ms();
    start = clock_now_us();
    for (; self->sent < HZ * SECONDS && !atomic_load(&self->ended); self->sent++) {
        uint64_t at = start + (uint64_t)self->sent * 1000000 / HZ;
        struct timespec time = {.tv_sec = (time_t)(at / 1000000), .tv_nsec = (long)(at % 1000000) * 1000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        fake_frame(&self->fake, 0, 0);
    }
    self->driver_ms = thread_ms() - before;
    atomic_store(&self->ended, true);
    return NULL;
}

static void on_frame(void *data, struct frame *frame)
{
    struct run *self = data;
    struct picture *picture = NULL;
    picture_track(self->tracker, frame, &picture);
    if (!picture)
        return;
    pthread_mutex_lock(&self->lock);
    struct picture *old = self->newest;
    self->newest = picture;
    pthread_cond_signal(&self->news);
    pthread_mutex_unlock(&self->lock);
    picture_unref(old);
}

static void on_signal(void *data, enum screen_signal signal, const char *why)
{
    (void)data;
    if (signal != SCREEN_OK && signal != SCREEN_STARTING)
        fprintf(stderr, "    %s: %s\n", screen_signal_name(signal), why);
}

static void give(void *data)
{
    struct run *self = data;
    struct v4l2_device device = fake_open(&self->fake);
    v4l2_give(self->screen, &device, NULL);
}

static struct picture *next_picture(struct run *self)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec++;
    pthread_mutex_lock(&self->lock);
    while (!self->newest && pthread_cond_timedwait(&self->news, &self->lock, &limit) == 0)
        ;
    struct picture *picture = take(self->newest);
    pthread_mutex_unlock(&self->lock);
    return picture;
}

/* Pictures that were shown. */
static unsigned encode_all(struct run *self)
{
    struct cohort *cohort;
    unsigned shown = 0;
    if (cohort_create(NULL, &cohort) < 0)
        abort();
    while (!atomic_load(&self->ended)) {
        struct picture *picture = next_picture(self);
        if (!picture)
            continue;
        struct cohort_update update = {.n_pieces = 1};
        while (update.n_pieces) {
            struct cohort_ask ask = {.budget = (size_t)PACKET_MAX * PACKET_MAX_PIECES,
                                     .rate = FAST_LINK,
                                     .now_us = clock_now_us(),
                                     .jpeg = true,
                                     .video_vp8 = true,
                                     .video_vp9 = true};
            if (cohort_encode(cohort, picture, &ask, &update) < 0)
                abort();
            for (unsigned i = 0; i < update.n_pieces; i++)
                packet_unref(update.pieces[i]);
        }
        picture_unref(picture);
        shown++;
    }
    cohort_destroy(cohort);
    return shown;
}

static uint32_t pixel_of(const struct csc *csc, const uint8_t *line, unsigned x)
{
    uint32_t rgb;
    memcpy(&rgb, line + (size_t)x * 4, 4);
    return csc_from_rgb(csc, rgb);
}

/* Chroma is that of the first of two pixels. */
static void to_yuyv(const struct reel *reel, const uint8_t *bgrx, uint8_t *to)
{
    const struct csc *csc = csc_of(COLOUR_BT709_LIMITED);
    for (int y = 0; y < reel->height; y++)
        for (unsigned x = 0; x + 1 < (unsigned)reel->width; x += 2, to += 4) {
            const uint8_t *line = bgrx + (size_t)y * (size_t)reel->width * 4;
            uint32_t first = pixel_of(csc, line, x), second = pixel_of(csc, line, x + 1);
            to[0] = (uint8_t)(first >> 8);
            to[1] = (uint8_t)(first >> 16);
            to[2] = (uint8_t)(second >> 8);
            to[3] = (uint8_t)first;
        }
}

static bool prepare(struct run *self, uint32_t pixelformat)
{
    size_t pixels = (size_t)self->reel->width * (size_t)self->reel->height;
    bool yuv = pixelformat == V4L2_PIX_FMT_YUYV;
    self->count = MIN(self->reel->count, PICTURES);
    self->size = pixels * (yuv ? 2 : 4);
    self->pictures = malloc(self->size * self->count);
    if (!self->pictures || self->count < 2)
        return false;
    for (unsigned i = 0; i < self->count; i++)
        if (yuv)
            to_yuyv(self->reel, reel_frame(self->reel, i), self->pictures + i * self->size);
        else
            memcpy(self->pictures + i * self->size, reel_frame(self->reel, i), self->size);
    return true;
}

/* The first core that we may use is ours, the others the driver's. */
static void take_one_core(struct run *self, cpu_set_t *ret_all)
{
    cpu_set_t one;
    sched_getaffinity(0, sizeof *ret_all, ret_all);
    CPU_ZERO(&one);
    self->others = *ret_all;
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, ret_all)) {
            CPU_SET(i, &one);
            if (CPU_COUNT(ret_all) > 1)
                CPU_CLR(i, &self->others);
        }
    sched_setaffinity(0, sizeof one, &one);
}

static void tell(const struct run *self, const char *name, unsigned shown, double cpu_ms, double wall)
{
    struct v4l2_statistics s;
    v4l2_statistics(self->screen, &s);
    double cpu = 100 * cpu_ms / wall;
    row_print("capture", name, "gaps", "1", (double)s.gaps, "limit", 0);
    row_print("capture", name, "copies", "1", (double)s.copies, "limit", 0);
    row_print("capture", name, "pictures_per_second", "1", (double)s.published * 1000 / wall, "device", HZ);
    row_print("capture", name, "shown_per_second", "1", shown * 1000 / wall, "device", HZ);
    row_print("capture", name, "cpu_percent", "%", cpu, "one-core", 100);
    fprintf(stderr,
            "    %-14s gaps %llu, unexplained %llu, requeued %llu, copies %llu, published %llu of %u, shown %u, %.0f "
            "%% of a core\n",
            name, (unsigned long long)s.gaps, (unsigned long long)s.gaps_unexplained, (unsigned long long)s.requeued,
            (unsigned long long)s.copies, (unsigned long long)s.published, self->sent, shown, cpu);
}

static void measure(const struct reel *reel, uint32_t pixelformat, const char *suffix)
{
    static const struct screen_listener listener = {.frame = on_frame, .signal = on_signal};
    struct run *self = calloc(1, sizeof *self);
    struct fake_config fake = {.timings = true, .formats = {{.pixelformat = pixelformat}}, .paint = paint};
    struct v4l2_config config = {.input = (unsigned)-1, .want_device = give, .data = self};
    cpu_set_t all;
    pthread_t driver;
    char name[80];
    if (!self)
        abort();
    self->reel = reel;
    if (!prepare(self, pixelformat) || picture_tracker_create(&self->tracker) < 0) {
        fprintf(stderr, "bench-capture: %s is too short, or memory is\n", reel->recording.name);
        abort();
    }
    fake.paint_data = self;
    fake_init(&self->fake, &fake);
    fake_signal(&self->fake, 0, (unsigned)reel->width, (unsigned)reel->height, HZ);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->news, NULL);
    config.io = &self->fake.io;
    take_one_core(self, &all);
    if (v4l2_create(&config, &self->screen) < 0 || screen_start(self->screen, &listener, self) < 0 ||
        pthread_create(&driver, NULL, drive, self) != 0)
        abort();
    double start = wall_ms(), cpu = process_ms();
    unsigned shown = encode_all(self);
    pthread_join(driver, NULL);
    snprintf(name, sizeof name, "%s-%s", reel->recording.name, suffix);
    tell(self, name, shown, process_ms() - cpu - self->driver_ms, wall_ms() - start);
    screen_destroy(self->screen);
    picture_unref(self->newest);
    picture_tracker_destroy(self->tracker);
    if (!fake_finish(&self->fake))
        abort();
    sched_setaffinity(0, sizeof all, &all);
    free(self->pictures);
    free(self);
}

static void one_recording(void *data, const struct reel *reel)
{
    (void)data;
    fprintf(stderr, "%s: %dx%d, %u pictures\n", reel->recording.name, reel->width, reel->height, reel->count);
    measure(reel, V4L2_PIX_FMT_YUYV, "yuyv");
    measure(reel, V4L2_PIX_FMT_XBGR32, "bgrx");
}

int main(int argc, char **argv)
{
    return bench_main(argc, argv, one_recording);
}
