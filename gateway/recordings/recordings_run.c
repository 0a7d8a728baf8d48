/* One recording that runs: which picture is taken when, and when it is over. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "api/recording_end.h"
#include "auth/keeper_client.h"
#include "core/clock.h"
#include "core/log.h"
#include "gateway/recordings/recording_files.h"
#include "gateway/recordings/recordings_inner.h"

#define FASTEST_US 50000          /* 20 pictures a second */
#define FIRST_US 2000000          /* a capture that just begins has its first picture by then */
#define REST_US 1000000           /* after which what moved is made better */
#define ALIVE_US 5000000          /* between two signs of life on a still screen */
#define RESERVE_MOST (256u << 20) /* of the disk, that others need */
#define RESERVE_PART 20

static void work(void *data)
{
    struct recording_run *self = data;
    struct statvfs space;
    self->worked = true;
    const uint64_t begun = clock_now_us();
    switch (self->what) {
    case RUN_TAKE:
        self->error = recorder_take(self->recorder, self->picture, self->now_us);
        break;
    case RUN_MARK:
        self->error = recorder_mark(self->recorder, self->mark, self->now_us);
        break;
    case RUN_ALIVE:
        self->error = recorder_alive(self->recorder, self->now_us);
        break;
    case RUN_FINISH:
        self->error = recorder_finish(self->recorder, self->now_us);
        break;
    }
    self->state = recorder_state(self->recorder);
    if (fstatvfs(self->folder_fd, &space) == 0) {
        self->free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
        self->reserve_bytes = MIN((uint64_t)space.f_blocks * space.f_frsize / RESERVE_PART, (uint64_t)RESERVE_MOST);
    }
    self->spent_us = clock_now_us() - begun;
}

static void take_state(struct recording_run *self)
{
    struct api_recording *entry = self->entry;
    const bool grown = entry->width != self->state.width || entry->height != self->state.height;
    entry->bytes = self->state.bytes;
    entry->duration_ms = MAX(entry->duration_ms, self->state.duration_ms);
    entry->frames = self->state.frames;
    entry->width = self->state.width;
    entry->height = self->state.height;
    if (grown) /* a successor that finds it cut knows it */
        (void)recordings_save(self->owner, entry, false);
}

static void over(struct recording_run *self)
{
    struct recordings *owner = self->owner;
    struct target *target = self->target;
    api_recording_done_fn *stopped = self->stopped;
    void *data = self->stopped_data;
    const int error = self->error;
    struct api_recording *entry = self->entry;
    entry->running = false;
    recording_end_say(entry, self->end, self->why);
    int r = recordings_save(owner, entry, true);
    if (r < 0)
        log_error("recordings", "%s: what is known of it cannot be kept: %s", entry->id, strerror(-r));
    recordings_run_over(owner, self); /* frees it */
    if (target)
        owner->config.changed(owner->config.data, target, entry);
    if (stopped)
        stopped(data, error, error < 0 ? strerror(-error) : NULL);
}

/* Room for what comes: others go, or this one ends. */
static void keep_room(struct recording_run *self)
{
    struct recordings *owner = self->owner;
    while (recordings_bytes(owner) > owner->config.keep)
        if (!recordings_drop_oldest(owner)) {
            run_end(self, API_END_KEEP, NULL);
            return;
        }
    if (self->free_bytes < self->reserve_bytes && !recordings_drop_oldest(owner))
        run_end(self, API_END_NEARLY_FULL, NULL);
}

static void failed(struct recording_run *self)
{
    if (self->error == -ENOSPC || self->error == -EDQUOT)
        run_end(self, API_END_FULL, NULL);
    else
        run_end(self, API_END_FAILED, strerror(-self->error));
}

static void done(void *data)
{
    struct recording_run *self = data;
    self->busy = false;
    if (!self->worked) { /* the gateway ends: run_finish_now follows */
        self->picture = picture_unref(self->picture);
        return;
    }
    take_state(self);
    if (self->what == RUN_FINISH) {
        self->finished = true;
        over(self);
        return;
    }
    if (self->what == RUN_TAKE) {
        picture_unref(self->last);
        self->last = take(self->picture);
        self->coarse = self->state.coarse;
        /* at most half of a processor's time */
        self->next_us = self->now_us + (self->entry->every_s ? self->entry->every_s * 1000000ull
                                                             : MAX(2 * self->spent_us, (uint64_t)FASTEST_US));
    }
    if (self->error < 0)
        failed(self);
    else
        keep_room(self);
    run_tick(self);
}

static void submit(struct recording_run *self, int what, uint64_t now)
{
    self->what = what;
    self->now_us = now;
    self->error = 0;
    self->busy = true;
    self->worked = false;
    if (what != RUN_MARK)
        self->alive_us = now;
    if (!self->owner->workers || worker_pool_submit(self->owner->workers, work, done, self) < 0) {
        self->busy = false; /* run_finish_now does it, or the next tick */
        self->picture = picture_unref(self->picture);
    }
}

/* The signal came or went. */
static bool mark_signal(struct recording_run *self, bool picture, uint64_t now)
{
    if (picture == !self->no_signal || (!picture && !self->last && now < self->began_us + FIRST_US))
        return false;
    self->no_signal = !picture;
    self->mark = picture ? API_MARK_SIGNAL : API_MARK_NO_SIGNAL;
    submit(self, RUN_MARK, now);
    return true;
}

static uint64_t due_us(const struct recording_run *self, const struct picture *picture)
{
    if (!picture)
        return UINT64_MAX;
    if (picture != self->last)
        return self->next_us;
    return self->coarse && !self->entry->every_s ? MAX(self->next_us, self->alive_us + REST_US) : UINT64_MAX;
}

void run_tick(struct recording_run *self)
{
    const uint64_t now = clock_now_us();
    if (self->busy)
        return;
    if (!self->ending && now >= self->began_us + RECORDING_LONGEST_US)
        run_end(self, API_END_LONGEST, NULL);
    if (self->ending) {
        submit(self, RUN_FINISH, now);
        return;
    }
    struct feed *feed = self->owner->config.feed(self->owner->config.data, self->target);
    attr_cleanup(picture_unrefp) struct picture *picture = feed ? feed_picture(feed) : NULL;
    if (mark_signal(self, picture != NULL, now))
        return;
    const uint64_t due = due_us(self, picture);
    if (due <= now) {
        self->picture = take(picture);
        submit(self, RUN_TAKE, now);
    } else if (now >= self->alive_us + ALIVE_US) {
        submit(self, RUN_ALIVE, now);
    } else {
        loop_timer_arm_at(self->timer, MIN(due, self->alive_us + ALIVE_US));
    }
}

static void on_timer(void *data)
{
    run_tick(data);
}

void run_end(struct recording_run *self, enum api_recording_end end, const char *why)
{
    struct recordings *owner = self->owner;
    if (self->ending)
        return;
    self->ending = true;
    self->end = end;
    snprintf(self->why, sizeof self->why, "%s", why ? why : "");
    if (end != API_END_UNSAID) {
        struct api_recording said;
        recording_end_say(&said, end, why);
        log_warn("recordings", "%s: the recording ends: %s", self->entry->target, said.ended);
        if (owner->config.keeper)
            keeper_client_audit(owner->config.keeper, "gateway", "recording-stop", self->entry->target, said.ended);
    }
    loop_timer_arm_in(self->timer, 0);
}

static void run_free(struct recording_run *self)
{
    picture_unref(self->last);
    picture_unref(self->picture);
    loop_timer_remove(self->timer);
    recorder_destroy(self->recorder);
    recording_fd_close(self->folder_fd);
    free(self);
}

void run_finish_now(struct recording_run *self)
{
    if (!self->finished) {
        self->error = recorder_finish(self->recorder, clock_now_us());
        self->state = recorder_state(self->recorder);
        take_state(self);
        self->entry->running = false;
        recording_end_say(self->entry, self->end, self->why);
        (void)recordings_save(self->owner, self->entry, true);
    }
    run_free(self);
}

int run_begin(struct recordings *owner, struct target *target, struct api_recording *entry, struct recording_run **ret)
{
    struct recording_run *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    const uint64_t now = clock_now_us();
    *self = (struct recording_run){.owner = owner, .target = target, .entry = entry, .began_us = now, .next_us = now};
    self->alive_us = now;
    self->folder_fd = openat(owner->config.folder_fd, entry->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r = self->folder_fd < 0 ? -errno : 0;
    r = r ? r : loop_timer_add(owner->config.loop, on_timer, self, &self->timer);
    const struct recorder_config config = {.folder_fd = self->folder_fd,
                                           .pictures = entry->every_s != 0,
                                           .now_us = now,
                                           .wall_us = entry->began_ms * 1000};
    r = r ? r : recorder_create(&config, &self->recorder);
    if (r < 0) {
        run_free(self);
        return r;
    }
    loop_timer_arm_in(self->timer, 0);
    *ret = self;
    return 0;
}
