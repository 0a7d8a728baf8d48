#include "usbgadget/big_cd_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "core/attrs.h"

/* --- what the drive's thread has to tell --- */

static void on_wake(void *data)
{
    struct big_cd *self = data;
    pthread_mutex_lock(&self->lock);
    bool ejected = self->tell_ejected, enabled = self->tell_enabled, lost = self->tell_lost, up = self->up;
    self->tell_ejected = self->tell_enabled = self->tell_lost = false;
    bool changed = enabled && up != self->told_up;
    self->told_up = up;
    pthread_mutex_unlock(&self->lock);
    const struct big_cd_listener *listener = self->listener;
    if (changed && listener && listener->enabled)
        listener->enabled(self->listener_data, up);
    if (lost && listener && listener->lost)
        listener->lost(self->listener_data);
    if (ejected && listener && listener->ejected)
        listener->ejected(self->listener_data);
}

/* --- life --- */

static int add_nudge(struct big_cd *self)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = BIG_CD_NUDGE};
    return epoll_ctl(self->epoll, EPOLL_CTL_ADD, self->nudge, &event) < 0 ? -errno : 0;
}

static int prepare(struct big_cd *self, struct loop *loop)
{
    int r = big_cd_blocks_init(&self->blocks);
    if (r < 0)
        return r;
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    self->nudge = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->epoll < 0 || self->nudge < 0)
        return -errno;
    r = add_nudge(self);
    if (r >= 0)
        r = big_cd_prepare_signal();
    return r < 0 ? r : loop_wake_add(loop, on_wake, self, &self->wake);
}

int big_cd_create(struct loop *loop, const char *inquiry, const struct big_cd_listener *listener, void *data,
                  struct big_cd **ret)
{
    struct big_cd *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    pthread_mutex_init(&self->lock, NULL);
    self->listener = listener;
    self->listener_data = data;
    self->ep0 = self->epoll = self->nudge = -1;
    self->lost_us = BIG_CD_LOST_US;
    self->stall_us = BIG_CD_STALL_US;
    scsi_cd_init(&self->scsi, inquiry);
    bulk_init(&self->bulk);
    int r = prepare(self, loop);
    if (r < 0) {
        big_cd_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct big_cd *big_cd_destroy(struct big_cd *self)
{
    if (!self)
        return NULL;
    big_cd_end(self);
    loop_wake_remove(self->wake);
    big_cd_blocks_finish(&self->blocks);
    if (self->epoll >= 0)
        close(self->epoll);
    if (self->nudge >= 0)
        close(self->nudge);
    pthread_mutex_destroy(&self->lock);
    free(self);
    return NULL;
}

void big_cd_set_patience(struct big_cd *self, uint64_t lost_us, uint64_t stall_us)
{
    self->lost_us = lost_us;
    self->stall_us = stall_us;
}

int big_cd_begin(struct big_cd *self, int ep0)
{
    if (self->ep0 >= 0)
        return -EBUSY;
    int r = big_cd_write_descriptors(ep0);
    if (r < 0)
        return r;
    self->ep0 = ep0;
    return 0;
}

int big_cd_serve(struct big_cd *self, int bulk_in, int bulk_out)
{
    if (self->ep0 < 0 || self->running)
        return -EBUSY;
    struct big_cd_pipe *pipe;
    int r = big_cd_aio_create(bulk_in, bulk_out, &pipe);
    return r < 0 ? r : big_cd_start(self, pipe);
}

void big_cd_end(struct big_cd *self)
{
    big_cd_stop(self);
    if (self->ep0 >= 0)
        close(self->ep0);
    self->ep0 = -1;
    scsi_cd_reset(&self->scsi);
    bulk_reset(&self->bulk);
    self->up = self->told_up = false;
}

/* --- the medium --- */

static void nudge(struct big_cd *self)
{
    uint64_t one = 1;
    (void)!write(self->nudge, &one, sizeof one);
}

static int done(struct big_cd *self, int r)
{
    pthread_mutex_unlock(&self->lock);
    if (r >= 0)
        nudge(self);
    return r;
}

static int insert(struct big_cd *self, int nbd_socket, uint64_t size, bool silent)
{
    if (size < SCSI_CD_BLOCK)
        return -EINVAL;
    pthread_mutex_lock(&self->lock);
    if (self->scsi.blocks)
        return done(self, -EBUSY);
    uint64_t blocks = size / SCSI_CD_BLOCK;
    big_cd_blocks_insert(&self->blocks, nbd_socket, blocks * SCSI_CD_BLOCK);
    big_cd_new_socket(self);
    scsi_cd_insert(&self->scsi, blocks);
    if (silent) {
        self->scsi.attention = SCSI_NO_SENSE;
        self->scsi.media_event = 0;
    }
    self->gave_up = false;
    self->tell_ejected = self->tell_lost = false; /* that was another one */
    return done(self, 0);
}

int big_cd_insert(struct big_cd *self, int nbd_socket, uint64_t size)
{
    return insert(self, nbd_socket, size, false);
}

int big_cd_resume(struct big_cd *self, int nbd_socket, uint64_t size)
{
    return insert(self, nbd_socket, size, true);
}

int big_cd_reconnect(struct big_cd *self, int nbd_socket)
{
    pthread_mutex_lock(&self->lock);
    if (!self->scsi.blocks)
        return done(self, -ENODEV);
    big_cd_blocks_reconnect(&self->blocks, nbd_socket);
    big_cd_new_socket(self);
    self->waiting_since = 0; /* its patience begins anew, for the new socket */
    self->gave_up = false;
    self->tell_lost = false;
    return done(self, 0);
}

int big_cd_eject(struct big_cd *self, bool force)
{
    pthread_mutex_lock(&self->lock);
    if (self->scsi.locked && self->scsi.blocks && !force)
        return done(self, -EBUSY);
    if (self->scsi.blocks)
        scsi_cd_remove(&self->scsi);
    big_cd_blocks_remove(&self->blocks);
    self->medium_gone = true;
    return done(self, 0);
}

void big_cd_statistics(struct big_cd *self, struct big_cd_statistics *ret)
{
    pthread_mutex_lock(&self->lock);
    *ret = self->statistics;
    ret->locked = self->scsi.locked;
    ret->loaded = self->scsi.blocks != 0;
    pthread_mutex_unlock(&self->lock);
}
