#include "media/library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "media/library_entry.h"
#include "media/library_facts.h"
#include "media/library_internal.h"

static const char shutting_down[] = "The gateway is shutting down.";

static void unlink_call(struct library_call *call)
{
    *call->link = call->next;
    if (call->next)
        call->next->link = call->link;
    call->library = NULL;
}

static void free_call(struct library_call *call)
{
    if (call->release)
        call->release(call);
    if (call->folder_fd >= 0)
        close(call->folder_fd);
    free(call);
}

static void call_work(void *data)
{
    struct library_call *call = data;
    call->again = false;
    call->error = 0;
    call->why[0] = 0;
    call->work(call);
}

static void call_done(void *data)
{
    struct library_call *call = data;
    if (call->library && call->again) {
        call->again = false; /* the pool may end before the job runs once more */
        call->error = -ECANCELED;
        text_copy(call->why, sizeof call->why, shutting_down);
        if (worker_pool_submit(call->library->io, call_work, call_done, call) == 0)
            return;
    }
    if (call->library) {
        if (call->prepare && call->error == 0)
            call->prepare(call, call->library);
        unlink_call(call);
        call->answer(call, call->error, call->why);
    }
    free_call(call);
}

int library_submit(struct library *self, struct library_call *call)
{
    call->folder_fd = fcntl(self->folder_fd, F_DUPFD_CLOEXEC, 0);
    int r = call->folder_fd < 0 ? -errno : 0;
    call->library = self;
    call->again = false;
    call->error = -ECANCELED; /* stays, should the pool end before the job begins */
    text_copy(call->why, sizeof call->why, shutting_down);
    if (r == 0)
        r = worker_pool_submit(self->io, call_work, call_done, call);
    if (r < 0) {
        free_call(call);
        return r;
    }
    call->next = self->calls;
    call->link = &self->calls;
    if (call->next)
        call->next->link = &call->next;
    self->calls = call;
    return 0;
}

struct open_call {
    struct library_call call;
    library_open_fn *done;
    void *data;
    char name[256];
    bool writable, changing;
    struct library_image image;
    int fd;
};

static void open_work(struct library_call *call)
{
    struct open_call *self = container_of(call, struct open_call, call);
    struct library_facts facts;
    if (self->changing) {
        snprintf(call->why, sizeof call->why, "%s is being renamed or removed.", self->name);
        call->error = -EBUSY;
        return;
    }
    call->error = library_entry_open(call->folder_fd, self->name, self->writable, &self->fd, &self->image, call->why,
                                     sizeof call->why);
    if (call->error == 0 && self->writable)
        call->error = library_facts_of(call->folder_fd, self->name, self->fd, true, &facts);
    if (call->error == 0)
        library_facts_tell_kind(call->folder_fd, &self->image);
    if (call->error < 0 && !call->why[0])
        snprintf(call->why, sizeof call->why, "%s cannot be written: what it is cannot be kept beside it: %s.",
                 self->name, strerrordesc_np(-call->error));
}

static void open_answer(struct library_call *call, int error, const char *why)
{
    struct open_call *self = container_of(call, struct open_call, call);
    if (error)
        self->done(self->data, error, why, -1, NULL);
    else
        self->done(self->data, 0, "", take_fd(&self->fd), &self->image);
}

static void open_release(struct library_call *call)
{
    struct open_call *self = container_of(call, struct open_call, call);
    if (self->fd >= 0)
        close(self->fd);
}

bool library_is_opening(const struct library *self, const char *name)
{
    for (const struct library_call *call = self->calls; call; call = call->next)
        if (call->work == open_work && !strcmp(container_of(call, struct open_call, call)->name, name))
            return true;
    return false;
}

int library_open(struct library *self, const char *name, bool writable, library_open_fn *done, void *data)
{
    struct open_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->call = (struct library_call){.work = open_work, .answer = open_answer, .release = open_release};
    call->done = done;
    call->data = data;
    call->writable = writable;
    call->changing = library_is_changing(self, name);
    call->fd = -1;
    text_copy(call->name, sizeof call->name, name); /* one that is too long is refused like "": as no plain name */
    return library_submit(self, &call->call);
}

int library_create(int folder_fd, struct worker_pool *io, struct library **ret)
{
    struct stat st;
    if (fstat(folder_fd, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    struct library *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->folder_fd = folder_fd;
    self->io = io;
    pthread_mutex_init(&self->lock, NULL);
    *ret = self;
    return 0;
}

struct library *library_destroy(struct library *self)
{
    if (!self)
        return NULL;
    while (self->calls) {
        struct library_call *call = self->calls;
        unlink_call(call);
        call->answer(call, -ECANCELED, shutting_down); /* its job may be running: it is freed when that is done */
    }
    library_forget_users(self);
    pthread_mutex_destroy(&self->lock);
    close(self->folder_fd);
    free(self);
    return NULL;
}
