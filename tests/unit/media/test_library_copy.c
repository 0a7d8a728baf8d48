/* A medium is copied while it is read: what is read is exact, and what is needed first comes first. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "copy_bed.h"
#include "tool.h"

static void test_random_reads_are_exact_while_it_is_copied(void **state)
{
    struct copy_bed *f = *state;
    copy_bed_insert(f);
    assert_int_equal(copy_bed_read_about(f, 120, 7), 0);
    copy_bed_await(f, &f->ended, 1);
    assert_int_equal(f->error, 0);
    assert_string_equal(f->name, "a disc.iso");
    assert_int_equal(f->below.closed, 1);
    assert_true(f->progress > 0);
    assert_true(f->below.most_under_way <= COPY_FETCHES);
    unsigned before = f->below.reads;
    assert_int_equal(before, COPY_BED_BLOCKS); /* each block once */
    assert_int_equal(copy_bed_read_about(f, 60, 8), 0);
    assert_int_equal(f->below.reads, before);
    assert_true(library_in_use(f->library, "a disc.iso"));
    source_close(f->layer);
    copy_bed_settle(f);
    assert_false(library_in_use(f->library, "a disc.iso"));
    assert_int_equal(f->below.closed, 1);
    assert_int_equal(f->ended, 1);
    copy_bed_check_image(f, "a disc.iso");
}

static void test_a_failing_source_gives_errors_never_bytes(void **state)
{
    struct copy_bed *f = *state;
    f->below.fail = 6000;
    copy_bed_insert(f);
    assert_true(copy_bed_read_about(f, 240, 3) > 0);
    f->below.fail = 0;
    copy_bed_await(f, &f->ended, 1); /* the background tries again later, if it had to */
    assert_int_equal(f->error, 0);
    source_close(f->layer);
    copy_bed_settle(f);
    copy_bed_check_image(f, "a disc.iso");
}

static void test_answers_may_come_at_once(void **state)
{
    struct copy_bed *f = *state;
    f->below.delay_us = 0;
    copy_bed_insert(f);
    assert_int_equal(copy_bed_read_about(f, 60, 5), 0);
    copy_bed_await(f, &f->ended, 1);
    source_close(f->layer);
    copy_bed_settle(f);
    copy_bed_check_image(f, "a disc.iso");
}

static void test_a_disk_that_takes_no_more_stops_the_copy_not_the_medium(void **state)
{
    struct copy_bed *f = *state;
    struct rlimit before, less = {.rlim_cur = 40 * COPY_BLOCK};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    less.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    copy_bed_insert(f);
    assert_int_equal(copy_bed_read_about(f, 12, 7), 0); /* the file has its room by now */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    copy_bed_await(f, &f->ended, 1);
    assert_int_equal(f->error, -EFBIG);
    assert_int_equal(copy_bed_read_about(f, 120, 9), 0);
    assert_int_equal(f->below.closed, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    source_close(f->layer);
    copy_bed_settle(f);
    assert_int_equal(f->below.closed, 1);
    assert_int_equal(f->ended, 1);
}

static void test_no_room_at_all_is_said_at_once(void **state)
{
    struct copy_bed *f = *state;
    uint64_t available, total;
    assert_int_equal(library_space(f->library, &available, &total), 0);
    if (available + (1 << 30) > COPY_MAX_SIZE)
        skip();
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "a disc.iso", available + (1 << 30), copy_bed_id,
                                         &copy_bed_listener, f, &f->copy),
                     -ENOSPC);
    assert_int_equal(f->ended, 0);
}

static void test_a_taken_name_gets_a_number(void **state)
{
    struct copy_bed *f = *state;
    int folder = copy_bed_folder(f), fd = openat(folder, "a disc.iso", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    close(folder);
    f->below.delay_us = 0;
    copy_bed_insert(f);
    copy_bed_await(f, &f->ended, 1);
    assert_string_equal(f->name, "a disc (2).iso");
    source_close(f->layer);
    copy_bed_settle(f);
    copy_bed_check_image(f, "a disc (2).iso");
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
static uint8_t *make_disc(struct copy_bed *f, uint64_t *ret_size)
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
    struct copy_bed *f = *state;
    struct image_facts facts;
    uint64_t size;
    uint8_t *bytes = make_disc(f, &size);
    recognise(size, read_bytes, bytes, &facts);
    slow_source_init(&f->below, f->loop, size, 1);
    f->below.bytes = bytes;
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "a disc.iso", size, copy_bed_id,
                                         &copy_bed_listener, f, &f->copy),
                     0);
    assert_int_equal(layer_copy_create(f->copy, &f->below.source, &f->layer), 0);
    copy_bed_await(f, &f->ended, 1);
    assert_int_equal(f->error, 0);
    unsigned first = 0, n = MIN(f->below.reads, ARRAY_SIZE(f->below.order));
    while (first < n && in_ranges(&facts, f->below.order[first]))
        first++;
    assert_true(first >= 300000 / COPY_BLOCK && first < n / 2);
    for (unsigned i = first; i < n; i++)
        assert_false(in_ranges(&facts, f->below.order[i]));
    source_close(f->layer);
    copy_bed_settle(f);
    free(bytes);
}

static void test_what_is_not_needed_waits_while_somebody_reads(void **state)
{
    struct copy_bed *f = *state;
    struct copy_bed_read *read = calloc(1, sizeof *read);
    f->below.delay_us = 400000;
    copy_bed_insert(f);
    read->offset = 70ull * COPY_BLOCK;
    read->length = 4096;
    source_read(f->layer, read->offset, read->room, read->length, copy_bed_read_done, read);
    for (int i = 0; i < 5; i++)
        copy_bed_turn(f);
    /* at most the background's first few were before it */
    assert_true(f->below.reads <= COPY_BACKGROUND_BUSY + 1);
    while (!read->done)
        copy_bed_turn(f);
    copy_bed_read_check(read);
    source_close(f->layer);
    while (f->below.under_way)
        copy_bed_turn(f);
    copy_bed_settle(f);
    free(read);
}

#define T(name) cmocka_unit_test_setup_teardown(name, copy_bed_set_up, copy_bed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_random_reads_are_exact_while_it_is_copied),
        T(test_a_failing_source_gives_errors_never_bytes),
        T(test_answers_may_come_at_once),
        T(test_a_disk_that_takes_no_more_stops_the_copy_not_the_medium),
        T(test_no_room_at_all_is_said_at_once),
        T(test_a_taken_name_gets_a_number),
        T(test_what_firmware_reads_comes_first),
        T(test_what_is_not_needed_waits_while_somebody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
