#include "media/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "media/library_entry.h"

#define MAX_IMAGES 4096

/* A call that has not been answered. Jobs run with the folder's descriptor and touch nothing else of the library. */
struct call {
    struct library *library; /* NULL: answered already, because the library was destroyed */
    struct call *next, **link;
    int folder_fd; /* a duplicate: destroy closes the library's */
    void *data;

    library_list_fn *list_done;
    struct library_image *images;
    size_t n_images;

    library_open_fn *open_done;
    char name[256];
    bool writable;
    struct library_image image;
    char why[400];
    int fd;

    int error;
};

struct library {
    int folder_fd;
    struct worker_pool *io;
    struct call *calls;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct library_image *)a)->name, ((const struct library_image *)b)->name);
}

static int add_image(struct call *call, const struct library_image *image)
{
    if (call->n_images % 64 == 0) {
        struct library_image *more = reallocarray(call->images, call->n_images + 64, sizeof *more);
        if (!more)
            return -ENOMEM;
        call->images = more;
    }
    call->images[call->n_images++] = *image;
    return 0;
}

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

/* Pool thread. */
static int list_folder(struct call *call)
{
    _cleanup_close_ int fd = openat(call->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    attr_cleanup(close_folder) DIR *folder = fdopendir(fd);
    if (!folder)
        return -errno;
    fd = -1;
    while (call->n_images < MAX_IMAGES) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (!entry)
            return -errno;
        struct library_image image;
        if (entry->d_name[0] == '.' || library_entry_look(call->folder_fd, entry->d_name, &image) < 0)
            continue;
        int r = add_image(call, &image);
        if (r < 0)
            return r;
    }
    return 0;
}

static void list_work(void *data)
{
    struct call *call = data;
    call->error = list_folder(call);
    if (call->n_images)
        qsort(call->images, call->n_images, sizeof *call->images, by_name);
}

static void open_work(void *data)
{
    struct call *call = data;
    call->error = library_entry_open(call->folder_fd, call->name, call->writable, &call->fd, &call->image, call->why,
                                     sizeof call->why);
}

static void answer(struct call *call)
{
    *call->link = call->next;
    if (call->next)
        call->next->link = call->link;
    call->library = NULL;
    if (call->list_done)
        call->list_done(call->data, call->error, call->error ? NULL : call->images, call->error ? 0 : call->n_images);
    else if (call->error)
        call->open_done(call->data, call->error, call->why, -1, NULL);
    else
        call->open_done(call->data, 0, "", take_fd(&call->fd), &call->image);
}

static void done(void *data)
{
    struct call *call = data;
    if (call->library)
        answer(call);
    if (call->fd >= 0)
        close(call->fd);
    close(call->folder_fd);
    free(call->images);
    free(call);
}

static int submit(struct library *self, const struct call *request, worker_fn *work)
{
    struct call *call = malloc(sizeof *call);
    if (!call)
        return -ENOMEM;
    *call = *request;
    call->folder_fd = fcntl(self->folder_fd, F_DUPFD_CLOEXEC, 0);
    if (call->folder_fd < 0) {
        int error = -errno;
        free(call);
        return error;
    }
    call->library = self;
    call->fd = -1;
    call->error = -ECANCELED; /* stays, should the pool end before the job begins */
    snprintf(call->why, sizeof call->why, "The gateway is shutting down.");
    int r = worker_pool_submit(self->io, work, done, call);
    if (r < 0) {
        close(call->folder_fd);
        free(call);
        return r;
    }
    call->next = self->calls;
    call->link = &self->calls;
    if (call->next)
        call->next->link = &call->next;
    self->calls = call;
    return 0;
}

int library_list(struct library *self, library_list_fn *list_done, void *data)
{
    return submit(self, &(struct call){.list_done = list_done, .data = data}, list_work);
}

int library_open(struct library *self, const char *name, bool writable, library_open_fn *open_done, void *data)
{
    struct call call = {.open_done = open_done, .data = data, .writable = writable};
    if (strlen(name) < sizeof call.name)
        memcpy(call.name, name, strlen(name) + 1);
    /* else it stays "", which is refused like it: as no plain name */
    return submit(self, &call, open_work);
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
    *ret = self;
    return 0;
}

struct library *library_destroy(struct library *self)
{
    if (!self)
        return NULL;
    while (self->calls) {
        struct call *call = self->calls;
        *call->link = call->next;
        if (call->next)
            call->next->link = call->link;
        call->library = NULL;
        /* the job may be writing to the rest of the call: it frees it when it is done */
        if (call->list_done)
            call->list_done(call->data, -ECANCELED, NULL, 0);
        else
            call->open_done(call->data, -ECANCELED, "The gateway is shutting down.", -1, NULL);
    }
    close(self->folder_fd);
    free(self);
    return NULL;
}
