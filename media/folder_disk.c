#include "media/folder_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/ref.h"
#include "media/folder_disk_internal.h"

struct disk_source {
    struct source source;
    struct ref ref; /* the owner's and one for each request that runs */
    struct worker_pool *io;
    struct folder_disk *disk;
};

struct job {
    struct disk_source *source;
    uint64_t offset;
    uint8_t *room;
    size_t length;
    int error;
    source_done_fn *done;
    void *data;
};

static void disk_free(struct folder_disk *self)
{
    for (unsigned i = 0; i < self->n_nodes; i++) {
        free(self->nodes[i]->name);
        free(self->nodes[i]->entries);
        free(self->nodes[i]);
    }
    cleanup_close(&self->folder_fd);
    free(self);
}

static void unref(struct disk_source *self)
{
    if (!ref_put(&self->ref))
        return;
    disk_free(self->disk);
    free(self);
}

/* Bytes of a file, zeros behind its end; -EIO when it is no longer what it was. */
static int read_file(const struct folder_disk *disk, const struct disk_node *node, uint64_t at, uint8_t *room,
                     size_t length)
{
    size_t whole = at < node->size ? MIN(length, node->size - at) : 0;
    memset(room + whole, 0, length - whole);
    if (!whole)
        return 0;
    _cleanup_close_ int fd = disk_open(disk, node);
    if (fd < 0)
        return -EIO; /* gone, or another: the target's view of it has ended */
    for (size_t done = 0; done < whole;) {
        ssize_t n = pread(fd, room + done, whole - done, (off_t)(at + done));
        if (n == 0 || (n < 0 && errno != EINTR))
            return n < 0 ? -errno : -EIO;
        done += n > 0 ? (size_t)n : 0;
    }
    /* after the bytes were taken: a change that touched them has moved the time by now */
    return disk_unchanged(node, fd) ? 0 : -EIO;
}

/* In the data region, from the cluster's node as far as it goes. Returns how much that was, or -errno. */
static ssize_t read_data(const struct folder_disk *disk, uint64_t at, uint8_t *room, size_t length)
{
    uint32_t cluster = (uint32_t)(at / DISK_CLUSTER) + 2;
    const struct disk_node *node = disk_node_at(disk, cluster);
    if (!node) {
        length = MIN(length, DISK_CLUSTER - at % DISK_CLUSTER);
        memset(room, 0, length);
        return (ssize_t)length;
    }
    uint64_t in_node = (uint64_t)(cluster - node->first) * DISK_CLUSTER + at % DISK_CLUSTER;
    length = MIN(length, (uint64_t)node->n_clusters * DISK_CLUSTER - in_node);
    if (node->is_folder) {
        memcpy(room, node->entries + in_node, length);
        return (ssize_t)length;
    }
    int r = read_file(disk, node, in_node, room, length);
    return r < 0 ? r : (ssize_t)length;
}

static size_t read_sector(const struct folder_disk *disk, uint64_t offset, uint8_t *room, size_t length)
{
    uint8_t sector[DISK_SECTOR];
    size_t in_sector = offset % DISK_SECTOR;
    length = MIN(length, DISK_SECTOR - in_sector);
    disk_sector(disk, offset / DISK_SECTOR, sector);
    memcpy(room, sector + in_sector, length);
    return length;
}

static ssize_t read_piece(const struct folder_disk *disk, uint64_t offset, uint8_t *room, size_t length)
{
    uint64_t data = ((uint64_t)DISK_PARTITION + disk_data_sector(disk)) * DISK_SECTOR;
    uint64_t root = data - (uint64_t)disk->root_sectors * DISK_SECTOR;
    if (offset >= data)
        return read_data(disk, offset - data, room, length);
    if (offset >= root) {
        length = MIN(length, data - offset);
        memcpy(room, disk->nodes[0]->entries + (offset - root), length);
        return (ssize_t)length;
    }
    return (ssize_t)read_sector(disk, offset, room, length);
}

static void read_work(void *data)
{
    struct job *job = data;
    job->error = 0;
    for (size_t at = 0; at < job->length;) {
        ssize_t n = read_piece(job->source->disk, job->offset + at, job->room + at, job->length - at);
        if (n < 0) {
            job->error = (int)n;
            return;
        }
        at += (size_t)n;
    }
}

static void read_done(void *data)
{
    struct job *job = data;
    struct disk_source *self = job->source;
    job->done(job->data, job->error);
    free(job);
    unref(self);
}

static void disk_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                      void *data)
{
    struct disk_source *self = container_of(source, struct disk_source, source);
    struct job *job = malloc(sizeof *job);
    if (job)
        *job = (struct job){self, offset, room, length, -ECANCELED, done, data};
    if (!job || worker_pool_submit(self->io, read_work, read_done, job) < 0) {
        free(job);
        done(data, -ENOMEM);
        return;
    }
    ref_get(&self->ref);
}

static void disk_close(struct source *source)
{
    unref(container_of(source, struct disk_source, source));
}

static const struct source_ops disk_ops = {.name = "folder", .read = disk_read, .close = disk_close};

/* The same for the same folder, so that a machine knows the disk again. */
static uint32_t serial_of(const struct folder_disk *disk)
{
    uint32_t hash = 2166136261u;
    for (unsigned i = 1; i < disk->n_nodes; i++) {
        const struct disk_node *node = disk->nodes[i];
        for (const char *c = node->name; *c; c++)
            hash = (hash ^ (uint8_t)*c) * 16777619u;
        hash = (hash ^ node->size ^ (uint32_t)node->modified.tv_sec) * 16777619u;
    }
    return hash;
}

static int build(struct folder_disk *disk, char *why, size_t why_size)
{
    int r = disk_scan(disk, why, why_size);
    if (r < 0)
        return r;
    r = disk_short_names(disk);
    if (r == 0)
        r = disk_lay_out(disk);
    if (r == -EMFILE)
        snprintf(why, why_size, "The folder holds too many files with long names. Use an image instead.");
    else if (r < 0)
        snprintf(why, why_size, "There is not enough memory for this folder.");
    disk->serial = serial_of(disk);
    return r;
}

int folder_disk_create(int folder_fd, const char *label, struct worker_pool *io, unsigned *ret_left_out, char *why,
                       size_t why_size, struct source **ret)
{
    struct disk_source *self = calloc(1, sizeof *self);
    struct folder_disk *disk = calloc(1, sizeof *disk);
    int r = self && disk ? 0 : -ENOMEM;
    why[0] = 0;
    if (disk)
        disk->folder_fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
    if (r == 0 && disk->folder_fd < 0)
        r = -errno;
    if (r == 0 && !disk_label_fits(label, disk->label)) {
        snprintf(why, why_size, "A label has at most 11 letters, digits, blanks and ! # $ %% & ' ( ) - @ ^ _ ` { } ~.");
        r = -EINVAL;
    }
    if (r == 0)
        r = build(disk, why, why_size);
    if (r < 0) {
        if (disk)
            disk_free(disk);
        free(self);
        return r;
    }
    ref_init(&self->ref);
    self->source = (struct source){.ops = &disk_ops, .size = disk_size(disk), .read_only = true};
    self->io = io;
    self->disk = disk;
    *ret_left_out = disk->left_out;
    *ret = &self->source;
    return 0;
}
