/* What is in the folder, and in the folders inside. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "media/library_entry.h"
#include "media/library_facts.h"
#include "media/library_internal.h"

struct list_call {
    struct library_call call;
    library_list_fn *done;
    void *data;
    bool inside;      /* of `folder` */
    char folder[256]; /* "": no plain name */
    struct library_image *images;
    size_t n;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct library_image *)a)->name, ((const struct library_image *)b)->name);
}

static int add_image(struct list_call *self, const struct library_image *image)
{
    if (self->n % 64 == 0) {
        struct library_image *more = reallocarray(self->images, self->n + 64, sizeof *more);
        if (!more)
            return -ENOMEM;
        self->images = more;
    }
    self->images[self->n++] = *image;
    return 0;
}

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

static int list_folder(struct list_call *self, int parent_fd)
{
    if (self->inside && !library_name_visible(self->folder))
        return -ENOENT;
    _cleanup_close_ int fd = library_open_folder(parent_fd, self->inside ? self->folder : NULL);
    if (fd < 0)
        return fd;
    attr_cleanup(close_folder) DIR *folder = fdopendir(fd);
    if (!folder)
        return -errno;
    fd = -1;
    while (self->n < LIBRARY_MAX_IMAGES) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (!entry)
            return -errno;
        struct library_image image;
        if (entry->d_name[0] == '.' || library_entry_look(dirfd(folder), entry->d_name, &image) < 0)
            continue;
        if (!self->inside)
            library_facts_tell_kind(parent_fd, &image);
        int r = add_image(self, &image);
        if (r < 0)
            return r;
    }
    return 0;
}

static void list_work(struct library_call *call)
{
    struct list_call *self = container_of(call, struct list_call, call);
    call->error = list_folder(self, call->folder_fd);
    if (self->n)
        qsort(self->images, self->n, sizeof *self->images, by_name);
}

static void list_prepare(struct library_call *call, struct library *library)
{
    struct list_call *self = container_of(call, struct list_call, call);
    for (size_t i = 0; i < self->n && !self->inside; i++)
        self->images[i].in_use = library_in_use(library, self->images[i].name);
}

static void list_answer(struct library_call *call, int error, const char *why)
{
    struct list_call *self = container_of(call, struct list_call, call);
    (void)why;
    self->done(self->data, error, error ? NULL : self->images, error ? 0 : self->n);
}

static void list_release(struct library_call *call)
{
    free(container_of(call, struct list_call, call)->images);
}

static int submit(struct library *self, const char *folder, library_list_fn *done, void *data)
{
    struct list_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->call = (struct library_call){
        .work = list_work, .prepare = list_prepare, .answer = list_answer, .release = list_release};
    call->done = done;
    call->data = data;
    call->inside = folder;
    if (folder)
        text_copy(call->folder, sizeof call->folder, folder);
    return library_submit(self, &call->call);
}

int library_list(struct library *self, library_list_fn *done, void *data)
{
    return submit(self, NULL, done, data);
}

int library_list_files(struct library *self, const char *folder, library_list_fn *done, void *data)
{
    return submit(self, folder, done, data);
}
