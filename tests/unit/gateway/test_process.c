/* Processes that get stuck: this program itself in the roles below, under the code that keeps our processes alive. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/heartbeat.h"
#include "gateway/supervisor/handover.h"
#include "gateway/supervisor/process.h"
#include "unit_socket.h"

#define PATIENCE_US 1000000
#define WITH_GOOD_US 2000000 /* patience with one that gives signs of life, each half second, on a busy machine */
#define HANG_US 120000000

/* --- the roles --- */

static void never_return(void *data)
{
    (void)data;
    for (volatile unsigned n = 0;; n++)
        ;
}

static void wait_for_ever(void *data)
{
    int pair[2];
    char byte;
    (void)data;
    if (pipe(pair) == 0 && read(pair[0], &byte, 1) < 0)
        _exit(1);
}

static void hear(void *data, struct ipc_message *m)
{
    (void)data, (void)m;
}

static void leave(void *data, int error)
{
    (void)data, (void)error;
    _exit(0);
}

static int play(const char *role)
{
    static struct ipc *channel;
    static const struct ipc_listener listener = {.message = hear, .closed = leave};
    struct loop *loop;
    struct heartbeat *heartbeat;
    struct loop_timer *timer;
    if (loop_create(&loop) < 0 || ipc_create(loop, CHILD_FIRST_FD, &listener, NULL, &channel) < 0 ||
        heartbeat_create(loop, &channel, &heartbeat) < 0)
        return 1;
    loop_timer_fn *fn = strcmp(role, "--role=busy") == 0 ? never_return : wait_for_ever;
    if (loop_timer_add(loop, fn, NULL, &timer) < 0)
        return 1;
    if (strcmp(role, "--role=good") != 0)
        loop_timer_arm_in(timer, 300000);
    return loop_run(loop);
}

/* --- a service manager's unit --- */

#define SAYS_WHY 7

struct unit {
    struct ipc *channel;
    bool explains;
};

/* Told to: it ends. */
static void end_unit(void *data, struct ipc_message *m)
{
    struct unit *self = data;
    (void)m;
    if (self->explains)
        ipc_send(self->channel, SAYS_WHY, 0, NULL, 0, NULL, 0);
    _exit(0);
}

static pid_t start_unit(int door, bool explains)
{
    static const struct ipc_listener listener = {.message = end_unit, .closed = leave};
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct unit self = {.explains = explains};
    struct loop *loop;
    if (dup2(door, CHILD_FIRST_FD) < 0 || handover_receive() < 0 || loop_create(&loop) < 0 ||
        ipc_create(loop, CHILD_FIRST_FD, &listener, &self, &self.channel) < 0)
        _exit(1);
    _exit(loop_run(loop));
}

/* --- the test's side --- */

struct fixture {
    struct loop *loop;
    struct process process;
    struct uid_choice user;
    unsigned started;
    int status;
    uint64_t began_us, ended_us;
    bool again;
};

static int prepare(void *data, int *fds, bool *close_it, unsigned *n_fds)
{
    (void)data, (void)fds, (void)close_it, (void)n_fds;
    return 0;
}

static void started(void *data)
{
    struct fixture *self = data;
    self->started++;
    if (self->started == 1)
        self->began_us = clock_now_us();
}

static void message(void *data, struct ipc_message *m)
{
    struct fixture *self = data;
    if (m->type != SAYS_WHY)
        fail_msg("a sign of life reached the owner");
    self->process.explained = true;
}

static bool ended(void *data, int status)
{
    struct fixture *self = data;
    self->status = status;
    self->ended_us = clock_now_us();
    return self->again;
}

static void init(struct fixture *self, const char *role)
{
    static const struct process_owner owner = {
        .prepare = prepare, .started = started, .message = message, .ended = ended};
    *self = (struct fixture){.again = true};
    assert_int_equal(loop_create(&self->loop), 0);
    assert_int_equal(process_init(&self->process, self->loop, role, &self->user, &owner, self), 0);
    self->process.patience_us = PATIENCE_US;
}

static void begin(struct fixture *self, const char *role)
{
    init(self, role);
    assert_int_equal(process_start(&self->process), 0);
}

static void finish(struct fixture *self)
{
    if (self->process.child) {
        self->again = false;
        kill(child_pid(self->process.child), SIGKILL);
        while (self->process.child)
            loop_dispatch(self->loop, 1000);
    }
    process_finish(&self->process);
    loop_destroy(self->loop);
}

static void run_until_started(struct fixture *self, unsigned times)
{
    uint64_t limit = clock_now_us() + HANG_US;
    while (self->started < times && clock_now_us() < limit)
        loop_dispatch(self->loop, 100);
    assert_int_equal(self->started, times);
}

static void run_for(struct fixture *self, uint64_t us)
{
    for (uint64_t until = clock_now_us() + us; clock_now_us() < until;)
        loop_dispatch(self->loop, 50);
}

static void comes_back(const char *role)
{
    struct fixture self;
    begin(&self, role);
    run_until_started(&self, 2);
    assert_true(WIFSIGNALED(self.status) && WTERMSIG(self.status) == SIGKILL);
    assert_true(self.ended_us - self.began_us >= PATIENCE_US);
    finish(&self);
}

static void an_endless_loop_is_ended_and_comes_back(void **state)
{
    (void)state;
    comes_back("busy");
}

static void a_wait_without_end_is_ended_and_comes_back(void **state)
{
    (void)state;
    comes_back("waiting");
}

static void a_stopped_process_is_ended_and_comes_back(void **state)
{
    struct fixture self;
    (void)state;
    init(&self, "good");
    self.process.patience_us = WITH_GOOD_US;
    assert_int_equal(process_start(&self.process), 0);
    run_for(&self, WITH_GOOD_US + PATIENCE_US); /* longer than its patience: nothing is held against it */
    assert_int_equal(self.started, 1);
    kill(child_pid(self.process.child), SIGSTOP);
    run_until_started(&self, 2);
    finish(&self);
}

/* As on a machine that was suspended: both were not there, and then go on. */
static void both_stopped_together_is_no_reason(void **state)
{
    struct fixture self;
    (void)state;
    init(&self, "good");
    self.process.patience_us = WITH_GOOD_US;
    assert_int_equal(process_start(&self.process), 0);
    run_for(&self, PATIENCE_US);
    kill(child_pid(self.process.child), SIGSTOP);
    nanosleep(&(struct timespec){.tv_sec = (WITH_GOOD_US + PATIENCE_US) / 1000000}, NULL);
    loop_dispatch(self.loop, 0); /* the first look after it: late */
    kill(child_pid(self.process.child), SIGCONT);
    run_for(&self, WITH_GOOD_US + PATIENCE_US);
    assert_int_equal(self.started, 1);
    finish(&self);
}

/* What is logged of the end of a unit's process: only its service manager knows the status. */
static void log_of_an_end(bool explains, char *room, size_t size)
{
    char folder[] = "/tmp/lightsout-units-XXXXXX", path[64];
    struct fixture self;
    int log = memfd_create("log", MFD_CLOEXEC), shown = dup(STDERR_FILENO);
    assert_non_null(mkdtemp(folder));
    int door = unit_socket_listen(folder, "unit");
    pid_t unit = start_unit(door, explains);
    init(&self, "unit");
    self.again = false;
    self.process.units = folder;
    assert_int_equal(process_start(&self.process), 0);
    for (uint64_t limit = clock_now_us() + HANG_US; !self.process.child && clock_now_us() < limit;)
        loop_dispatch(self.loop, 100);
    assert_non_null(self.process.child);
    dup2(log, STDERR_FILENO);
    ipc_send(self.process.channel, SAYS_WHY, 0, NULL, 0, NULL, 0);
    for (uint64_t limit = clock_now_us() + HANG_US; self.process.child && clock_now_us() < limit;)
        loop_dispatch(self.loop, 100);
    dup2(shown, STDERR_FILENO);
    ssize_t n = pread(log, room, size - 1, 0);
    room[n < 0 ? 0 : n] = '\0';
    finish(&self);
    waitpid(unit, NULL, 0);
    snprintf(path, sizeof path, "%s/unit.sock", folder);
    unlink(path);
    rmdir(folder);
    close(door);
    close(log);
    close(shown);
}

static void a_unit_that_said_why_it_ends_is_no_error(void **state)
{
    char log[512];
    (void)state;
    log_of_an_end(false, log, sizeof log);
    assert_non_null(strstr(log, "the unit has ended; journalctl -u lightsout-unit says how"));
    log_of_an_end(true, log, sizeof log);
    assert_string_equal(log, "");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "--role=", 7) == 0)
        return play(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endless_loop_is_ended_and_comes_back),
        cmocka_unit_test(a_wait_without_end_is_ended_and_comes_back),
        cmocka_unit_test(a_stopped_process_is_ended_and_comes_back),
        cmocka_unit_test(both_stopped_together_is_no_reason),
        cmocka_unit_test(a_unit_that_said_why_it_ends_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
