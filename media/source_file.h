/* An image file as a medium. Reads and writes run on the I/O pool; on the loop's thread only short reads of what is in
 * the page cache, which do not wait.
 *
 * The file must stay what it was when it was opened. A read-only source looks at size and modification time after each
 * read, before the bytes are handed on: once they changed, that read and all that follow end with -EIO, and `fault`
 * names the reason. A writable source changes the time itself, so there only the size is watched; instead the file is
 * locked (an open-file-description lock, shared for reading, exclusive for writing) against a second source of ours. */
#pragma once

#include "core/worker.h"
#include "media/source.h"

struct source_file_listener {
    /* The medium can no longer be trusted (or, once, could not be read or written); why: a sentence, valid during the
     * call. On the loop's thread. May be NULL. */
    void (*fault)(void *data, const char *why);
};

/* Takes fd, which is open for reading, and for writing unless read_only; on failure it stays the caller's. name: for
 * the sentences; copied. io must outlive the source and its requests. listener may be NULL; data must live until
 * source_close. -EISDIR, -EINVAL (no plain file), -ENODATA (empty), -EBUSY (in use by another of our media), -ENOMEM.
 */
int source_file_create(int fd, const char *name, bool read_only, struct worker_pool *io,
                       const struct source_file_listener *listener, void *data, struct source **ret);
