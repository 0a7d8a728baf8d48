#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/text.h"
#include "media/library.h"
#include "media/library_copy.h"
#include "media/library_copy_internal.h"
#include "slow_source.h"
#include "tool.h"

#define BLOCKS 80u
#define SIZE ((BLOCKS - 1) * COPY_BLOCK + 12345)

struct fixture {
    struct loop *loop;
    struct worker_pool *io;
    struct library *library;
    struct slow_source below;
    struct library_copy *copy;
    struct source *layer;
    char folder[64];
    unsigned ended, progress;
    int error;
    char name[256];
};

static const uint8_t id[16] = {1, 2, 3, 0xfe};

static void on_progress(void *data, uint64_t copied, uint64_t size)
{
    struct fixture *f = data;
    assert_true(copied <= size);
    f->progress++;
}

static void on_ended(void *data, int error, const char *name)
{
    struct fixture *f = data;
    f->ended++;
    f->error = error;
    text_copy(f->name, sizeof f->name, name);
}

static const struct library_copy_listener listener = {on_progress, on_ended};

static int open_folder(struct fixture *f)
{
    return open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void start(struct fixture *f)
{
    assert_int_equal(loop_create(&f->loop), 0);
    assert_int_equal(worker_pool_create(f->loop, "io", 3, &f->io), 0);
    assert_int_equal(library_create(open_folder(f), f->io, &f->library), 0);
    slow_source_init(&f->below, f->loop, SIZE, 42);
}

static void stop(struct fixture *f)
{
    worker_pool_destroy(f->io);
    library_destroy(f->library);
    loop_destroy(f->loop);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.copy.XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    start(f);
    return 0;
}

static void remove_in(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct copy_names names;
    copy_names_make(id, &names);
    if (fd < 0)
        return;
    unlinkat(fd, names.part, 0);
    unlinkat(fd, names.map, 0);
    close(fd);
    unlinkat(folder, name, AT_REMOVEDIR);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stop(f);
    int folder = open_folder(f);
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

static void insert(struct fixture *f)
{
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "a disc.iso", SIZE, id, &listener, f, &f->copy),
                     0);
    assert_int_equal(layer_copy_create(f->copy, &f->below.source, &f->layer), 0);
}

static void turn(struct fixture *f)
{
    assert_int_equal(loop_dispatch(f->loop, 20), 0);
}

/* The layer gives back its descriptors some time after it was closed. */
static void settle(struct fixture *f)
{
    uint64_t until = clock_now_us() + 300000;
    while (clock_now_us() < until)
        turn(f);
}

static void wait_until(struct fixture *f, const unsigned *counter, unsigned at_least)
{
    uint64_t limit = clock_now_us() + 60000000;
    while (*counter < at_least && clock_now_us() < limit)
        turn(f);
    assert_true(*counter >= at_least);
}

struct random_read {
    bool done;
    int error;
    uint64_t offset;
    size_t length;
    uint8_t room[300000];
};

static void on_read(void *data, int error)
{
    struct random_read *read = data;
    assert_false(read->done);
    read->done = true;
    read->error = error;
}

static void check(const struct random_read *read)
{
    for (size_t i = 0; i < read->length; i++)
        if (read->room[i] != slow_source_byte(42, read->offset + i))
            fail_msg("byte %llu differs", (unsigned long long)(read->offset + i));
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 4;
}

/* Many at a time; each right, or (where the source fails) an error. Returns how many failed. */
static unsigned read_about(struct fixture *f, unsigned n, uint32_t seed)
{
    static struct random_read reads[12];
    unsigned failed = 0;
    for (unsigned i = 0; i < n; i += 12) {
        for (unsigned k = 0; k < 12; k++) {
            reads[k] = (struct random_read){.offset = next_random(&seed) % SIZE};
            size_t length = 1 + next_random(&seed) % sizeof reads[k].room;
            reads[k].length = MIN(length, SIZE - reads[k].offset);
            source_read(f->layer, reads[k].offset, reads[k].room, reads[k].length, on_read, &reads[k]);
        }
        for (unsigned k = 0; k < 12; k++) {
            uint64_t limit = clock_now_us() + 60000000;
            while (!reads[k].done && clock_now_us() < limit)
                turn(f);
            assert_true(reads[k].done);
            failed += reads[k].error != 0;
            if (!reads[k].error)
                check(&reads[k]);
        }
    }
    return failed;
}

static void check_image(struct fixture *f, const char *name)
{
    struct stat st;
    uint8_t *bytes = malloc(SIZE);
    int folder = open_folder(f), fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, SIZE);
    assert_int_equal(pread(fd, bytes, SIZE, 0), SIZE);
    for (size_t i = 0; i < SIZE; i++)
        if (bytes[i] != slow_source_byte(42, i))
            fail_msg("byte %zu of the copy differs", i);
    free(bytes);
    close(fd);
    close(folder);
}

static void test_random_reads_are_exact_while_it_is_copied(void **state)
{
    struct fixture *f = *state;
    insert(f);
    assert_int_equal(read_about(f, 120, 7), 0);
    wait_until(f, &f->ended, 1);
    assert_int_equal(f->error, 0);
    assert_string_equal(f->name, "a disc.iso");
    assert_int_equal(f->below.closed, 1);
    assert_true(f->progress > 0);
    assert_true(f->below.most_under_way <= COPY_FETCHES);
    unsigned before = f->below.reads;
    assert_int_equal(before, BLOCKS); /* each block once */
    assert_int_equal(read_about(f, 60, 8), 0);
    assert_int_equal(f->below.reads, before);
    assert_true(library_in_use(f->library, "a disc.iso"));
    source_close(f->layer);
    settle(f);
    assert_false(library_in_use(f->library, "a disc.iso"));
    assert_int_equal(f->below.closed, 1);
    assert_int_equal(f->ended, 1);
    check_image(f, "a disc.iso");
}

static void test_a_failing_source_gives_errors_never_bytes(void **state)
{
    struct fixture *f = *state;
    f->below.fail = 6000;
    insert(f);
    assert_true(read_about(f, 240, 3) > 0);
    f->below.fail = 0;
    wait_until(f, &f->ended, 1); /* the background tries again later, if it had to */
    assert_int_equal(f->error, 0);
    source_close(f->layer);
    settle(f);
    check_image(f, "a disc.iso");
}

static void test_answers_may_come_at_once(void **state)
{
    struct fixture *f = *state;
    f->below.delay_us = 0;
    insert(f);
    assert_int_equal(read_about(f, 60, 5), 0);
    wait_until(f, &f->ended, 1);
    source_close(f->layer);
    settle(f);
    check_image(f, "a disc.iso");
}

static void test_what_was_copied_is_found_again(void **state)
{
    struct fixture *f = *state;
    insert(f);
    assert_int_equal(read_about(f, 12, 7), 0);
    uint64_t copied;
    bool complete;
    library_copy_state(f->copy, &copied, &complete);
    assert_true(copied > 0 && !complete);
    source_close(f->layer);
    settle(f); /* what was under way is answered to nobody, the map is written */
    assert_int_equal(f->ended, 0);
    assert_int_equal(f->below.closed, 1);
    unsigned before = f->below.reads;

    f->below.closed = 0;
    insert(f);
    library_copy_state(f->copy, &copied, &complete);
    assert_true(copied > 0);
    wait_until(f, &f->ended, 1);
    assert_true(f->below.reads < before + BLOCKS);
    source_close(f->layer);
    settle(f);
    check_image(f, "a disc.iso");
}

static void test_a_second_drive_waits_for_the_first_one_to_write_down_what_it_has(void **state)
{
    struct fixture *f = *state;
    struct slow_source again;
    slow_source_init(&again, f->loop, SIZE, 42);
    insert(f);
    assert_int_equal(read_about(f, 12, 7), 0);
    source_close(f->layer);
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "a disc.iso", SIZE, id, &listener, f, &f->copy),
                     0);
    assert_int_equal(layer_copy_create(f->copy, &again.source, &f->layer), 0);
    assert_int_equal(read_about(f, 12, 9), 0);
    wait_until(f, &f->ended, 1);
    assert_int_equal(f->error, 0);
    source_close(f->layer);
    settle(f);
    check_image(f, "a disc.iso");
}

/* In the child; killed while it copies. */
static void copy_until_killed(struct fixture *f, int tell_fd)
{
    start(f);
    f->below.delay_us = 20000;
    insert(f);
    uint32_t seed = 1;
    for (;;) {
        read_about(f, 12, next_random(&seed));
        uint64_t copied;
        bool complete;
        library_copy_state(f->copy, &copied, &complete);
        if (copied > SIZE / 4 && write(tell_fd, "x", 1) != 1)
            _exit(1);
    }
}

static void test_a_kill_loses_nothing_that_was_told_of(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 3; round++) {
        int pipes[2];
        char byte;
        assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(pipes[0]);
            copy_until_killed(f, pipes[1]);
        }
        close(pipes[1]);
        assert_int_equal(read(pipes[0], &byte, 1), 1); /* it has copied something */
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        close(pipes[0]);
    }
    insert(f);
    assert_int_equal(read_about(f, 60, 11), 0);
    wait_until(f, &f->ended, 1);
    assert_int_equal(f->error, 0);
    source_close(f->layer);
    settle(f);
    check_image(f, "a disc.iso");
}

static void test_a_map_that_was_changed_is_fetched_again(void **state)
{
    struct fixture *f = *state;
    struct copy_names names;
    uint8_t ones[COPY_UNIT];
    insert(f);
    assert_int_equal(read_about(f, 12, 7), 0);
    source_close(f->layer);
    settle(f);
    copy_names_make(id, &names);
    int folder = library_hidden_folder(f->library, "copies");
    int fd = openat(folder, names.map, O_RDWR | O_CLOEXEC);
    memset(ones, 0xff, sizeof ones);
    assert_int_equal(pwrite(fd, ones, COPY_UNIT - 8, COPY_UNIT), COPY_UNIT - 8);
    close(fd);
    close(folder);
    f->below.closed = 0;
    insert(f);
    uint64_t copied;
    bool complete;
    library_copy_state(f->copy, &copied, &complete);
    assert_int_equal(copied, 0);
    assert_int_equal(read_about(f, 24, 8), 0);
    wait_until(f, &f->ended, 1);
    source_close(f->layer);
    settle(f);
    check_image(f, "a disc.iso");
}

static void test_a_disk_that_takes_no_more_stops_the_copy_not_the_medium(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, less = {.rlim_cur = 40 * COPY_BLOCK};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    less.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    insert(f);
    assert_int_equal(read_about(f, 12, 7), 0); /* the file has its room by now */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    wait_until(f, &f->ended, 1);
    assert_int_equal(f->error, -EFBIG);
    assert_int_equal(read_about(f, 120, 9), 0);
    assert_int_equal(f->below.closed, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    source_close(f->layer);
    settle(f);
    assert_int_equal(f->below.closed, 1);
    assert_int_equal(f->ended, 1);
}

static void test_no_room_at_all_is_said_at_once(void **state)
{
    struct fixture *f = *state;
    uint64_t available, total;
    assert_int_equal(library_space(f->library, &available, &total), 0);
    if (available + (1 << 30) > COPY_MAX_SIZE)
        skip();
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "a disc.iso", available + (1 << 30), id, &listener,
                                         f, &f->copy),
                     -ENOSPC);
    assert_int_equal(f->ended, 0);
}

static void test_a_taken_name_gets_a_number(void **state)
{
    struct fixture *f = *state;
    int folder = open_folder(f), fd = openat(folder, "a disc.iso", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    close(folder);
    f->below.delay_us = 0;
    insert(f);
    wait_until(f, &f->ended, 1);
    assert_string_equal(f->name, "a disc (2).iso");
    source_close(f->layer);
    settle(f);
    check_image(f, "a disc (2).iso");
}

static void test_forgetting_and_discarding_leave_nothing(void **state)
{
    struct fixture *f = *state;
    struct copy_names names;
    struct stat st;
    copy_names_make(id, &names);
    int folder = library_hidden_folder(f->library, "copies");
    insert(f);
    source_close(f->layer);
    settle(f);
    assert_int_equal(fstatat(folder, names.part, &st, 0), 0);
    library_copy_forget(f->library, id);
    assert_int_equal(fstatat(folder, names.part, &st, 0), -1);
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "b.iso", SIZE, id, &listener, f, &f->copy), 0);
    library_copy_destroy(f->copy, true);
    settle(f);
    assert_int_equal(fstatat(folder, names.part, &st, 0), -1);
    assert_int_equal(fstatat(folder, names.map, &st, 0), -1);
    close(folder);
}

static bool read_bytes(void *data, uint64_t offset, void *room, size_t size)
{
    memcpy(room, (const uint8_t *)data + offset, size);
    return true;
}

static bool in_ranges(const struct image_facts *facts, uint64_t offset)
{
    for (unsigned i = 0; i < facts->n_ranges; i++)
        if (offset + COPY_BLOCK > facts->ranges[i].offset && offset < facts->ranges[i].offset + facts->ranges[i].size)
            return true;
    return false;
}

/* A disc of a loader, its menu and much else. */
static uint8_t *make_disc(struct fixture *f, uint64_t *ret_size)
{
    char said[1000], path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s.iso", f->folder);
    if (!tool_there("xorriso"))
        skip();
    assert_int_equal(tool_run((const char *const[]){"sh", "-euc",
                                                    "mkdir -p $1.t/a $1.t/boot; head -c 4000000 /dev/zero >$1.t/a/a; "
                                                    "head -c 300000 /dev/zero >$1.t/boot/menu; "
                                                    "head -c 2048 /dev/zero >$1.t/boot/l; xorriso -as mkisofs -quiet "
                                                    "-b boot/l -no-emul-boot -o $1.iso $1.t; rm -r $1.t",
                                                    "sh", f->folder, NULL},
                              said, sizeof said),
                     0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    uint8_t *bytes = malloc((size_t)st.st_size);
    assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
    close(fd);
    unlink(path);
    *ret_size = (uint64_t)st.st_size;
    return bytes;
}

static void test_what_firmware_reads_comes_first(void **state)
{
    struct fixture *f = *state;
    struct image_facts facts;
    uint64_t size;
    uint8_t *bytes = make_disc(f, &size);
    recognise(size, read_bytes, bytes, &facts);
    slow_source_init(&f->below, f->loop, size, 1);
    f->below.bytes = bytes;
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "a disc.iso", size, id, &listener, f, &f->copy),
                     0);
    assert_int_equal(layer_copy_create(f->copy, &f->below.source, &f->layer), 0);
    wait_until(f, &f->ended, 1);
    assert_int_equal(f->error, 0);
    unsigned first = 0, n = MIN(f->below.reads, ARRAY_SIZE(f->below.order));
    while (first < n && in_ranges(&facts, f->below.order[first]))
        first++;
    assert_true(first >= 300000 / COPY_BLOCK && first < n / 2);
    for (unsigned i = first; i < n; i++)
        assert_false(in_ranges(&facts, f->below.order[i]));
    source_close(f->layer);
    settle(f);
    free(bytes);
}

static void test_what_is_not_needed_waits_while_somebody_reads(void **state)
{
    struct fixture *f = *state;
    struct random_read *read = calloc(1, sizeof *read);
    f->below.delay_us = 400000;
    insert(f);
    read->offset = 70ull * COPY_BLOCK;
    read->length = 4096;
    source_read(f->layer, read->offset, read->room, read->length, on_read, read);
    for (int i = 0; i < 5; i++)
        turn(f);
    /* at most the background's first few were before it */
    assert_true(f->below.reads <= COPY_BACKGROUND_BUSY + 1);
    while (!read->done)
        turn(f);
    check(read);
    source_close(f->layer);
    while (f->below.under_way)
        turn(f);
    settle(f);
    free(read);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_random_reads_are_exact_while_it_is_copied),
        T(test_a_failing_source_gives_errors_never_bytes),
        T(test_answers_may_come_at_once),
        T(test_what_was_copied_is_found_again),
        T(test_a_second_drive_waits_for_the_first_one_to_write_down_what_it_has),
        T(test_a_kill_loses_nothing_that_was_told_of),
        T(test_a_map_that_was_changed_is_fetched_again),
        T(test_a_disk_that_takes_no_more_stops_the_copy_not_the_medium),
        T(test_no_room_at_all_is_said_at_once),
        T(test_a_taken_name_gets_a_number),
        T(test_forgetting_and_discarding_leave_nothing),
        T(test_what_firmware_reads_comes_first),
        T(test_what_is_not_needed_waits_while_somebody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
