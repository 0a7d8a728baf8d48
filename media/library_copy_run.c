/* What goes on in the background of a copy, how it is told of, and how it stops. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "media/library_copy_internal.h"

struct prepare {
    struct library_copy *copy;
    int error;
};

/* The file gets its room now: a disk that is too full shows at once, not when half of it has come. */
static void prepare_work(void *data)
{
    struct prepare *job = data;
    job->error = 0;
    copy_remove_stale(job->copy->folder_fd);
    if (fallocate(job->copy->fd, 0, 0, (off_t)job->copy->map.size) < 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        job->error = -errno;
}

static void prepare_done(void *data)
{
    struct prepare *job = data;
    struct library_copy *self = job->copy;
    int error = job->error;
    free(job);
    if (error) {
        copy_stop(self, error);
    } else if (self->phase == COPY_PREPARING) {
        self->phase = COPY_RUNNING;
        if (self->map.n_have == self->map.n_blocks)
            copy_finish(self);
    }
    copy_pump(self);
    copy_unref(self);
}

static void prepare(struct library_copy *self)
{
    self->phase = COPY_PREPARING;
    struct prepare *job = malloc(sizeof *job);
    if (job)
        *job = (struct prepare){self, -ECANCELED};
    if (!job || copy_submit(self, prepare_work, prepare_done, job) < 0) {
        free(job);
        copy_stop(self, -ENOMEM);
    }
}

int copy_open(struct library_copy *self, uint64_t now)
{
    int r = copy_files_open(self);
    if (r == -EBUSY && now < self->give_up) {
        self->phase = COPY_WAITING;
        return 0;
    }
    uint64_t available, total;
    /* what cannot be asked shows when it is written */
    if (r == 0 && library_space(self->library, &available, &total) == 0 &&
        self->map.size - self->map.have_bytes > available)
        r = -ENOSPC;
    if (r == 0)
        prepare(self);
    else
        copy_stop(self, r);
    return r;
}

void copy_stop(struct library_copy *self, int error)
{
    if (self->phase == COPY_STOPPED || self->phase == COPY_COMPLETE)
        return;
    self->phase = COPY_STOPPED;
    if (error != -ECANCELED)
        log_warn("media", "copying %s to the library has stopped: %s", self->name, strerrordesc_np(-error));
    if (self->listener && self->listener->ended)
        self->listener->ended(self->listener_data, error, self->name);
}

void copy_background(struct library_copy *self)
{
    uint64_t now = clock_now_us();
    if (self->phase != COPY_RUNNING || !self->below || self->closed || now < self->not_before || self->pumping)
        return;
    self->order.only_wanted = !self->looked;
    unsigned most = now - self->last_foreground < COPY_BUSY_US ? COPY_BACKGROUND_BUSY : COPY_BACKGROUND;
    self->pumping = true; /* an answer that comes at once must not come back in here */
    while (self->phase == COPY_RUNNING && !self->queue && !self->n_foreground && self->n_background < most &&
           self->n_fetches < COPY_FETCHES) {
        uint64_t block = copy_order_next(&self->order, &self->map);
        if (block >= self->map.n_blocks || now < self->not_before || copy_fetch_start(self, block, NULL) < 0)
            break;
    }
    self->pumping = false;
    copy_look(self);
}

static void sync_work(void *data)
{
    copy_sync_run(data);
}

static void sync_done(void *data)
{
    struct library_copy *self = copy_sync_copy(data);
    int error = copy_sync_end(data);
    self->syncing = false;
    if (error)
        copy_stop(self, error);
    copy_unref(self);
}

static void sync_now_and_then(struct library_copy *self, uint64_t now)
{
    if (self->syncing || self->phase != COPY_RUNNING || now - self->last_sync < COPY_SYNC_US)
        return;
    self->last_sync = now;
    struct copy_sync *sync = copy_sync_begin(self);
    if (!sync)
        return;
    self->syncing = copy_submit(self, sync_work, sync_done, sync) == 0;
    if (!self->syncing)
        (void)copy_sync_end(sync);
}

void copy_tick(void *data)
{
    struct library_copy *self = data;
    uint64_t now = clock_now_us();
    if (self->phase == COPY_STOPPED || self->phase == COPY_COMPLETE)
        return;
    loop_timer_arm_in(self->tick, COPY_TICK_US);
    copy_ref(self);
    if (self->phase == COPY_WAITING)
        copy_open(self, now);
    sync_now_and_then(self, now);
    if (self->told != self->map.have_bytes && self->listener && self->listener->progress) {
        self->told = self->map.have_bytes;
        self->listener->progress(self->listener_data, self->map.have_bytes, self->map.size);
    }
    if (self->layered)
        copy_pump(self);
    copy_unref(self);
}
