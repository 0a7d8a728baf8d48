#include "gateway/helper/helper_guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "media/nbd_device.h"

struct guarded {
    unsigned index;
    bool struck, busy;
    uint64_t done;    /* requests, as of the last look */
    unsigned seconds; /* without another */
};

struct helper_guard {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stop, on;
    struct guarded devices[HELPER_GUARD_MOST];
    unsigned n;
};

/* A device that is slow but works goes on counting. One that has nothing to do is most likely not what is waited for;
 * but a request that waits for another connection is not counted as under way either. */
static void look_at(struct guarded *device)
{
    uint64_t done = 0;
    unsigned in_flight = 0;
    if (device->struck || !nbd_device_progress(device->index, &done, &in_flight))
        return;
    if (done != device->done) {
        device->seconds = 0;
        device->busy = false;
    }
    device->done = done;
    device->seconds++;
    device->busy |= in_flight > 0;
    if (device->seconds <= (device->busy ? HELPER_GUARD_SECONDS : 2 * HELPER_GUARD_SECONDS))
        return;
    log_warn("helper", "/dev/nbd%u has answered nothing for %u s, and is disconnected", device->index, device->seconds);
    device->struck = true;
    nbd_device_disconnect(device->index);
}

static void wait_a_second(struct helper_guard *self)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    pthread_cond_timedwait(&self->changed, &self->mutex, &until);
}

static void *run(void *data)
{
    struct helper_guard *self = data;
    pthread_mutex_lock(&self->mutex);
    while (!self->stop) {
        if (!self->on) {
            pthread_cond_wait(&self->changed, &self->mutex);
            continue;
        }
        wait_a_second(self);
        /* with the lock: who waits at the end of an operation that has ended must not go on to reuse the device */
        for (unsigned i = 0; self->on && i < self->n; i++)
            look_at(&self->devices[i]);
    }
    pthread_mutex_unlock(&self->mutex);
    return NULL;
}

int helper_guard_create(struct helper_guard **ret)
{
    struct helper_guard *self = calloc(1, sizeof *self);
    pthread_condattr_t monotonic;
    sigset_t all, old;
    if (!self)
        return -ENOMEM;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are for the main thread */
    int r = -pthread_create(&self->thread, NULL, run, self);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

static void set(struct helper_guard *self, bool on, bool stop)
{
    self->on = on;
    self->stop = stop;
    pthread_cond_signal(&self->changed);
}

struct helper_guard *helper_guard_destroy(struct helper_guard *self)
{
    if (!self)
        return NULL;
    pthread_mutex_lock(&self->mutex);
    set(self, false, true);
    pthread_mutex_unlock(&self->mutex);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->mutex);
    free(self);
    return NULL;
}

void helper_guard_begin(struct helper_guard *self, const unsigned *indexes, unsigned n)
{
    pthread_mutex_lock(&self->mutex);
    self->n = 0;
    for (unsigned i = 0; i < n && i < HELPER_GUARD_MOST; i++)
        self->devices[self->n++] = (struct guarded){.index = indexes[i]};
    if (self->n)
        set(self, true, false);
    pthread_mutex_unlock(&self->mutex);
}

bool helper_guard_end(struct helper_guard *self)
{
    bool struck = false;
    pthread_mutex_lock(&self->mutex);
    set(self, false, false);
    for (unsigned i = 0; i < self->n; i++)
        struck |= self->devices[i].struck;
    self->n = 0;
    pthread_mutex_unlock(&self->mutex);
    return struck;
}
