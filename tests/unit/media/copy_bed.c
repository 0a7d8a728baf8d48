#include "copy_bed.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/text.h"

#define WORKERS 3

const uint8_t copy_bed_id[16] = {1, 2, 3, 0xfe};

static void on_progress(void *data, uint64_t copied, uint64_t size)
{
    struct copy_bed *f = data;
    assert_true(copied <= size);
    f->progress++;
}

static void on_ended(void *data, int error, const char *name)
{
    struct copy_bed *f = data;
    f->ended++;
    f->error = error;
    text_copy(f->name, sizeof f->name, name);
}

const struct library_copy_listener copy_bed_listener = {on_progress, on_ended};

int copy_bed_folder(struct copy_bed *f)
{
    return open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void copy_bed_start(struct copy_bed *f)
{
    assert_int_equal(loop_create(&f->loop), 0);
    assert_int_equal(worker_pool_create(f->loop, "io", WORKERS, &f->io), 0);
    assert_int_equal(library_create(copy_bed_folder(f), f->io, &f->library), 0);
    slow_source_init(&f->below, f->loop, COPY_BED_SIZE, 42);
}

static void stop(struct copy_bed *f)
{
    worker_pool_destroy(f->io);
    library_destroy(f->library);
    loop_destroy(f->loop);
}

int copy_bed_set_up(void **state)
{
    struct copy_bed *f = calloc(1, sizeof *f);
    *state = f;
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.copy.XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    copy_bed_start(f);
    return 0;
}

static void remove_in(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct copy_names names;
    copy_names_make(copy_bed_id, &names);
    if (fd < 0)
        return;
    unlinkat(fd, names.part, 0);
    unlinkat(fd, names.map, 0);
    close(fd);
    unlinkat(folder, name, AT_REMOVEDIR);
}

int copy_bed_tear_down(void **state)
{
    struct copy_bed *f = *state;
    stop(f);
    int folder = copy_bed_folder(f);
    remove_in(folder, ".copies");
    unlinkat(folder, "a disc.iso", 0);
    unlinkat(folder, "a disc (2).iso", 0);
    int facts = openat(folder, ".facts", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (facts >= 0) {
        unlinkat(facts, "a disc.iso", 0);
        unlinkat(facts, "a disc (2).iso", 0);
        close(facts);
        unlinkat(folder, ".facts", AT_REMOVEDIR);
    }
    close(folder);
    rmdir(f->folder);
    free(f);
    return 0;
}

void copy_bed_insert(struct copy_bed *f)
{
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "a disc.iso", COPY_BED_SIZE, copy_bed_id,
                                         &copy_bed_listener, f, &f->copy),
                     0);
    assert_int_equal(layer_copy_create(f->copy, &f->below.source, &f->layer), 0);
}

void copy_bed_turn(struct copy_bed *f)
{
    assert_int_equal(loop_dispatch(f->loop, 20), 0);
}

static void meet(void *data)
{
    struct copy_bed *f = data;
    pthread_barrier_wait(&f->workers_met);
}

static void on_met(void *data)
{
    struct copy_bed *f = data;
    f->met++;
}

/* All jobs begun before are done when all workers are free to meet. */
static void await_workers(struct copy_bed *f)
{
    f->met = 0;
    assert_int_equal(pthread_barrier_init(&f->workers_met, NULL, WORKERS), 0);
    for (unsigned i = 0; i < WORKERS; i++)
        assert_int_equal(worker_pool_submit(f->io, meet, on_met, f), 0);
    copy_bed_await(f, &f->met, WORKERS);
    pthread_barrier_destroy(&f->workers_met);
}

void copy_bed_settle(struct copy_bed *f)
{
    for (unsigned i = 0; i < 4; i++) { /* what ends may begin something that ends it all */
        while (f->below.under_way)
            copy_bed_turn(f);
        await_workers(f);
    }
}

void copy_bed_await_blocks(struct copy_bed *f)
{
    uint64_t copied = 0, limit = clock_now_us() + 120000000;
    bool complete = false;
    while (!copied && clock_now_us() < limit) {
        copy_bed_turn(f);
        library_copy_state(f->copy, &copied, &complete);
    }
    assert_true(copied > 0 && !complete);
}

void copy_bed_await(struct copy_bed *f, const unsigned *counter, unsigned at_least)
{
    uint64_t limit = clock_now_us() + 120000000;
    while (*counter < at_least && clock_now_us() < limit)
        copy_bed_turn(f);
    assert_true(*counter >= at_least);
}

void copy_bed_read_done(void *data, int error)
{
    struct copy_bed_read *read = data;
    assert_false(read->done);
    read->done = true;
    read->error = error;
}

void copy_bed_read_check(const struct copy_bed_read *read)
{
    for (size_t i = 0; i < read->length; i++)
        if (read->room[i] != slow_source_byte(42, read->offset + i))
            fail_msg("byte %llu differs", (unsigned long long)(read->offset + i));
}

uint32_t copy_bed_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 4;
}

unsigned copy_bed_read_about(struct copy_bed *f, unsigned n, uint32_t seed)
{
    static struct copy_bed_read reads[12];
    unsigned failed = 0;
    for (unsigned i = 0; i < n; i += 12) {
        for (unsigned k = 0; k < 12; k++) {
            reads[k] = (struct copy_bed_read){.offset = copy_bed_random(&seed) % COPY_BED_SIZE};
            size_t length = 1 + copy_bed_random(&seed) % sizeof reads[k].room;
            reads[k].length = MIN(length, COPY_BED_SIZE - reads[k].offset);
            source_read(f->layer, reads[k].offset, reads[k].room, reads[k].length, copy_bed_read_done, &reads[k]);
        }
        for (unsigned k = 0; k < 12; k++) {
            uint64_t limit = clock_now_us() + 120000000;
            while (!reads[k].done && clock_now_us() < limit)
                copy_bed_turn(f);
            assert_true(reads[k].done);
            failed += reads[k].error != 0;
            if (!reads[k].error)
                copy_bed_read_check(&reads[k]);
        }
    }
    return failed;
}

void copy_bed_check_image(struct copy_bed *f, const char *name)
{
    struct stat st;
    uint8_t *bytes = malloc(COPY_BED_SIZE);
    int folder = copy_bed_folder(f), fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, COPY_BED_SIZE);
    assert_int_equal(pread(fd, bytes, COPY_BED_SIZE, 0), COPY_BED_SIZE);
    for (size_t i = 0; i < COPY_BED_SIZE; i++)
        if (bytes[i] != slow_source_byte(42, i))
            fail_msg("byte %zu of the copy differs", i);
    free(bytes);
    close(fd);
    close(folder);
}
