/* Images on their way into the library: each grows in a hidden file beside its state, so that it can go on after any of
 * us was killed; appears in the library only when it is whole, checked, unpacked and recognised. Constant memory.
 * SHA-256 of what arrived and of what stands in the library is counted while writing. The loop's thread; disk work on
 * the I/O pool. */
#pragma once

#include "core/worker.h"
#include "media/recognise.h"

#define UPLOAD_ID_HEX 32
#define UPLOAD_MAX 64                     /* at a time */
#define UPLOAD_EXPIRES_S (7 * 24 * 3600u) /* without a byte */
#define UPLOAD_REMEMBERED_S (24 * 3600u)  /* done or failed */
#define UPLOAD_UNPACK_RATIO 1000          /* more than this many times the packed size is a bomb */

struct library;
struct uploads;

struct upload_request {
    const char *name;   /* in the library; without .gz, .xz, .zst when it is unpacked */
    const char *folder; /* NULL; else the file goes into that folder of the library (media/folder_disk.h) */
    uint64_t size;
    const char *sha256; /* 64 hex digits that it must have, NULL: none */
    bool keep_packed;
    bool replace; /* an image of that name that nobody uses */
    const char *who;
};

enum upload_phase { UPLOAD_ARRIVING, UPLOAD_FINISHING /* unpacking, checking */, UPLOAD_DONE, UPLOAD_FAILED };

struct upload_state {
    char id[UPLOAD_ID_HEX + 1];
    char name[256], folder[256], who[128];
    enum upload_phase phase;
    uint64_t size, offset; /* offset: bytes that are safe on disk */
    uint64_t unpacked;
    uint64_t rate;   /* bytes/s, of late */
    char why[256];   /* UPLOAD_FAILED: sentence */
    char sha256[65]; /* UPLOAD_DONE: of the image in the library */
    int64_t expires; /* seconds since 1970 */
};

/* Reads what was begun earlier: blocking, short. Uploads that were whole are finished. loop, library and io must
 * outlive it (io may end first). */
int uploads_create(struct loop *loop, struct library *library, struct worker_pool *io, struct uploads **ret);
/* Waits for jobs that run; writers end with -ECANCELED and must still be closed. NULL allowed; returns NULL. */
struct uploads *uploads_destroy(struct uploads *self);

/* -EEXIST: the name is taken; -ENOSPC: no room for it (packed ones need room for both); -ENOENT: the folder; -EINVAL: a
 * name, no bytes; -EBUSY: the image to replace is in use; -EMFILE: too many; each with a sentence in why. */
typedef void upload_begun_fn(void *data, int error, const char *why, const struct upload_state *state);
void uploads_begin(struct uploads *self, const struct upload_request *request, upload_begun_fn *done, void *data);
bool uploads_find(const struct uploads *self, const char *id, struct upload_state *ret);
/* Newest first. */
unsigned uploads_list(const struct uploads *self, struct upload_state *ret, unsigned room);

/* What a piece must hash to; checked before any of it counts. */
enum upload_check { UPLOAD_CHECK_NONE, UPLOAD_CHECK_SHA1, UPLOAD_CHECK_SHA256 };

/* One writer at a time: -EBUSY; offset must be the state's: -ESTALE; -ENOENT; -EPERM: it has failed. checksum: 20 or 32
 * bytes. A writer at the end of an upload whose finishing ran out of room makes it try again. */
struct upload_writer;
int uploads_write(struct uploads *self, const char *id, uint64_t offset, enum upload_check check,
                  const uint8_t *checksum, struct upload_writer **ret);
/* Bytes in order; copied. more is called when further ones may come (perhaps before it returns); error < 0: no more can
 * be taken (-ENOSPC: it can go on once there is room; -EFBIG: more than the upload's size; -ECANCELED) and the writer
 * is to be closed. */
typedef void upload_more_fn(void *data, int error);
void upload_writer_put(struct upload_writer *self, const void *bytes, size_t size, upload_more_fn *more, void *data);
/* What was put is written and safe on disk, then done is called, with the state. Once; perhaps before it returns. A
 * piece that is to have a checksum and is not whole, or has another, is forgotten: -EBADMSG. whole:
 * all of the piece was put. NULL: nobody wants to know. */
typedef void upload_closed_fn(void *data, int error, const struct upload_state *state);
void upload_writer_close(struct upload_writer *self, bool whole, upload_closed_fn *done, void *data);

/* Its files go. -ENOENT; -EBUSY: it is being written or finished. */
int uploads_cancel(struct uploads *self, const char *id);
