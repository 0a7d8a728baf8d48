/* What somebody does to the library by name: rename, delete, make a folder, remove a file of one. */
#include <dirent.h>
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

enum change { RENAME, DELETE, MAKE_FOLDER, DELETE_FILE };

struct change_call {
    struct library_call call;
    library_done_fn *done;
    void *data;
    enum change change;
    bool in_use;
    char name[256], other[256]; /* the new name, or the folder's file; "": no plain name */
};

static int refuse(struct library_call *call, int error, const char *name, const char *words)
{
    snprintf(call->why, sizeof call->why, "%s %s", name, words);
    return error;
}

static int explain(struct library_call *call, int error, const char *name)
{
    switch (-error) {
    case 0:
        return 0;
    case ENOENT:
        return refuse(call, error, name, "is not in the image library.");
    case EROFS:
    case EACCES:
    case EPERM:
        return refuse(call, error, name, "cannot be changed: the gateway may not write to the library's folder.");
    case ENOTDIR:
        return refuse(call, error, name, "is no folder.");
    case ENOTEMPTY:
        return refuse(call, error, name, "has folders inside. Remove them first.");
    default:
        snprintf(call->why, sizeof call->why, "%s cannot be changed: %s.", name, strerrordesc_np(-error));
        return error;
    }
}

static int rename_image(struct change_call *self)
{
    const int fd = self->call.folder_fd;
    int r = library_rename_new(fd, self->name, fd, self->other);
    if (r == -EEXIST)
        return refuse(&self->call, r, self->other, "is there already. Choose another name.");
    if (r < 0)
        return explain(&self->call, r, self->name);
    library_facts_rename(fd, self->name, self->other);
    return explain(&self->call, library_sync_folder(fd), self->name);
}

/* All that is in it, one level. */
static int empty_folder(int folder_fd, const char *name)
{
    int fd = library_open_folder(folder_fd, name);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder)
        return fd < 0 ? fd : -errno;
    struct dirent *entry;
    while ((entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(fd, entry->d_name, 0); /* what stays is told by the folder not being empty */
    closedir(folder);
    return 0;
}

static int delete_image(struct change_call *self)
{
    const int fd = self->call.folder_fd;
    struct library_image image;
    int r = library_entry_look(fd, self->name, &image);
    if (r == 0 && image.folder)
        r = empty_folder(fd, self->name);
    if (r == 0 && unlinkat(fd, self->name, image.folder ? AT_REMOVEDIR : 0) < 0)
        r = -errno;
    if (r == 0)
        library_facts_remove(fd, self->name);
    return explain(&self->call, r < 0 ? r : library_sync_folder(fd), self->name);
}

static int make_folder(struct change_call *self)
{
    const int fd = self->call.folder_fd;
    if (mkdirat(fd, self->name, 0755) == 0)
        return explain(&self->call, library_sync_folder(fd), self->name);
    if (errno == EEXIST)
        return refuse(&self->call, -EEXIST, self->name, "is there already. Choose another name.");
    return explain(&self->call, -errno, self->name);
}

static int delete_file(struct change_call *self)
{
    _cleanup_close_ int fd = library_open_folder(self->call.folder_fd, self->name);
    if (fd < 0)
        return explain(&self->call, fd, self->name);
    int r = unlinkat(fd, self->other, 0) < 0 ? -errno : fsync(fd) < 0 ? -errno : 0;
    return r == -ENOENT ? refuse(&self->call, r, self->other, "is not in this folder.")
                        : explain(&self->call, r, self->other);
}

static void change_work(struct library_call *call)
{
    static int (*const functions[])(struct change_call *) = {
        [RENAME] = rename_image, [DELETE] = delete_image, [MAKE_FOLDER] = make_folder, [DELETE_FILE] = delete_file};
    struct change_call *self = container_of(call, struct change_call, call);
    const bool two = self->change == RENAME || self->change == DELETE_FILE;
    if (!library_name_visible(self->name) || (two && !library_name_visible(self->other))) {
        text_copy(call->why, sizeof call->why,
                  "A name in the library is one file name of at most 255 bytes that does not begin with a dot, without "
                  "/ and control characters.");
        call->error = -EINVAL;
    } else if (self->in_use) {
        call->error = refuse(call, -EBUSY, self->name, "is in use. Eject it first.");
    } else {
        call->error = functions[self->change](self);
    }
}

static void change_answer(struct library_call *call, int error, const char *why)
{
    struct change_call *self = container_of(call, struct change_call, call);
    self->done(self->data, error, why);
}

bool library_is_changing(const struct library *self, const char *name)
{
    for (const struct library_call *call = self->calls; call; call = call->next)
        if (call->work == change_work && !strcmp(container_of(call, struct change_call, call)->name, name))
            return true;
    return false;
}

static int submit(struct library *self, enum change change, const char *name, const char *other, library_done_fn *done,
                  void *data)
{
    struct change_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->call = (struct library_call){.work = change_work, .answer = change_answer};
    call->change = change;
    call->done = done;
    call->data = data;
    text_copy(call->name, sizeof call->name, name);
    text_copy(call->other, sizeof call->other, other);
    call->in_use = change != MAKE_FOLDER && (library_in_use(self, name) || library_is_opening(self, name));
    return library_submit(self, &call->call);
}

int library_rename(struct library *self, const char *name, const char *to, library_done_fn *done, void *data)
{
    return submit(self, RENAME, name, to, done, data);
}

int library_delete(struct library *self, const char *name, library_done_fn *done, void *data)
{
    return submit(self, DELETE, name, "", done, data);
}

int library_make_folder(struct library *self, const char *name, library_done_fn *done, void *data)
{
    return submit(self, MAKE_FOLDER, name, "", done, data);
}

int library_delete_file(struct library *self, const char *folder, const char *file, library_done_fn *done, void *data)
{
    return submit(self, DELETE_FILE, folder, file, done, data);
}
