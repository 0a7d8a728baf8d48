/* A copy of a medium into the library in the background, while it is being served: what a target has read is kept, the
 * rest is fetched when nobody else waits, the boot files first (media/recognise.h names their ranges). The file grows
 * under a hidden name, with a map of what is there, which both survive a restart; when it is complete it gets its name
 * and the source is no longer needed. The loop's thread; disk work on the I/O pool. */
#pragma once

#include "core/worker.h"
#include "media/source.h"

struct library;
struct library_copy;

struct library_copy_listener {
    void (*progress)(void *data, uint64_t copied, uint64_t size); /* at most four times a second */
    /* 0: it is in the library under `name` (which may have got a number, because the wanted one was taken). -ENOSPC,
     * -EIO: copying has stopped; serving goes on from the source. -ECANCELED. */
    void (*ended)(void *data, int error, const char *name);
};

/* id: of the medium; the same after a restart finds what was copied so far. name: wanted in the library.
 * -ENOSPC: there is no room for all of it. */
int library_copy_create(struct loop *loop, struct library *library, struct worker_pool *io, const char *name,
                        uint64_t size, const uint8_t id[16], const struct library_copy_listener *listener, void *data,
                        struct library_copy **ret);
/* While it or its layer lives. complete: it is in the library, and the source below was closed. */
void library_copy_state(const struct library_copy *self, uint64_t *ret_copied, bool *ret_complete);
/* discard: an incomplete one is removed. Not needed once a layer owns it. */
struct library_copy *library_copy_destroy(struct library_copy *self, bool discard);

/* Reads come from the copy where it has the blocks, else from below (owned on success), which is closed once all is
 * there. Owns copy on success. Once it is closed nobody is called any more. Closing the layer keeps an incomplete
 * copy's file until library_copy_forget. */
int layer_copy_create(struct library_copy *copy, struct source *below, struct source **ret);
/* Removes what an incomplete copy of that medium has left. */
void library_copy_forget(struct library *library, const uint8_t id[16]);
