#include "media/library_copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/text.h"
#include "media/library_copy_internal.h"
#include "media/library_entry.h"

#define WAIT_FOR_OTHER_US 30000000

static void release(struct library_copy *self)
{
    source_close(self->below);
    source_close(self->file);
    if (self->adopted[0])
        library_unuse(self->library, self->adopted);
    loop_timer_remove(self->tick);
    copy_fetch_free_spare(self);
    copy_map_finish(&self->map);
    if (self->fd >= 0)
        close(self->fd);
    if (self->map_fd >= 0)
        close(self->map_fd);
    if (self->folder_fd >= 0)
        close(self->folder_fd);
    free(self);
}

static void last_sync_work(void *data)
{
    copy_sync_run(data);
}

static void last_sync_done(void *data)
{
    struct library_copy *self = copy_sync_copy(data);
    (void)copy_sync_end(data);
    copy_unref(self);
}

/* What was copied is to be found again. True: it takes a while; the reference comes back. */
static bool sync_at_the_end(struct library_copy *self)
{
    if (self->synced || self->phase == COPY_COMPLETE)
        return false;
    self->synced = true;
    struct copy_sync *sync = copy_sync_begin(self);
    if (!sync)
        return false;
    if (copy_submit(self, last_sync_work, last_sync_done, sync) == 0)
        return true;
    (void)copy_sync_end(sync);
    return false;
}

void copy_ref(struct library_copy *self)
{
    self->refs++;
}

void copy_unref(struct library_copy *self)
{
    if (--self->refs > 0)
        return;
    self->below = source_close(self->below); /* at once: whoever brings the blocks need not wait for our disk */
    if (!sync_at_the_end(self))
        release(self);
}

int copy_submit(struct library_copy *self, worker_fn *work, worker_fn *done, void *job)
{
    int r = worker_pool_submit(self->io, work, done, job);
    if (r == 0)
        copy_ref(self);
    return r;
}

int library_copy_create(struct loop *loop, struct library *library, struct worker_pool *io, const char *name,
                        uint64_t size, const uint8_t id[16], const struct library_copy_listener *listener, void *data,
                        struct library_copy **ret)
{
    struct library_copy *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    self->library = library;
    self->io = io;
    self->folder_fd = self->fd = self->map_fd = -1;
    self->queue_end = &self->queue;
    self->last_sync = clock_now_us();
    self->refs = 1;
    self->give_up = self->last_sync + WAIT_FOR_OTHER_US;
    copy_names_make(id, &self->names);
    int r = library_name_plain(name) && text_copy(self->name, sizeof self->name, name) ? 0 : -EINVAL;
    if (r == 0)
        r = copy_map_init(&self->map, size, id);
    if (r == 0 && (self->folder_fd = library_hidden_folder(library, "copies")) < 0)
        r = self->folder_fd;
    if (r == 0)
        r = loop_timer_add(loop, copy_tick, self, &self->tick);
    if (r == 0)
        r = copy_open(self, self->last_sync); /* nobody listens yet: the answer is returned */
    if (r < 0) {
        if (r == -ENOSPC && !self->map.n_have)
            library_copy_forget(library, id);
        release(self);
        return r;
    }
    self->listener = listener;
    self->listener_data = data;
    loop_timer_arm_in(self->tick, COPY_TICK_US);
    *ret = self;
    return 0;
}

void library_copy_state(const struct library_copy *self, uint64_t *ret_copied, bool *ret_complete)
{
    *ret_copied = self->map.have_bytes;
    *ret_complete = self->phase == COPY_COMPLETE;
}

struct library_copy *library_copy_destroy(struct library_copy *self, bool discard)
{
    if (!self)
        return NULL;
    self->listener = NULL;
    self->closed = true;
    self->tick = loop_timer_remove(self->tick);
    if (discard && self->fd >= 0 && self->phase != COPY_COMPLETE) { /* else they are another's, still */
        self->synced = true;
        (void)unlinkat(self->folder_fd, self->names.map, 0);
        (void)unlinkat(self->folder_fd, self->names.part, 0);
    }
    copy_unref(self);
    return NULL;
}
