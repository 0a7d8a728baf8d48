#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/loop.h"

#define PAIRS 5

/* Socket pairs whose first ends are all readable in the same batch. */
struct fixture {
    struct loop *loop;
    int fds[PAIRS][2];
    struct loop_io *ios[PAIRS];
    unsigned called;
    struct loop_timer *timer;
    struct loop_wake *wake;
    int order[16];
};

static void remove_everything(void *data, int fd, attr_unused uint32_t events)
{
    struct fixture *f = data;
    char byte;
    assert_int_equal(read(fd, &byte, 1), 1);
    f->called++;
    for (int i = 0; i < PAIRS; i++)
        f->ios[i] = loop_io_remove(f->ios[i]);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(loop_create(&f->loop), 0);
    for (int i = 0; i < PAIRS; i++)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f->fds[i]), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < PAIRS; i++) {
        loop_io_remove(f->ios[i]);
        close(f->fds[i][0]);
        close(f->fds[i][1]);
    }
    loop_timer_remove(f->timer);
    loop_wake_remove(f->wake);
    loop_destroy(f->loop);
    free(f);
    return 0;
}

static void add_all(struct fixture *f, loop_io_fn *fn)
{
    for (int i = 0; i < PAIRS; i++) {
        assert_int_equal(loop_io_add(f->loop, f->fds[i][0], EPOLLIN, fn, f, &f->ios[i]), 0);
        assert_int_equal(write(f->fds[i][1], "x", 1), 1);
    }
}

static void ios_removed_in_the_same_batch_stay_silent(void **state)
{
    struct fixture *f = *state;
    add_all(f, remove_everything);
    assert_int_equal(loop_dispatch(f->loop, 1000), 0);
    assert_int_equal(loop_dispatch(f->loop, 0), 0);
    assert_int_equal(f->called, 1);
}

static void must_not_run(void *data, attr_unused int fd, attr_unused uint32_t events)
{
    struct fixture *f = data;
    f->called += 100;
}

/* The kernel gives a new descriptor the number of a closed one: an event meant for the old must not reach the new. */
static void replace_the_others(void *data, int fd, attr_unused uint32_t events)
{
    struct fixture *f = data;
    char byte;
    assert_int_equal(read(fd, &byte, 1), 1);
    f->called++;
    for (int i = 0; i < PAIRS; i++) {
        if (f->fds[i][0] == fd)
            continue;
        f->ios[i] = loop_io_remove(f->ios[i]);
        int number = f->fds[i][0], pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        assert_int_equal(dup2(pair[0], number), number);
        close(pair[0]);
        close(f->fds[i][1]);
        f->fds[i][1] = pair[1];
        assert_int_equal(loop_io_add(f->loop, number, EPOLLIN, must_not_run, f, &f->ios[i]), 0);
    }
}

static void reused_number_gets_no_old_event(void **state)
{
    struct fixture *f = *state;
    add_all(f, replace_the_others);
    assert_int_equal(loop_dispatch(f->loop, 1000), 0);
    assert_int_equal(loop_dispatch(f->loop, 0), 0);
    assert_int_equal(f->called, 1);
}

static void count_events(void *data, attr_unused int fd, uint32_t events)
{
    struct fixture *f = data;
    f->called++;
    f->order[0] = (int)events;
}

static void events_can_be_changed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(loop_io_add(f->loop, f->fds[0][0], EPOLLIN, count_events, f, &f->ios[0]), 0);
    assert_int_equal(loop_dispatch(f->loop, 0), 0);
    assert_int_equal(f->called, 0);
    assert_int_equal(loop_io_set_events(f->ios[0], EPOLLIN | EPOLLOUT), 0);
    assert_int_equal(loop_dispatch(f->loop, 1000), 0);
    assert_int_equal(f->called, 1);
    assert_int_equal(f->order[0], EPOLLOUT);
}

static void descriptor_that_cannot_be_polled_is_refused(void **state)
{
    struct fixture *f = *state;
    struct loop_io *io = NULL;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(loop_io_add(f->loop, fileno(file), EPOLLIN, count_events, f, &io), -EPERM);
    assert_int_equal(loop_io_add(f->loop, -1, EPOLLIN, count_events, f, &io), -EBADF);
    assert_null(io);
    fclose(file);
}

static void stop_with_seven(void *data)
{
    struct fixture *f = data;
    f->called++;
    loop_stop(f->loop, 7);
}

static void run_ends_with_the_code_of_stop(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(loop_wake_add(f->loop, stop_with_seven, f, &f->wake), 0);
    loop_wake_signal(f->wake);
    loop_wake_signal(f->wake);
    assert_int_equal(loop_run(f->loop), 7);
    assert_int_equal(loop_dispatch(f->loop, 0), 0);
    assert_int_equal(f->called, 1); /* two signals became one */
    loop_stop(f->loop, 8);
    assert_int_equal(loop_run(f->loop), 8); /* a stop before the run counts */
}

static void remove_own_wake(void *data)
{
    struct fixture *f = data;
    f->called++;
    f->wake = loop_wake_remove(f->wake);
}

static void wake_may_remove_itself(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(loop_wake_add(f->loop, remove_own_wake, f, &f->wake), 0);
    loop_wake_signal(f->wake);
    assert_int_equal(loop_dispatch(f->loop, 1000), 0);
    assert_int_equal(f->called, 1);
    assert_null(f->wake);
}

/* What libwebsockets does with us. */
static void foreign_loop_sees_a_due_timer_on_our_descriptor(void **state)
{
    struct fixture *f = *state;
    struct pollfd poll_fd = {.fd = loop_fd(f->loop), .events = POLLIN};
    assert_int_equal(loop_timer_add(f->loop, stop_with_seven, f, &f->timer), 0);
    assert_int_equal(poll(&poll_fd, 1, 0), 0);
    loop_timer_arm_in(f->timer, 1000);
    while (f->called == 0) {
        assert_int_equal(poll(&poll_fd, 1, 10000), 1);
        assert_int_equal(loop_dispatch(f->loop, 0), 0);
    }
    assert_int_equal(poll(&poll_fd, 1, 0), 0);
}

static void nothing_needs_destroying_twice(attr_unused void **state)
{
    assert_null(loop_io_remove(NULL));
    assert_null(loop_timer_remove(NULL));
    assert_null(loop_wake_remove(NULL));
    assert_null(loop_destroy(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ios_removed_in_the_same_batch_stay_silent),
        TEST(reused_number_gets_no_old_event),
        TEST(events_can_be_changed),
        TEST(descriptor_that_cannot_be_polled_is_refused),
        TEST(run_ends_with_the_code_of_stop),
        TEST(wake_may_remove_itself),
        TEST(foreign_loop_sees_a_due_timer_on_our_descriptor),
        cmocka_unit_test(nothing_needs_destroying_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
