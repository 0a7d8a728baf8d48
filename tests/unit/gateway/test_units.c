/* The parts as units of a service manager: this test plays the manager, which starts a role when its socket is knocked
 * at, and starts it again when it ended and somebody waits. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "gateway/supervisor/uid.h"
#include "program.h"
#include "unit_socket.h"

enum { GATEWAY, KEEPER, OUTWARD, ROLES };

static const char *const names[ROLES] = {"gateway", "keeper", "outward"};

struct fixture {
    struct program program;
    char folder[80], option[96];
    pid_t manager;
    pid_t *pids; /* shared with the manager */
};

/* As the unit's User= has it, where we may. */
static void become(unsigned role)
{
    static const char *const users[ROLES] = {UID_DEFAULT_USER, UID_KEEPER_USER, UID_OUTWARD_USER};
    struct uid_choice user;
    char why[256];
    if (uid_choose("", &user, why, sizeof why) < 0)
        _exit(126);
    uid_choose_own(users[role], &user, &user);
    uid_drop(&user);
}

static pid_t start_role(const struct fixture *self, unsigned role, int door)
{
    char argument[32], pid[16], program[4096], folder[512];
    pid_t child = fork();
    if (child != 0)
        return child;
    snprintf(argument, sizeof argument, "--role=%s", names[role]);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    program_path(program, sizeof program);
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    become(role);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(folder, sizeof folder, "%s/keeper", self->program.state);
    if (dup2(door, 3) < 0 || fcntl(3, F_SETFD, 0) < 0 || (role == KEEPER && chdir(folder) < 0))
        _exit(126);
    execl(program, "lightsoutd", argument, "--state", self->program.state, NULL);
    _exit(127);
}

static void manage(const struct fixture *self, const int *doors)
{
    for (;;) {
        struct pollfd polls[ROLES];
        for (unsigned i = 0; i < ROLES; i++) {
            if (self->pids[i] > 0 && waitpid(self->pids[i], NULL, WNOHANG) != 0)
                self->pids[i] = 0;
            polls[i] = (struct pollfd){.fd = self->pids[i] ? -1 : doors[i], .events = POLLIN};
        }
        poll(polls, ROLES, 20);
        for (unsigned i = 0; i < ROLES; i++)
            if (polls[i].fd >= 0 && (polls[i].revents & POLLIN))
                self->pids[i] = start_role(self, i, doors[i]);
    }
}

static int set_up(void **state)
{
    struct fixture *self = calloc(1, sizeof *self);
    int doors[ROLES];
    program_init(&self->program);
    snprintf(self->folder, sizeof self->folder, "%s/units", self->program.folder);
    snprintf(self->option, sizeof self->option, "--units=%s", self->folder);
    assert_int_equal(mkdir(self->folder, 0755), 0);
    self->pids = mmap(NULL, sizeof(pid_t) * ROLES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < ROLES; i++)
        doors[i] = unit_socket_listen(self->folder, names[i]);
    self->manager = fork();
    if (self->manager == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        manage(self, doors);
    }
    for (unsigned i = 0; i < ROLES; i++)
        close(doors[i]);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *self = *state;
    program_finish(&self->program);
    kill(self->manager, SIGKILL);
    waitpid(self->manager, NULL, 0);
    munmap(self->pids, sizeof(pid_t) * ROLES);
    free(self);
    return 0;
}

static void await_page(struct fixture *self)
{
    char answer[4096] = "";
    for (uint64_t limit = clock_now_us() + 120000000; clock_now_us() < limit && !strstr(answer, "HTTP/1.1 200");)
        program_get(&self->program, "/api/v1/version", answer, sizeof answer, NULL);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
}

static pid_t await_other(struct fixture *self, unsigned role, pid_t before)
{
    for (int i = 0; i < 12000 && (self->pids[role] == before || self->pids[role] == 0); i++)
        usleep(10000);
    assert_true(self->pids[role] > 0 && self->pids[role] != before);
    return self->pids[role];
}

static void the_parts_are_the_managers(void **state)
{
    struct fixture *self = *state;
    program_start(&self->program, self->option);
    assert_true(program_await(&self->program, "page   "));
    await_page(self);
    for (unsigned i = 0; i < ROLES; i++) {
        assert_true(await_other(self, i, 0) > 0);
        assert_int_equal(program_role(&self->program, names[i]), 0); /* no child */
    }
}

static void each_comes_back_when_it_is_killed(void **state)
{
    struct fixture *self = *state;
    program_start(&self->program, self->option);
    assert_true(program_await(&self->program, "page   "));
    for (unsigned i = 0; i < ROLES; i++) {
        pid_t before = await_other(self, i, 0);
        kill(before, SIGKILL);
        await_other(self, i, before);
        await_page(self);
    }
}

static void one_that_stands_still_is_ended(void **state)
{
    struct fixture *self = *state;
    program_start(&self->program, self->option);
    assert_true(program_await(&self->program, "page   "));
    pid_t before = await_other(self, GATEWAY, 0);
    usleep(600000); /* a sign of life */
    kill(before, SIGSTOP);
    await_other(self, GATEWAY, before);
    await_page(self);
}

static void all_end_with_the_supervisor(void **state)
{
    static const int signals[] = {SIGTERM, SIGKILL};
    struct fixture *self = *state;
    for (unsigned n = 0; n < 2; n++) {
        program_forget(&self->program);
        program_start(&self->program, self->option);
        assert_true(program_await(&self->program, "page   "));
        for (unsigned i = 0; i < ROLES; i++)
            await_other(self, i, 0);
        kill(self->program.pid, signals[n]);
        program_await_end(&self->program);
        for (unsigned i = 0; i < ROLES; i++) {
            for (int t = 0; t < 12000 && self->pids[i] > 0; t++)
                usleep(10000);
            assert_int_equal(self->pids[i], 0);
        }
    }
}

static void a_door_that_is_not_there_is_said(void **state)
{
    struct fixture *self = *state;
    program_start(&self->program, "--units=/nonexistent");
    assert_true(program_await(&self->program, "start lightsout-outward.socket"));
    assert_int_equal(program_await_end(&self->program), 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        TEST(the_parts_are_the_managers),       TEST(each_comes_back_when_it_is_killed),
        TEST(one_that_stands_still_is_ended),   TEST(all_end_with_the_supervisor),
        TEST(a_door_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
