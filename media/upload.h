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

int uploads_create(struct loop *loop, struct library *library, struct worker_pool *io, struct uploads **ret);
struct uploads *uploads_destroy(struct uploads *self); /* NULL allowed; returns NULL */

/* -EEXIST: the name is taken; -ENOSPC: no room for it (packed ones need room for both); -EINVAL: the name; -EMFILE: too
 * many; each with a sentence in why. */
int uploads_begin(struct uploads *self, const struct upload_request *request, struct upload_state *ret, char *why,
                  size_t why_size);
bool uploads_find(const struct uploads *self, const char *id, struct upload_state *ret);
/* Newest first. */
unsigned uploads_list(const struct uploads *self, struct upload_state *ret, unsigned room);

/* One writer at a time: -EBUSY; offset must be the state's: -ESTALE. */
struct upload_writer;
int uploads_write(struct uploads *self, const char *id, uint64_t offset, struct upload_writer **ret);
/* Bytes in order; copied. more is called when further ones may come (perhaps before it returns); error < 0: the upload
 * has failed (-ENOSPC: it can go on once there is room) and the writer is to be closed. */
typedef void upload_more_fn(void *data, int error);
void upload_writer_put(struct upload_writer *self, const void *bytes, size_t size, upload_more_fn *more, void *data);
/* What was put is written, then done is called, with the checked state. checksum: SHA-256 that this piece must have,
 * NULL: none; a piece that has another is forgotten, -EBADMSG. Not inside `more`. */
typedef void upload_closed_fn(void *data, int error, const struct upload_state *state);
void upload_writer_close(struct upload_writer *self, const uint8_t checksum[32], upload_closed_fn *done, void *data);

int uploads_cancel(struct uploads *self, const char *id); /* -ENOENT; -EBUSY: it is being finished */
