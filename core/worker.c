#include "core/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

struct job {
    worker_fn *work, *done;
    void *data;
    struct job *next;
};

struct job_list {
    struct job *first, **end;
};

struct worker_pool {
    struct loop_wake *wake;
    pthread_t *threads;
    unsigned n_threads;
    bool *destroyed; /* told when a `done` destroys the pool under our feet */

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t work_there;
    struct job_list waiting, finished;
    bool stopping;
};

static void list_init(struct job_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_append(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static struct job *list_take(struct job_list *list)
{
    struct job *job = list->first;
    if (job) {
        list->first = job->next;
        if (!list->first)
            list->end = &list->first;
    }
    return job;
}

static void *thread_main(void *data)
{
    struct worker_pool *self = data;

    pthread_mutex_lock(&self->lock);
    for (;;) {
        while (!self->stopping && !self->waiting.first)
            pthread_cond_wait(&self->work_there, &self->lock);
        if (self->stopping)
            break;

        struct job *job = list_take(&self->waiting);
        pthread_mutex_unlock(&self->lock);
        job->work(job->data);
        pthread_mutex_lock(&self->lock);

        bool first = !self->finished.first;
        list_append(&self->finished, job);
        if (first)
            loop_wake_signal(self->wake);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static struct job *take_finished(struct worker_pool *self)
{
    pthread_mutex_lock(&self->lock);
    struct job *job = list_take(&self->finished);
    pthread_mutex_unlock(&self->lock);
    return job;
}

static void job_done(struct job *job)
{
    worker_fn *done = job->done;
    void *data = job->data;

    free(job);
    if (done)
        done(data);
}

static void on_wake(void *data)
{
    struct worker_pool *self = data;
    bool destroyed = false;
    bool *outer = self->destroyed;
    struct job *job;

    self->destroyed = &destroyed;
    while ((job = take_finished(self))) {
        job_done(job);
        if (destroyed) {
            if (outer)
                *outer = true;
            return;
        }
    }
    self->destroyed = outer;
}

/* Signals are for the thread that runs the loop. */
static int start_thread(struct worker_pool *self, const char *name)
{
    char label[16]; /* the kernel's limit */
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&self->threads[self->n_threads], NULL, thread_main, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r != 0)
        return -r;
    snprintf(label, sizeof(label), "%.11s/%u", name, self->n_threads);
    pthread_setname_np(self->threads[self->n_threads], label);
    self->n_threads++;
    return 0;
}

int worker_pool_create(struct loop *loop, const char *name, unsigned threads, struct worker_pool **ret)
{
    assert(threads > 0);

    struct worker_pool *self = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->work_there, NULL);
    list_init(&self->waiting);
    list_init(&self->finished);

    int r = -ENOMEM;
    self->threads = calloc(threads, sizeof(*self->threads));
    if (!self->threads)
        goto fail;
    r = loop_wake_add(loop, on_wake, self, &self->wake);
    while (r >= 0 && self->n_threads < threads)
        r = start_thread(self, name);
    if (r < 0)
        goto fail;
    *ret = self;
    return 0;

fail:
    worker_pool_destroy(self);
    return r;
}

struct worker_pool *worker_pool_destroy(struct worker_pool *self)
{
    struct job *job;

    if (!self)
        return NULL;
    if (self->destroyed)
        *self->destroyed = true;

    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    pthread_cond_broadcast(&self->work_there);
    pthread_mutex_unlock(&self->lock);
    for (unsigned i = 0; i < self->n_threads; i++)
        pthread_join(self->threads[i], NULL);

    while ((job = list_take(&self->finished)) || (job = list_take(&self->waiting)))
        job_done(job);

    loop_wake_remove(self->wake);
    pthread_cond_destroy(&self->work_there);
    pthread_mutex_destroy(&self->lock);
    free(self->threads);
    free(self);
    return NULL;
}

int worker_pool_submit(struct worker_pool *self, worker_fn *work, worker_fn *done, void *data)
{
    struct job *job = malloc(sizeof(*job));
    if (!job)
        return -ENOMEM;
    *job = (struct job){.work = work, .done = done, .data = data};

    pthread_mutex_lock(&self->lock);
    bool refused = self->stopping;
    if (!refused) {
        list_append(&self->waiting, job);
        pthread_cond_signal(&self->work_there);
    }
    pthread_mutex_unlock(&self->lock);
    if (refused) {
        free(job);
        return -ESHUTDOWN;
    }
    return 0;
}
