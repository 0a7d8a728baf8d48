#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/text.h"
#include "media/source_file.h"
#include "media/source_memory.h"

#define SIZE 300000

struct fixture {
    struct loop *loop;
    struct worker_pool *io;
    struct source *source;
    char path[64], why[400];
    unsigned faults;
};

static uint8_t content[SIZE];

static void on_fault(void *data, const char *why)
{
    struct fixture *f = data;
    f->faults++;
    snprintf(f->why, sizeof f->why, "%s", why);
}

static const struct source_file_listener listener = {.fault = on_fault};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 2654435761u >> 11);
    text_copy(f->path, sizeof f->path, "/tmp/lightsout.image.XXXXXX");
    _cleanup_close_ int fd = mkstemp(f->path);
    if (fd < 0 || write(fd, content, SIZE) != SIZE)
        return -1;
    /* an older time, so that a later change shows whatever the clock's grain */
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    futimens(fd, times);
    return loop_create(&f->loop) < 0 || worker_pool_create(f->loop, "io", 3, &f->io) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    source_close(f->source);
    worker_pool_destroy(f->io);
    loop_destroy(f->loop);
    unlink(f->path);
    free(f);
    return 0;
}

static void open_source(struct fixture *f, bool read_only)
{
    int fd = open(f->path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    assert_int_equal(source_file_create(fd, "test.iso", read_only, f->io, &listener, f, &f->source), 0);
}

struct result {
    bool done;
    int error;
};

static void on_done(void *data, int error)
{
    struct result *result = data;
    assert_false(result->done);
    *result = (struct result){true, error};
}

static int wait_for(struct fixture *f, struct result *result)
{
    uint64_t limit = clock_now_us() + 120000000;
    while (!result->done && clock_now_us() < limit)
        loop_dispatch(f->loop, 100);
    assert_true(result->done);
    return result->error;
}

static int read_at(struct fixture *f, uint64_t offset, void *room, size_t length)
{
    struct result result = {0};
    source_read(f->source, offset, room, length, on_done, &result);
    return wait_for(f, &result);
}

static void test_many_reads_at_once_are_exact(void **state)
{
    struct fixture *f = *state;
    open_source(f, true);
    assert_int_equal(f->source->size, SIZE);
    enum { N = 100 };
    static struct result results[N];
    static uint8_t room[N][5000];
    memset(results, 0, sizeof results);
    for (unsigned i = 0; i < N; i++)
        source_read(f->source, i * 2900, room[i], sizeof room[i], on_done, &results[i]);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(wait_for(f, &results[i]), 0);
        assert_memory_equal(room[i], content + i * 2900, sizeof room[i]);
    }
    assert_int_equal(f->faults, 0);
}

static void test_ranges_are_checked(void **state)
{
    struct fixture *f = *state;
    open_source(f, true);
    uint8_t room[16];
    assert_int_equal(read_at(f, SIZE - 16, room, 16), 0);
    assert_int_equal(read_at(f, SIZE - 15, room, 16), -EINVAL);
    assert_int_equal(read_at(f, ~0ull, room, 16), -EINVAL);
    assert_int_equal(read_at(f, SIZE, room, 0), 0);
    struct result result = {0};
    source_write(f->source, 0, room, 16, on_done, &result);
    assert_int_equal(wait_for(f, &result), -EROFS);
    result.done = false;
    source_trim(f->source, 0, 16, on_done, &result);
    assert_int_equal(wait_for(f, &result), -EROFS);
}

static void test_a_changed_file_gives_errors_and_one_event(void **state)
{
    struct fixture *f = *state;
    open_source(f, true);
    uint8_t room[512];
    assert_int_equal(read_at(f, 0, room, sizeof room), 0);
    _cleanup_close_ int fd = open(f->path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "changed", 7, 250000), 7);
    assert_int_equal(read_at(f, 0, room, sizeof room), -EIO);
    assert_int_equal(read_at(f, 1000, room, sizeof room), -EIO);
    assert_int_equal(f->faults, 1);
    assert_string_equal(f->why, "The image test.iso was changed while it was inserted. Eject it and insert it again.");
}

static void test_a_cut_file_gives_errors(void **state)
{
    struct fixture *f = *state;
    open_source(f, false);
    uint8_t room[512];
    assert_int_equal(truncate(f->path, 1000), 0);
    assert_int_equal(read_at(f, 0, room, sizeof room), -EIO);
    assert_int_equal(f->faults, 1);
}

static void test_a_file_that_was_replaced_is_still_the_old_one(void **state)
{
    struct fixture *f = *state;
    open_source(f, true);
    unlink(f->path);
    close(open(f->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    uint8_t room[512];
    assert_int_equal(read_at(f, 4096, room, sizeof room), 0);
    assert_memory_equal(room, content + 4096, sizeof room);
}

static void test_writes_are_read_back_and_on_disk(void **state)
{
    struct fixture *f = *state;
    open_source(f, false);
    struct result result = {0};
    source_write(f->source, 777, "written by the target", 21, on_done, &result);
    assert_int_equal(wait_for(f, &result), 0);
    result.done = false;
    source_flush(f->source, on_done, &result);
    assert_int_equal(wait_for(f, &result), 0);
    char room[21];
    assert_int_equal(read_at(f, 777, room, sizeof room), 0);
    assert_memory_equal(room, "written by the target", sizeof room);
    _cleanup_close_ int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, room, sizeof room, 777), sizeof room);
    assert_memory_equal(room, "written by the target", sizeof room);
    result.done = false;
    source_trim(f->source, 4096, 8192, on_done, &result);
    assert_int_equal(wait_for(f, &result), 0);
    assert_int_equal(f->faults, 0);
}

static void test_a_writable_image_is_inserted_once(void **state)
{
    struct fixture *f = *state;
    open_source(f, false);
    struct source *second;
    _cleanup_close_ int fd = open(f->path, O_RDWR | O_CLOEXEC);
    assert_int_equal(source_file_create(fd, "x", false, f->io, NULL, NULL, &second), -EBUSY);
    assert_int_equal(source_file_create(fd, "x", true, f->io, NULL, NULL, &second), -EBUSY);
    f->source = source_close(f->source);
    open_source(f, true);
    assert_int_equal(source_file_create(fd, "x", true, f->io, NULL, NULL, &second), 0); /* two readers */
    source_close(second);
    fd = -1;
}

static void test_what_is_no_image_is_refused(void **state)
{
    struct fixture *f = *state;
    struct source *source;
    _cleanup_close_ int folder = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(source_file_create(folder, "x", true, f->io, NULL, NULL, &source), -EISDIR);
    _cleanup_close_ int device = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(source_file_create(device, "x", true, f->io, NULL, NULL, &source), -EINVAL);
    assert_int_equal(truncate(f->path, 0), 0);
    _cleanup_close_ int empty = open(f->path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(source_file_create(empty, "x", true, f->io, NULL, NULL, &source), -ENODATA);
}

static void test_closing_with_requests_running(void **state)
{
    struct fixture *f = *state;
    enum { N = 50 };
    static struct result results[N];
    static uint8_t room[N][4096];
    memset(results, 0, sizeof results);
    open_source(f, true);
    for (unsigned i = 0; i < N; i++)
        source_read(f->source, i * 4096, room[i], sizeof room[i], on_done, &results[i]);
    f->source = source_close(f->source);
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(wait_for(f, &results[i]), 0);
    /* and with the pool going away first: all are answered */
    memset(results, 0, sizeof results);
    open_source(f, true);
    for (unsigned i = 0; i < N; i++)
        source_read(f->source, i * 4096, room[i], sizeof room[i], on_done, &results[i]);
    f->io = worker_pool_destroy(f->io);
    for (unsigned i = 0; i < N; i++) {
        assert_true(results[i].done);
        assert_true(results[i].error == 0 || results[i].error == -ECANCELED);
    }
    assert_int_equal(f->faults, 0);
}

static void expect_zeros(struct fixture *f, struct source *source, size_t from, size_t to)
{
    static uint8_t got[SIZE];
    struct result result = {.done = false};
    memset(got, 0x77, sizeof got);
    source_read(source, 0, got, SIZE, on_done, &result);
    while (!result.done)
        loop_dispatch(f->loop, 10);
    assert_int_equal(result.error, 0);
    for (size_t i = 0; i < SIZE; i++)
        assert_int_equal(got[i], i >= from && i < to ? 0 : content[i]);
}

static void test_zeros(void **state)
{
    struct fixture *f = *state;
    for (unsigned keep_room = 0; keep_room < 2; keep_room++) {
        open_source(f, false);
        struct result result = {.done = false};
        source_zero(f->source, 5000, 100000, keep_room, on_done, &result);
        while (!result.done)
            loop_dispatch(f->loop, 10);
        assert_int_equal(result.error, 0);
        expect_zeros(f, f->source, 5000, 105000);
        result.done = false;
        source_zero(f->source, SIZE - 1, 2, keep_room, on_done, &result);
        assert_int_equal(result.error, -EINVAL);
        f->source = source_close(f->source);
    }
}

/* A source without a way of its own; it answers at once, which must not pile up. */
static void test_zeros_by_writing(void **state)
{
    struct fixture *f = *state;
    struct source *memory;
    struct result result = {.done = false};
    assert_int_equal(source_memory_create(content, SIZE, false, &memory), 0);
    source_zero(memory, 1, SIZE - 2, false, on_done, &result);
    assert_true(result.done);
    expect_zeros(f, memory, 1, SIZE - 1);
    source_close(memory);

    assert_int_equal(source_memory_create(NULL, 64u << 20, false, &memory), 0);
    result.done = false;
    source_zero(memory, 0, 64u << 20, true, on_done, &result);
    assert_true(result.done);
    assert_int_equal(result.error, 0);
    source_memory_hold(memory);
    result.done = false;
    source_zero(memory, 0, 1u << 20, true, on_done, &result);
    assert_false(result.done);
    source_memory_let_go(memory, -ENOSPC);
    assert_true(result.done);
    assert_int_equal(result.error, -ENOSPC);
    source_close(memory);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_many_reads_at_once_are_exact),
        T(test_ranges_are_checked),
        T(test_a_changed_file_gives_errors_and_one_event),
        T(test_a_cut_file_gives_errors),
        T(test_a_file_that_was_replaced_is_still_the_old_one),
        T(test_writes_are_read_back_and_on_disk),
        T(test_a_writable_image_is_inserted_once),
        T(test_zeros),
        T(test_zeros_by_writing),
        T(test_what_is_no_image_is_refused),
        T(test_closing_with_requests_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
