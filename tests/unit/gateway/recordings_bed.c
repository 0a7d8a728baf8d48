#include "recordings_bed.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

static void on_feed(void *data)
{
    struct bed *bed = data;
    for (int i = 0; i < BED_TARGETS; i++)
        recordings_picture(bed->recordings, &bed->targets[i]);
}

static void on_changed(void *data, struct target *target, const struct api_recording *entry)
{
    struct bed *bed = data;
    assert_string_equal(entry->target, target->name);
    assert_int_equal(entry->running, recordings_of(bed->recordings, target) == entry);
    bed->changes++;
}

static struct feed *on_which(void *data, struct target *target)
{
    struct bed *bed = data;
    return bed->feeds[target - bed->targets];
}

void bed_reopen(struct bed *bed, uint64_t keep)
{
    const struct recordings_config config = {.loop = bed->loop,
                                             .io = bed->io,
                                             .folder_fd = open(bed->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                             .keep = keep,
                                             .changed = on_changed,
                                             .feed = on_which,
                                             .data = bed};
    assert_int_equal(recordings_create(&config, &bed->recordings), 0);
}

void bed_shut(struct bed *bed)
{
    bed->recordings = recordings_destroy(bed->recordings);
}

void bed_open(struct bed *bed, int cards, uint64_t keep, bool full_disk)
{
    *bed = (struct bed){0};
    snprintf(bed->path, sizeof bed->path, "/tmp/lightsout-rec-XXXXXX");
    assert_non_null(mkdtemp(bed->path));
    if (full_disk)
        assert_int_equal(mount("none", bed->path, "tmpfs", 0, "size=96k,mode=0700"), 0);
    assert_int_equal(loop_create(&bed->loop), 0);
    assert_int_equal(worker_pool_create(bed->loop, "io", 2, &bed->io), 0);
    for (int i = 0; i < BED_TARGETS; i++)
        snprintf(bed->targets[i].name, sizeof bed->targets[i].name, "card%d", i);
    bed_reopen(bed, keep);
    for (int i = 0; i < cards; i++) {
        const struct testcard_config config = {.fourcc = FOURCC_BGRX};
        assert_int_equal(testcard_create(&config, &bed->screens[i]), 0);
        assert_int_equal(feed_create(bed->loop, bed->screens[i], false, on_feed, bed, &bed->feeds[i]), 0);
    }
}

void bed_close(struct bed *bed, bool full_disk)
{
    char command[128];
    bed->io = worker_pool_destroy(bed->io);
    bed_shut(bed);
    for (int i = 0; i < BED_TARGETS; i++) {
        feed_destroy(bed->feeds[i]);
        screen_destroy(bed->screens[i]);
    }
    loop_destroy(bed->loop);
    if (full_disk)
        umount2(bed->path, MNT_DETACH);
    snprintf(command, sizeof command, "rm -rf %s", bed->path);
    assert_int_equal(system(command), 0);
}

void bed_done(void *data, int error, const char *why)
{
    struct bed *bed = data;
    bed->done++;
    bed->error = error;
    snprintf(bed->why, sizeof bed->why, "%s", why ? why : "");
}

const struct api_recording *bed_start(struct bed *bed, int card, unsigned every)
{
    const struct api_recording *entry = NULL;
    const char *why = "";
    assert_int_equal(recordings_ops.start(bed->recordings, &bed->targets[card], "anna", every, "a note", &entry, &why),
                     0);
    return entry;
}

void bed_stop(struct bed *bed, int card)
{
    const unsigned before = bed->done;
    recordings_ops.stop(bed->recordings, &bed->targets[card], bed_done, bed);
    BED_UNTIL(bed, bed->done > before);
    assert_int_equal(bed->error, 0);
}

int bed_folder_of(const struct bed *bed, const char *id)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", bed->path, id);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* ---- reading through the face that REST has ---- */

struct read {
    struct api_recording_reader *reader;
    uint64_t size, at;
    uint8_t *bytes;
    int error;
    bool opened, got;
};

static void on_open(void *data, int error, struct api_recording_reader *reader, uint64_t size, const char *tag)
{
    struct read *read = data;
    *read = (struct read){.reader = reader, .size = size, .error = error, .opened = true};
    assert_true(error || tag[0] == '"');
}

static void on_bytes(void *data, int error, const uint8_t *bytes, size_t size)
{
    struct read *read = data;
    assert_int_equal(error, 0);
    memcpy(read->bytes + read->at, bytes, size);
    read->at += size;
    read->got = true;
}

uint8_t *bed_read_all(struct bed *bed, const char *id, enum api_recording_part part, uint32_t ms, size_t *ret_size)
{
    struct read read = {0};
    recordings_ops.open(bed->recordings, id, part, ms, on_open, &read);
    BED_UNTIL(bed, read.opened);
    *ret_size = (size_t)read.size;
    if (read.error)
        return NULL;
    read.bytes = malloc(read.size + 1);
    while (read.at < read.size) {
        read.got = false;
        const uint64_t left = read.size - read.at;
        recordings_ops.read(read.reader, read.at, left < 7001 ? (size_t)left : 7001, on_bytes, &read);
        BED_UNTIL(bed, read.got);
    }
    recordings_ops.close(read.reader);
    return read.bytes;
}
