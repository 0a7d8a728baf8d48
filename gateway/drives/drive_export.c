/* A new image of the library out of a medium with what was written over it: read from the top of its layers, a piece at
 * a time, and written by a thread of the pool. Pieces of zeros stay holes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/text.h"
#include "gateway/drives/drives_internal.h"

#define PIECE (1u << 20)

struct drive_export {
    struct slot *slot; /* NULL: the medium is gone, or the gateway ends */
    struct library *library;
    struct worker_pool *io;
    int folder, fd;
    char hidden[64], name[256], got[256];
    uint64_t size, at;
    size_t length;
    int error;
    target_done_fn *done;
    void *data;
    uint8_t piece[PIECE];
};

static const char *explain(int error)
{
    return error == -ECANCELED ? "The medium was taken out before the image was complete."
           : error == -ENOSPC  ? "There is no room for the image in the library."
           : error == -EINVAL  ? "That is no name for an image."
                               : "The image could not be written.";
}

static void end(struct drive_export *self, int error)
{
    if (self->slot) {
        self->slot->exporting = NULL;
        slot_changed(self->slot);
    }
    if (error < 0)
        unlinkat(self->folder, self->hidden, 0);
    self->done(self->data, error, error < 0 ? explain(error) : NULL);
    close(self->fd);
    close(self->folder);
    free(self);
}

static void adopt(void *data)
{
    struct drive_export *self = data;
    if (fsync(self->fd) < 0)
        self->error = -errno;
    else
        self->error = library_adopt(self->library, self->folder, self->hidden, NULL, self->name, false, self->got);
}

static void on_adopted(void *data)
{
    struct drive_export *self = data;
    end(self, self->error);
}

static void read_piece(struct drive_export *self);

static bool is_zero(const uint8_t *bytes, size_t n)
{
    return n == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0);
}

static void write_piece(void *data)
{
    struct drive_export *self = data;
    self->error = 0;
    for (size_t n = is_zero(self->piece, self->length) ? self->length : 0; n < self->length;) {
        ssize_t r = pwrite(self->fd, self->piece + n, self->length - n, (off_t)(self->at + n));
        if (r < 0) {
            self->error = -errno;
            return;
        }
        n += (size_t)r;
    }
}

static void on_written(void *data)
{
    struct drive_export *self = data;
    if (self->error < 0 || !self->slot) {
        end(self, self->error ? self->error : -ECANCELED);
        return;
    }
    self->at += self->length;
    read_piece(self);
}

static void on_read(void *data, int error)
{
    struct drive_export *self = data;
    int r = error < 0 ? error : self->slot ? 0 : -ECANCELED;
    /* a job's -ECANCELED, if the pool ends: nothing was written */
    self->error = -ECANCELED;
    r = r ? r : worker_pool_submit(self->io, write_piece, on_written, self);
    if (r < 0)
        end(self, r);
}

static void read_piece(struct drive_export *self)
{
    self->length = self->size - self->at < PIECE ? (size_t)(self->size - self->at) : PIECE;
    self->error = -ECANCELED;
    if (self->length == 0) {
        int r = worker_pool_submit(self->io, adopt, on_adopted, self);
        if (r < 0)
            end(self, r);
        return;
    }
    source_read(media_stack_top(self->slot->offer.stack), self->at, self->piece, self->length, on_read, self);
}

/* Blocking, but a few calls. */
static int open_file(struct drive_export *self)
{
    uint64_t free_bytes, total;
    int r = library_space(self->library, &free_bytes, &total);
    if (r == 0 && free_bytes < self->size)
        return -ENOSPC;
    self->folder = library_hidden_folder(self->library, "exports");
    if (self->folder < 0)
        return self->folder;
    self->fd = openat(self->folder, self->hidden, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (self->fd < 0 || ftruncate(self->fd, (off_t)self->size) < 0)
        return -errno;
    return 0;
}

static int begin(struct slot *slot, const char *name, target_done_fn *done, void *data)
{
    struct gateway *gateway = slot->owner->target->gateway;
    struct drive_export *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct drive_export){.slot = slot,
                                  .library = gateway->library,
                                  .io = gateway->io,
                                  .folder = -1,
                                  .fd = -1,
                                  .size = slot->note.size,
                                  .done = done,
                                  .data = data};
    snprintf(self->hidden, sizeof self->hidden, "%.20s.%u", slot->owner->target->target.name, slot->index);
    int r = text_copy(self->name, sizeof self->name, name) ? open_file(self) : -EINVAL;
    if (r < 0) {
        if (self->fd >= 0)
            close(self->fd);
        if (self->folder >= 0)
            close(self->folder);
        free(self);
        return r;
    }
    slot->exporting = self;
    slot_changed(slot);
    read_piece(self);
    return 0;
}

void drives_overlay_export(struct drives *self, unsigned drive, const char *name, target_done_fn *done, void *data)
{
    struct slot *slot = drives_slot(self, drive);
    if (!slot)
        done(data, -ENODEV, "The target has no such drive.");
    else if (!slot->offer.exported || !slot->offer.stack || slot->note.overlay == MEDIUM_OVERLAY_NONE)
        done(data, -ENOENT, "No medium with an overlay is in the drive.");
    else if (slot->exporting)
        done(data, -EBUSY, "An image is being made of it already.");
    else if (!slot->owner->target->gateway->library)
        done(data, -ENOTSUP, "There is no image library.");
    else {
        int r = begin(slot, name, done, data);
        if (r < 0)
            done(data, r, explain(r));
    }
}

void slot_export_stop(struct slot *self)
{
    if (self->exporting)
        self->exporting->slot = NULL; /* it ends with what is under way */
    self->exporting = NULL;
}
