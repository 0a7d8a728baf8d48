/* A copy that was left: closed, waited for, killed, changed by somebody, forgotten. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "copy_bed.h"

static void test_what_was_copied_is_found_again(void **state)
{
    struct copy_bed *f = *state;
    copy_bed_insert(f);
    assert_int_equal(copy_bed_read_about(f, 12, 7), 0);
    copy_bed_await_blocks(f);
    source_close(f->layer);
    copy_bed_settle(f); /* what was under way is answered to nobody, the map is written */
    assert_int_equal(f->ended, 0);
    assert_int_equal(f->below.closed, 1);
    unsigned before = f->below.reads;

    f->below.closed = 0;
    copy_bed_insert(f);
    uint64_t copied;
    bool complete;
    library_copy_state(f->copy, &copied, &complete);
    assert_true(copied > 0);
    copy_bed_await(f, &f->ended, 1);
    assert_true(f->below.reads < before + COPY_BED_BLOCKS);
    source_close(f->layer);
    copy_bed_settle(f);
    copy_bed_check_image(f, "a disc.iso");
}

static void test_a_second_drive_waits_for_the_first_one_to_write_down_what_it_has(void **state)
{
    struct copy_bed *f = *state;
    struct slow_source again;
    slow_source_init(&again, f->loop, COPY_BED_SIZE, 42);
    copy_bed_insert(f);
    assert_int_equal(copy_bed_read_about(f, 12, 7), 0);
    source_close(f->layer);
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "a disc.iso", COPY_BED_SIZE, copy_bed_id,
                                         &copy_bed_listener, f, &f->copy),
                     0);
    assert_int_equal(layer_copy_create(f->copy, &again.source, &f->layer), 0);
    assert_int_equal(copy_bed_read_about(f, 12, 9), 0);
    copy_bed_await(f, &f->ended, 1);
    assert_int_equal(f->error, 0);
    source_close(f->layer);
    copy_bed_settle(f);
    copy_bed_check_image(f, "a disc.iso");
}

/* In the child; killed while it copies. */
static void copy_until_killed(struct copy_bed *f, int tell_fd)
{
    copy_bed_start(f);
    f->below.delay_us = 20000;
    copy_bed_insert(f);
    uint32_t seed = 1;
    for (;;) {
        copy_bed_read_about(f, 12, copy_bed_random(&seed));
        uint64_t copied;
        bool complete;
        library_copy_state(f->copy, &copied, &complete);
        if (copied > COPY_BED_SIZE / 4 && write(tell_fd, "x", 1) != 1)
            _exit(1);
    }
}

static void test_a_kill_loses_nothing_that_was_told_of(void **state)
{
    struct copy_bed *f = *state;
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
    copy_bed_insert(f);
    assert_int_equal(copy_bed_read_about(f, 60, 11), 0);
    copy_bed_await(f, &f->ended, 1);
    assert_int_equal(f->error, 0);
    source_close(f->layer);
    copy_bed_settle(f);
    copy_bed_check_image(f, "a disc.iso");
}

static void test_a_map_that_was_changed_is_fetched_again(void **state)
{
    struct copy_bed *f = *state;
    struct copy_names names;
    uint8_t ones[COPY_UNIT];
    copy_bed_insert(f);
    assert_int_equal(copy_bed_read_about(f, 12, 7), 0);
    source_close(f->layer);
    copy_bed_settle(f);
    copy_names_make(copy_bed_id, &names);
    int folder = library_hidden_folder(f->library, "copies");
    int fd = openat(folder, names.map, O_RDWR | O_CLOEXEC);
    memset(ones, 0xff, sizeof ones);
    assert_int_equal(pwrite(fd, ones, COPY_UNIT - 8, COPY_UNIT), COPY_UNIT - 8);
    close(fd);
    close(folder);
    f->below.closed = 0;
    copy_bed_insert(f);
    uint64_t copied;
    bool complete;
    library_copy_state(f->copy, &copied, &complete);
    assert_int_equal(copied, 0);
    assert_int_equal(copy_bed_read_about(f, 24, 8), 0);
    copy_bed_await(f, &f->ended, 1);
    source_close(f->layer);
    copy_bed_settle(f);
    copy_bed_check_image(f, "a disc.iso");
}

static void test_forgetting_and_discarding_leave_nothing(void **state)
{
    struct copy_bed *f = *state;
    struct copy_names names;
    struct stat st;
    copy_names_make(copy_bed_id, &names);
    int folder = library_hidden_folder(f->library, "copies");
    copy_bed_insert(f);
    source_close(f->layer);
    copy_bed_settle(f);
    assert_int_equal(fstatat(folder, names.part, &st, 0), 0);
    library_copy_forget(f->library, copy_bed_id);
    assert_int_equal(fstatat(folder, names.part, &st, 0), -1);
    assert_int_equal(library_copy_create(f->loop, f->library, f->io, "b.iso", COPY_BED_SIZE, copy_bed_id,
                                         &copy_bed_listener, f, &f->copy),
                     0);
    library_copy_destroy(f->copy, true);
    copy_bed_settle(f);
    assert_int_equal(fstatat(folder, names.part, &st, 0), -1);
    assert_int_equal(fstatat(folder, names.map, &st, 0), -1);
    close(folder);
}

#define T(name) cmocka_unit_test_setup_teardown(name, copy_bed_set_up, copy_bed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_what_was_copied_is_found_again),
        T(test_a_second_drive_waits_for_the_first_one_to_write_down_what_it_has),
        T(test_a_kill_loses_nothing_that_was_told_of),
        T(test_a_map_that_was_changed_is_fetched_again),
        T(test_forgetting_and_discarding_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
