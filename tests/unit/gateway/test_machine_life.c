/* The process of a real virtual machine under a real lightsoutd: it outlives what it should outlive, ends with what it
 * should end with, and what goes wrong is told. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "program.h"

static int set_up(void **state)
{
    struct program *program = calloc(1, sizeof *program);
    program_init(program);
    *state = program;
    return 0;
}

static int tear_down(void **state)
{
    program_finish(*state);
    free(*state);
    return 0;
}

static void configure(struct program *p, const char *more)
{
    char text[512];
    snprintf(text, sizeof text, "[target vm]\nmachine = qemu\nmemory = 64\naccel = tcg\nnic = none\n%s", more);
    program_configure(p, text);
}

/* The process that the target's folder names; 0: none. */
static pid_t machine(const struct program *p)
{
    char path[128];
    int pid = 0;
    snprintf(path, sizeof path, "%s/vm/vm/process", p->state);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%d", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

static bool runs(pid_t pid)
{
    char path[64], state = 'X';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f) {
        if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
            state = 'X';
        fclose(f);
    }
    return f && state != 'Z' && state != 'X';
}

static void await_end(pid_t pid)
{
    for (int i = 0; i < 3000 && runs(pid); i++)
        usleep(10000);
    assert_false(runs(pid));
}

static pid_t start_and_find(struct program *p)
{
    program_start(p, NULL);
    assert_true(program_await(p, "page   "));
    assert_true(program_await(p, "vm: connected to the machine's monitor"));
    pid_t pid = machine(p);
    assert_true(runs(pid));
    return pid;
}

static void makes_its_disk_and_outlives_everybody(void **state)
{
    struct program *p = *state;
    struct stat st;
    char path[128];
    configure(p, "disk = d.qcow2,size=64M\n");
    pid_t pid = start_and_find(p);
    snprintf(path, sizeof path, "%s/vm/vm/d.qcow2", p->state);
    assert_int_equal(stat(path, &st), 0);

    program_forget(p);
    kill(program_role(p, "gateway"), SIGKILL);
    assert_true(program_await(p, "vm: connected to the machine's monitor"));
    assert_int_equal(machine(p), pid);
    assert_true(runs(pid));

    kill(p->pid, SIGKILL);
    program_await_end(p);
    assert_true(runs(pid));
    assert_int_equal(start_and_find(p), pid);
    assert_non_null(strstr(p->text, "QEMU still runs as process"));

    kill(p->pid, SIGTERM);
    assert_int_equal(program_await_end(p), 0);
    assert_true(runs(pid));
    kill(pid, SIGTERM);
    await_end(pid);
}

static void ends_with_its_supervisor(void **state)
{
    struct program *p = *state;
    static const int signals[] = {SIGTERM, SIGKILL};
    configure(p, "lifetime = supervisor\n");
    for (unsigned i = 0; i < 2; i++) {
        pid_t pid = start_and_find(p);
        program_forget(p);
        kill(program_role(p, "gateway"), SIGKILL);
        assert_true(program_await(p, "vm: connected to the machine's monitor"));
        assert_true(runs(pid));
        kill(p->pid, signals[i]);
        program_await_end(p);
        await_end(pid);
    }
}

static void is_started_again_when_it_dies(void **state)
{
    struct program *p = *state;
    configure(p, "lifetime = supervisor\n");
    pid_t pid = start_and_find(p);
    program_forget(p);
    kill(pid, SIGKILL);
    assert_true(program_await(p, "target vm: QEMU was ended by signal 9 (Killed); next try in 1.0 s"));
    assert_true(program_await(p, "vm: connected to the machine's monitor"));
    assert_int_not_equal(machine(p), pid);
}

static void tells_what_qemu_said(void **state)
{
    struct program *p = *state;
    if (geteuid() != 0)
        skip(); /* only root's file may hold such arguments */
    configure(p, "extra-arguments = -device nosuchdevice\nlifetime = supervisor\n");
    program_start(p, NULL);
    assert_true(program_await(p, "target vm: QEMU ended with code 1: "));
    assert_true(program_await(p, "nosuchdevice"));
    assert_true(program_await(p, "page   "));
}

static void tells_what_is_missing(void **state)
{
    struct program *p = *state;
    configure(p, "disk = absent.qcow2\n");
    program_start(p, NULL);
    assert_true(program_await(p, "absent.qcow2 does not exist; create it, or add size= to disk in the configuration; "
                                 "next try in 1.0 s"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_its_disk_and_outlives_everybody),
        TEST(ends_with_its_supervisor),
        TEST(is_started_again_when_it_dies),
        TEST(tells_what_qemu_said),
        TEST(tells_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
