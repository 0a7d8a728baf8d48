/* The folder of images. Names are single path components without control characters; no link is followed. Calls that
 * touch the disk run on the I/O pool and answer on the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/worker.h"
#include "media/drive.h"

struct library;

struct library_image {
    char name[256];
    uint64_t size;
    int64_t modified;     /* seconds since 1970 */
    enum drive_kind kind; /* what it is inserted as unless told otherwise: .iso a CD-ROM, else a disk */
    bool usable;
    char why[128]; /* why not usable: "empty", "a directory", "not readable" ... */
};

/* folder_fd: an O_PATH or O_RDONLY descriptor of the folder; taken. */
int library_create(int folder_fd, struct worker_pool *io, struct library **ret);

/* Calls that have not been answered are answered with -ECANCELED before it returns. NULL allowed; returns NULL. */
struct library *library_destroy(struct library *self);

/* Sorted by name; without names that begin with a dot and those that are no plain names. images valid during the call.
 */
typedef void library_list_fn(void *data, int error, const struct library_image *images, size_t n);
int library_list(struct library *self, library_list_fn *done, void *data);

/* Opens one image for serving. On success fd is the receiver's. -ENOENT, -EISDIR, -EACCES, -ENODATA (empty), -ELOOP (a
 * link), -EINVAL (no plain name), with the sentence in why. */
typedef void library_open_fn(void *data, int error, const char *why, int fd, const struct library_image *image);
int library_open(struct library *self, const char *name, bool writable, library_open_fn *done, void *data);
