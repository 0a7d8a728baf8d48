#include "media/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/text.h"
#include "media/upload_internal.h"
#include "media/upload_load.h"

#define EXPIRY_US (600ull * 1000000)
#define RATE_WINDOW_US 500000u
#define RATE_STALE_US 5000000u

static void job_work(void *data)
{
    struct upload_job *job = data;
    struct uploads *owner = job->owner;
    if (!atomic_load(&owner->stopping))
        job->work(job);
    pthread_mutex_lock(&owner->lock);
    job->worked = true;
    if (--owner->working == 0)
        pthread_cond_signal(&owner->all_worked);
    pthread_mutex_unlock(&owner->lock);
}

static void job_done(void *data)
{
    struct upload_job *job = data;
    if (!job->gone) {
        *job->link = job->next;
        if (job->next)
            job->next->link = job->link;
    }
    if (!job->worked) { /* the pool has ended first */
        pthread_mutex_lock(&job->owner->lock);
        job->owner->working--;
        pthread_mutex_unlock(&job->owner->lock);
    }
    job->done(job);
}

int uploads_submit(struct uploads *self, struct upload_job *job)
{
    job->owner = self;
    job->worked = job->gone = false;
    pthread_mutex_lock(&self->lock);
    self->working++;
    pthread_mutex_unlock(&self->lock);
    int r = atomic_load(&self->stopping) ? -ECANCELED : worker_pool_submit(self->io, job_work, job_done, job);
    if (r < 0) {
        pthread_mutex_lock(&self->lock);
        self->working--;
        pthread_mutex_unlock(&self->lock);
        return r;
    }
    job->next = self->jobs;
    job->link = &self->jobs;
    if (job->next)
        job->next->link = &job->next;
    self->jobs = job;
    return 0;
}

struct upload *upload_find(const struct uploads *self, const char *id)
{
    struct upload *upload = self->list;
    while (upload && (!upload->ready || strcmp(upload->id, id) != 0))
        upload = upload->next;
    return upload;
}

void upload_arrived(struct upload *self, uint64_t bytes)
{
    const uint64_t now = clock_now_us(), spent = now - self->window_us;
    if (spent > RATE_STALE_US) { /* it begins, or goes on after a pause */
        self->window_us = now;
        self->window_bytes = self->rate = 0;
        return;
    }
    self->window_bytes += bytes;
    if (spent < RATE_WINDOW_US)
        return;
    const uint64_t rate = self->window_bytes * 1000000 / spent;
    self->rate = self->rate ? (self->rate * 7 + rate * 3) / 10 : rate;
    self->window_us = now;
    self->window_bytes = 0;
}

void upload_tell(const struct upload *self, struct upload_state *ret)
{
    const struct upload_record *r = &self->record;
    const bool over = r->phase == UPLOAD_DONE || r->phase == UPLOAD_FAILED;
    *ret = (struct upload_state){.phase = r->phase,
                                 .size = r->size,
                                 .offset = r->offset,
                                 .unpacked = atomic_load(&self->unpacked),
                                 .expires = (int64_t)(r->touched + (over ? UPLOAD_REMEMBERED_S : UPLOAD_EXPIRES_S))};
    if (clock_now_us() - self->window_us <= RATE_STALE_US && r->phase == UPLOAD_ARRIVING)
        ret->rate = self->rate;
    memcpy(ret->id, self->id, sizeof ret->id);
    memcpy(ret->folder, r->folder, sizeof ret->folder);
    memcpy(ret->who, r->who, sizeof ret->who);
    memcpy(ret->why, r->why, sizeof ret->why);
    memcpy(ret->sha256, r->sha256, sizeof ret->sha256);
    if (r->name[0])
        memcpy(ret->name, r->name, sizeof ret->name);
    else
        upload_record_name(r, self->packed, ret->name);
}

bool uploads_find(const struct uploads *self, const char *id, struct upload_state *ret)
{
    const struct upload *upload = upload_find(self, id);
    if (upload)
        upload_tell(upload, ret);
    return upload;
}

unsigned uploads_list(const struct uploads *self, struct upload_state *ret, unsigned room)
{
    unsigned n = 0;
    for (const struct upload *upload = self->list; upload && n < room; upload = upload->next)
        if (upload->ready)
            upload_tell(upload, &ret[n++]);
    return n;
}

struct upload *upload_free(struct upload *self)
{
    EVP_MD_CTX_free(self->digest);
    upload_finish_free(self->finish);
    upload_begin_free(self->begin);
    if (self->fd >= 0)
        close(self->fd);
    free(self);
    return NULL;
}

static void forget(struct uploads *self, struct upload *upload)
{
    struct upload **at = &self->list;
    while (*at != upload)
        at = &(*at)->next;
    *at = upload->next;
    upload_remove_files(self, upload->id);
    upload_free(upload);
}

int uploads_cancel(struct uploads *self, const char *id)
{
    struct upload *upload = upload_find(self, id);
    if (!upload)
        return -ENOENT;
    if (upload->busy || upload->writer)
        return -EBUSY;
    forget(self, upload);
    return 0;
}

void uploads_trim(struct uploads *self)
{
    unsigned n = 0;
    for (struct upload *upload = self->list, *next; upload; upload = next) {
        next = upload->next;
        const bool over = upload->record.phase == UPLOAD_DONE || upload->record.phase == UPLOAD_FAILED;
        if (over && !upload->busy && !upload->writer && ++n > UPLOAD_MAX)
            forget(self, upload);
    }
}

static void on_expiry(void *data)
{
    struct uploads *self = data;
    const int64_t now = (int64_t)time(NULL);
    struct upload_state state;
    for (struct upload *upload = self->list, *next; upload; upload = next) {
        next = upload->next;
        upload_tell(upload, &state);
        if (upload->ready && !upload->busy && !upload->writer && state.expires < now)
            forget(self, upload);
    }
    loop_timer_arm_in(self->expiry, EXPIRY_US);
}

int uploads_create(struct loop *loop, struct library *library, struct worker_pool *io, struct uploads **ret)
{
    struct uploads *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    self->library = library;
    self->io = io;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->all_worked, NULL);
    self->folder_fd = library_hidden_folder(library, "uploads");
    int r = self->folder_fd < 0 ? self->folder_fd : loop_timer_add(loop, on_expiry, self, &self->expiry);
    r = r < 0 ? r : uploads_load(self);
    if (r < 0) {
        uploads_destroy(self);
        return r;
    }
    on_expiry(self);
    for (struct upload *upload = self->list, *next; upload; upload = next) {
        next = upload->next;
        if (upload->record.phase == UPLOAD_FINISHING)
            upload_finish_begin(upload);
    }
    *ret = self;
    return 0;
}

struct uploads *uploads_destroy(struct uploads *self)
{
    if (!self)
        return NULL;
    atomic_store(&self->stopping, true);
    pthread_mutex_lock(&self->lock);
    while (self->working)
        pthread_cond_wait(&self->all_worked, &self->lock);
    pthread_mutex_unlock(&self->lock);
    for (struct upload_job *job = self->jobs; job; job = job->next)
        job->gone = true;
    while (self->list) {
        struct upload *upload = self->list;
        self->list = upload->next;
        upload->owner = NULL;
        if (upload->writer)
            upload_writer_gone(upload->writer);
        if (upload->begin)
            upload_begin_gone(upload->begin);
        upload->writer = NULL;
        if (!upload->busy)
            upload_free(upload); /* else when its job is done */
    }
    loop_timer_remove(self->expiry);
    if (self->folder_fd >= 0)
        close(self->folder_fd);
    pthread_cond_destroy(&self->all_worked);
    pthread_mutex_destroy(&self->lock);
    free(self);
    return NULL;
}
