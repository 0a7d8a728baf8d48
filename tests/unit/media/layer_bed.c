#include "layer_bed.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/text.h"
#include "media/source_memory.h"

#define LIMIT_US 120000000u

int bed_set_up(void **state)
{
    struct bed *bed = calloc(1, sizeof *bed);
    *state = bed;
    bed->size = (8u << 20) + 12345;
    bed->bytes = malloc(bed->size);
    for (uint64_t i = 0; i < bed->size; i++)
        bed->bytes[i] = (uint8_t)((i * 2654435761u) >> 13 ^ i >> 16);
    text_copy(bed->folder, sizeof bed->folder, "/tmp/lightsout.layer.XXXXXX");
    if (!mkdtemp(bed->folder))
        return -1;
    return loop_create(&bed->loop) < 0 || worker_pool_create(bed->loop, "io", 2, &bed->io) < 0 ? -1 : 0;
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(path);
}

int bed_tear_down(void **state)
{
    struct bed *bed = *state;
    source_close(bed->source);
    worker_pool_destroy(bed->io);
    loop_destroy(bed->loop);
    remove_folder(bed->folder);
    free(bed->bytes);
    free(bed);
    return 0;
}

struct source *bed_memory(struct bed *bed)
{
    struct source *source;
    assert_int_equal(source_memory_create(bed->bytes, bed->size, true, &source), 0);
    return source;
}

void bed_on_done(void *data, int error)
{
    struct bed_read *read = data;
    read->done++;
    read->error = error;
}

struct bed_read *bed_begin(struct bed *bed, uint64_t offset, size_t length)
{
    struct bed_read *read = calloc(1, sizeof *read);
    *read = (struct bed_read){.bed = bed, .offset = offset, .length = length, .room = malloc(length)};
    memset(read->room, 0xa5, length);
    source_read(bed->source, offset, read->room, length, bed_on_done, read);
    return read;
}

void bed_until(struct bed *bed, bool (*fn)(void *data), void *data)
{
    uint64_t end_us = clock_now_us() + LIMIT_US;
    while (!fn(data)) {
        assert_true(clock_now_us() < end_us);
        loop_dispatch(bed->loop, 20);
    }
}

static bool is_done(void *data)
{
    return ((struct bed_read *)data)->done;
}

int bed_end(struct bed_read *read)
{
    struct bed *bed = read->bed;
    bed_until(bed, is_done, read);
    assert_int_equal(read->done, 1);
    int error = read->error;
    if (!error && read->room && memcmp(read->room, bed->bytes + read->offset, read->length) != 0)
        fail_msg("%zu bytes at %llu are not the medium's", read->length, (unsigned long long)read->offset);
    free(read->room);
    free(read);
    return error;
}

int bed_read(struct bed *bed, uint64_t offset, size_t length)
{
    return bed_end(bed_begin(bed, offset, length));
}

static struct bed_read *begin_other(struct bed *bed)
{
    struct bed_read *read = calloc(1, sizeof *read);
    read->bed = bed;
    return read;
}

int bed_write(struct bed *bed, uint64_t offset, const void *bytes, size_t length)
{
    struct bed_read *write = begin_other(bed);
    source_write(bed->source, offset, bytes, length, bed_on_done, write);
    int r = bed_end(write);
    if (r == 0)
        memcpy(bed->bytes + offset, bytes, length);
    return r;
}

int bed_flush(struct bed *bed)
{
    struct bed_read *flush = begin_other(bed);
    source_flush(bed->source, bed_on_done, flush);
    return bed_end(flush);
}

int bed_trim(struct bed *bed, uint64_t offset, uint64_t length)
{
    struct bed_read *trim = begin_other(bed);
    source_trim(bed->source, offset, length, bed_on_done, trim);
    return bed_end(trim);
}

int bed_folder_fd(const struct bed *bed)
{
    int fd = open(bed->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}
