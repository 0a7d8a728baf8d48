/* The folder of images. Names are single path components without control characters; no link is followed. Calls that
 * touch the disk run on the I/O pool and answer on the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/worker.h"
#include "media/drive.h"
#include "media/recognise.h"

struct library;

struct library_image {
    char name[256];
    uint64_t size;
    int64_t modified;     /* seconds since 1970 */
    enum drive_kind kind; /* what it is inserted as unless told otherwise (library_kind) */
    bool usable;
    char why[128]; /* why not usable: "empty", "a link", "not readable" ... */
    bool folder;   /* inserted as a disk (media/folder_disk.h); size 0 */
    bool in_use;   /* list only */
};

/* folder_fd: an O_PATH or O_RDONLY descriptor of the folder; taken. */
int library_create(int folder_fd, struct worker_pool *io, struct library **ret);

/* Calls that have not been answered are answered with -ECANCELED before it returns. NULL allowed; returns NULL. */
struct library *library_destroy(struct library *self);

/* Sorted by name; without names that begin with a dot and those that are no plain names. images valid during the call.
 */
typedef void library_list_fn(void *data, int error, const struct library_image *images, size_t n);
int library_list(struct library *self, library_list_fn *done, void *data);
/* The same of one of its folders. -ENOENT, -ENOTDIR. */
int library_list_files(struct library *self, const char *folder, library_list_fn *done, void *data);

/* Opens one image for serving; of a folder, the folder. On success fd is the receiver's. -ENOENT, -EISDIR (a folder
 * cannot be written), -EACCES, -ENODATA (empty), -ELOOP (a link), -EINVAL (no plain name), with the sentence in why.
 * Before one is opened for writing, what it is was kept (library_facts). */
typedef void library_open_fn(void *data, int error, const char *why, int fd, const struct library_image *image);
int library_open(struct library *self, const char *name, bool writable, library_open_fn *done, void *data);

/* For downloads: opened, then read in any order, at most 512 KiB at a time and one read at a time. tag: an entity tag
 * (RFC 9110 section 8.8.3) that changes with the bytes, quotes included. -EISDIR: a folder; else as library_open. */
struct library_reader;
typedef void library_reader_fn(void *data, int error, const char *why, struct library_reader *reader,
                               const struct library_image *image, const char *tag);
int library_reader_open(struct library *self, const char *name, library_reader_fn *done, void *data);
/* bytes are valid during the call of done, which perhaps comes before this returns. -ESTALE: the image has changed
 * since it was opened; -EIO. Not after library_destroy. */
typedef void library_read_fn(void *data, int error, const uint8_t *bytes, size_t size);
void library_reader_read(struct library_reader *self, uint64_t at, size_t size, library_read_fn *done, void *data);
/* A read that is under way is not answered any more. NULL allowed; returns NULL. */
struct library_reader *library_reader_close(struct library_reader *self);

/* What was told of an image when it arrived, or is told now of one that was put into the folder by hand: the answer is
 * kept beside the images (`.facts`, by name, size and modification time), so that what a target writes later changes
 * nothing. sha256: "" when it was not counted yet (library_sum does). */
struct library_facts {
    struct image_facts image;
    char sha256[65];
};
typedef void library_facts_fn(void *data, int error, const char *why, const struct library_facts *facts);
int library_facts(struct library *self, const char *name, library_facts_fn *done, void *data);
/* Blocking; any thread. */
int library_facts_keep(struct library *self, const char *name, const struct library_facts *facts);

/* A CD-ROM or a disk: by what it was recognised as, else (facts NULL, or of no help) by its name, .iso a CD-ROM. The
 * images that the library tells of have theirs by the facts that are kept. Pure. */
enum drive_kind library_kind(const char *name, const struct image_facts *facts);

/* error with a sentence in why. */
typedef void library_done_fn(void *data, int error, const char *why);
/* -ENOENT, -EEXIST, -EINVAL, -EBUSY: it is in use (library_use). */
int library_rename(struct library *self, const char *name, const char *to, library_done_fn *done, void *data);
/* A folder with all that is in it (one level). */
int library_delete(struct library *self, const char *name, library_done_fn *done, void *data);
int library_make_folder(struct library *self, const char *name, library_done_fn *done, void *data);
int library_delete_file(struct library *self, const char *folder, const char *file, library_done_fn *done, void *data);

/* SHA-256 of the whole image, read in the background; progress through library_sum_progress; kept in the facts.
 * -EALREADY: it is being counted. -EAGAIN: the image changed meanwhile. */
int library_sum(struct library *self, const char *name, library_facts_fn *done, void *data);
bool library_sum_progress(const struct library *self, const char *name, uint64_t *ret_done);

/* Bytes free for us in the folder's file system, less a reserve of 64 MiB; and its size. Blocking but short. */
int library_space(const struct library *self, uint64_t *ret_free, uint64_t *ret_total);

/* An image that is in a drive is neither renamed, removed nor replaced. Counted. Any thread. */
void library_use(struct library *self, const char *name);
void library_unuse(struct library *self, const char *name);
bool library_in_use(struct library *self, const char *name);

/* For files that are not images yet (uploads, copies): a hidden folder inside, made when it is missing. A new
 * descriptor, or -errno. what: a plain word, "uploads". Blocking; any thread. */
int library_hidden_folder(struct library *self, const char *what);
/* A finished file of a hidden folder gets its name (a number is added when it is taken and `replace` is not set),
 * without a moment in which half of it is seen; it survives a power cut when this returns. folder: of the library,
 * NULL: the library itself. ret_name: 256 bytes. -EINVAL: a name; -EBUSY: the one to be replaced is in use; -EISDIR: it
 * is a folder; -ENOENT: the folder or the file. Blocking, as long as the file's last bytes take: a thread of the pool.
 */
int library_adopt(struct library *self, int hidden_fd, const char *hidden_name, const char *folder, const char *name,
                  bool replace, char *ret_name);
