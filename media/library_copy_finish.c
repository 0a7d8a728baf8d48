/* The last block is there: the file is made safe, recognised and gets its name; from then on it is served like any
 * image of the library, and what is below is closed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "media/library_copy_internal.h"
#include "media/source_file.h"

struct finish {
    struct library_copy *copy;
    int error, fd;
    char adopted[256];
    struct library_facts facts;
};

static bool read_file(void *data, uint64_t offset, void *room, size_t size)
{
    struct finish *job = data;
    return copy_read_all(job->fd, room, size, offset) == 0;
}

static void finish_work(void *data)
{
    struct finish *job = data;
    struct library_copy *self = job->copy;
    job->error = -ECANCELED;
    if (fdatasync(self->fd) < 0 ||
        (job->fd = openat(self->folder_fd, self->names.part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0) {
        job->error = -errno;
        return;
    }
    recognise(self->map.size, read_file, job, &job->facts.image);
    job->error = library_adopt(self->library, self->folder_fd, self->names.part, NULL, self->name, false, job->adopted);
    if (job->error == 0)
        (void)unlinkat(self->folder_fd, self->names.map, 0);
}

static int serve(struct library_copy *self, struct finish *job)
{
    int r = source_file_create(job->fd, job->adopted, true, self->io, NULL, NULL, &self->file);
    if (r < 0)
        return r;
    job->fd = -1;
    text_copy(self->adopted, sizeof self->adopted, job->adopted);
    library_use(self->library, self->adopted);
    (void)library_facts_keep(self->library, self->adopted, &job->facts);
    self->phase = COPY_COMPLETE;
    self->below = source_close(self->below);
    return 0;
}

static void finish_done(void *data)
{
    struct finish *job = data;
    struct library_copy *self = job->copy;
    const bool stopped = self->phase == COPY_STOPPED; /* the map could not be written, and that was told */
    int r = job->error;
    if (r == 0)
        r = serve(self, job);
    if (r < 0) {
        copy_stop(self, r);
    } else if (self->listener && !stopped) {
        if (self->listener->progress)
            self->listener->progress(self->listener_data, self->map.size, self->map.size);
        if (self->listener && self->listener->ended)
            self->listener->ended(self->listener_data, 0, self->adopted);
    }
    cleanup_close(&job->fd);
    free(job);
    copy_pump(self);
    copy_unref(self);
}

void copy_finish(struct library_copy *self)
{
    if (self->phase != COPY_RUNNING)
        return; /* while it is being prepared: that will ask again */
    self->phase = COPY_FINISHING;
    struct finish *job = calloc(1, sizeof *job);
    if (job) {
        job->copy = self;
        job->fd = -1;
        job->error = -ECANCELED;
    }
    if (!job || copy_submit(self, finish_work, finish_done, job) < 0) {
        free(job);
        copy_stop(self, -ENOMEM);
    }
}
