/* The overlay as a layer: reads are divided into what was changed and what is below. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "media/overlay_internal.h"
#include "media/seal_file.h"

struct request {
    struct overlay *owner;
    unsigned left; /* parts, and the one who divides it */
    int error;
    source_done_fn *done;
    void *data;
};

struct part {
    struct request *request;
    const struct seal *seal;
    int fd, error;
    uint64_t at; /* in the file */
    uint8_t *room;
    size_t length;
};

static struct {
    bool known;
    uint8_t id[OVERLAY_BOOT_SIZE];
} boot;

void layer_overlay_prepare(void)
{
    char text[37] = "";
    _cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (boot.known || fd < 0 || read(fd, text, sizeof text - 1) != sizeof text - 1)
        return;
    unsigned n = 0;
    for (const char *c = text; *c; c++) {
        unsigned digit = *c >= '0' && *c <= '9' ? (unsigned)(*c - '0') : (unsigned)((*c | 32) - 'a' + 10);
        if (*c == '-' || digit > 15 || n == 2 * OVERLAY_BOOT_SIZE)
            continue;
        boot.id[n / 2] = (uint8_t)(boot.id[n / 2] << 4 | digit);
        n++;
    }
    boot.known = n == 2 * OVERLAY_BOOT_SIZE;
}

static struct overlay *overlay_of(struct source *source)
{
    return container_of(source, struct overlay, source);
}

void overlay_unref(struct overlay *self)
{
    if (--self->refs)
        return;
    overlay_file_close(&self->file);
    free(self->dirty);
    free(self);
}

static void part_ended(struct request *request, int error)
{
    if (error && !request->error)
        request->error = error;
    if (--request->left)
        return;
    struct overlay *self = request->owner;
    source_done_fn *done = request->done;
    void *data = request->data;
    error = request->error;
    free(request);
    done(data, error);
    overlay_unref(self);
}

static void on_below(void *data, int error)
{
    part_ended(data, error);
}

static void part_work(void *data)
{
    struct part *part = data;
    int r = seal_file_read(part->seal, part->fd, part->room, part->length, part->at);
    part->error = r == -ENODATA ? -EIO : r;
}

static void part_done(void *data)
{
    struct part *part = data;
    struct request *request = part->request;
    int error = part->error;
    free(part);
    part_ended(request, error);
}

static void read_changed(struct overlay *self, struct request *request, uint64_t offset, uint8_t *room, size_t length)
{
    struct part *part = malloc(sizeof *part);
    int r = -ENOMEM;
    request->left++;
    if (part) {
        *part = (struct part){.request = request,
                              .seal = self->file.seal,
                              .fd = self->file.fd,
                              .error = -ECANCELED,
                              .at = overlay_at_block(self->file.n_pages, 0) + offset,
                              .room = room,
                              .length = length};
        r = worker_pool_submit(self->io, part_work, part_done, part);
    }
    if (r < 0) {
        free(part);
        part_ended(request, r);
    }
}

static void read_below(struct overlay *self, struct request *request, uint64_t offset, uint8_t *room, size_t length)
{
    request->left++;
    source_read(self->below, offset, room, length, on_below, request);
}

static void overlay_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                         void *data)
{
    struct overlay *self = overlay_of(source);
    struct request *request = self->closed ? NULL : malloc(sizeof *request);
    if (!request) {
        done(data, self->closed ? -EIO : -ENOMEM);
        return;
    }
    *request = (struct request){.owner = self, .left = 1, .done = done, .data = data};
    self->refs++;
    for (uint64_t at = offset, end = offset + length, to; at < end; at = to) {
        bool changed = overlay_file_has(&self->file, at / OVERLAY_BLOCK);
        to = (at / OVERLAY_BLOCK + 1) * OVERLAY_BLOCK;
        while (to < end && overlay_file_has(&self->file, to / OVERLAY_BLOCK) == changed)
            to += OVERLAY_BLOCK;
        to = MIN(to, end);
        (changed ? read_changed : read_below)(self, request, at, (uint8_t *)room + (at - offset), to - at);
    }
    part_ended(request, 0);
}

static void overlay_write(struct source *source, uint64_t offset, const void *bytes, size_t length,
                          source_done_fn *done, void *data)
{
    overlay_change_begin(
        overlay_of(source),
        (struct overlay_change){.offset = offset, .length = length, .bytes = bytes, .done = done, .data = data});
}

static void overlay_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    overlay_change_begin(
        overlay_of(source),
        (struct overlay_change){.trim = true, .offset = offset, .length = length, .done = done, .data = data});
}

static void overlay_flush(struct source *source, source_done_fn *done, void *data)
{
    overlay_flush_add(overlay_of(source), done, data);
}

static void overlay_close(struct source *source)
{
    struct overlay *self = overlay_of(source);
    self->closed = true;
    self->below = source_close(self->below);
    overlay_flush_add(self, NULL, NULL);
    overlay_unref(self);
}

static const struct source_ops overlay_ops = {
    .name = "overlay",
    .read = overlay_read,
    .write = overlay_write,
    .flush = overlay_flush,
    .trim = overlay_trim,
    .close = overlay_close,
};

void layer_overlay_statistics(const struct source *source, struct overlay_statistics *ret)
{
    *ret = (struct overlay_statistics){.changed = container_of(source, const struct overlay, source)->n_changed *
                                                  OVERLAY_BLOCK};
}

int layer_overlay_create(struct source *below, int fd, const uint8_t identity[32], const struct seal_key *key,
                         struct worker_pool *io, struct source **ret)
{
    struct overlay *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    layer_overlay_prepare();
    self->dirty = calloc(overlay_pages(below->size) + 1, sizeof *self->dirty);
    int r = self->dirty ? overlay_file_open(&self->file, fd, below->size, identity, key, boot.known ? boot.id : NULL)
                        : -ENOMEM;
    if (r < 0) {
        free(self->dirty);
        free(self);
        return r;
    }
    self->source = (struct source){.ops = &overlay_ops, .size = below->size};
    self->below = below;
    self->io = io;
    self->n_changed = overlay_file_count(&self->file);
    self->refs = 1;
    TAILQ_INIT(&self->changes);
    STAILQ_INIT(&self->map_waiting);
    STAILQ_INIT(&self->map_running);
    STAILQ_INIT(&self->flush_waiting);
    STAILQ_INIT(&self->flush_running);
    *ret = &self->source;
    return 0;
}
