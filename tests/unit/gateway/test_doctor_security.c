/* What the doctor says of walls: of a folder that looks like /proc, of a list of users, and of a lightsoutd that runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/doctor/doctor_security_inner.h"
#include "program.h"

static char root[64];

static void put(pid_t pid, const char *name, const char *text, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%d", root, (int)pid);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%d/%s", root, (int)pid, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    fclose(f);
}

static void put_process(pid_t pid, const char *role, const char *status, const char *limits)
{
    char command[128];
    int n = snprintf(command, sizeof command, "/usr/sbin/lightsoutd%c--role=%s%c--state%c/x", 0, role, 0, 0);
    put(pid, "cmdline", command, (size_t)n + 1);
    put(pid, "status", status, strlen(status));
    put(pid, "limits", limits, strlen(limits));
    put(pid, "environ", "", 0);
}

#define STATUS(uid, caps, more, filter)                                                                                \
    "Name:\tlightsoutd\nUid:\t" uid "\t" uid "\t" uid "\t" uid "\nCapEff:\t" caps "\nNoNewPrivs:\t" more               \
    "\nSeccomp:\t" filter "\nSeccomp_filters:\t1\n"
#define LIMITS "Limit                     Soft Limit\nMax core file size        0                    0\n"

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/lightsout-proc-XXXXXX");
    assert_non_null(mkdtemp(root));
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"cmdline", "status", "limits", "environ", ""};
    (void)state;
    for (int pid = 10; pid < 20; pid++)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            char path[128];
            snprintf(path, sizeof path, "%s/%d/%s", root, pid, names[i]);
            remove(path);
        }
    rmdir(root);
    return 0;
}

static void good_walls_are_good(void **state)
{
    struct security self = {0};
    (void)state;
    put_process(11, "gateway", STATUS("991", "0000000000000000", "1", "2"), LIMITS);
    put_process(12, "keeper", STATUS("992", "0000000000000000", "1", "2"), LIMITS);
    put_process(13, "outward", STATUS("993", "0000000000000000", "1", "2"), LIMITS);
    assert_int_equal(security_find_role(root, "keeper", "/x"), 12);
    assert_int_equal(security_find_role(root, "helper", NULL), 0);
    assert_int_equal(security_find_role(root, "keeper", "/"), 0); /* another instance's */
    security_processes(&self, root, "/x");
    assert_int_equal(self.n[SECURITY_WEAK], 0);
    /* whether its files are root's depends on who runs this */
    assert_int_equal(self.n[SECURITY_BAD], geteuid() == 0 ? 0 : 3);
}

static void each_wall_that_is_missing_is_found(void **state)
{
    static const char *const weak[] = {
        STATUS("991", "0000000000000000", "1", "0"),
        STATUS("991", "0000000000000000", "0", "2"),
        STATUS("0", "0000000000000000", "1", "2"),
        STATUS("991", "00000000000000c0", "1", "2"),
        "Name:\tlightsoutd\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        struct security self = {0};
        put_process(11, "gateway", weak[i], LIMITS);
        security_process(&self, root, "gateway", 11);
        unsigned dumps = geteuid() == 0 ? 0 : 1;
        assert_true(self.n[SECURITY_BAD] - dumps >= 1);
    }
    struct security self = {0};
    put_process(11, "gateway", STATUS("991", "0000000000000000", "1", "2"),
                "Max core file size        unlimited            unlimited\n");
    security_process(&self, root, "gateway", 11);
    assert_int_equal(self.n[SECURITY_BAD], 1);
}

static void one_user_for_all_is_weak(void **state)
{
    struct security self = {0};
    (void)state;
    for (pid_t i = 0; i < 3; i++)
        put_process(11 + i, ((const char *[]){"gateway", "keeper", "outward"})[i],
                    STATUS("991", "0000000000000000", "1", "2"), LIMITS);
    security_processes(&self, root, "/x");
    assert_int_equal(self.n[SECURITY_WEAK], 1);
}

static void users_without_a_second_factor_are_named(void **state)
{
    static const char good[] = "{\"users\":[{\"name\":\"a\",\"role\":\"Administrator\",\"enabled\":true,"
                               "\"origin\":\"local\",\"second_factor\":true}]}",
                      bad[] = "{\"users\":[{\"name\":\"a\",\"role\":\"Administrator\",\"enabled\":true,"
                              "\"origin\":\"local\",\"second_factor\":false},{\"name\":\"b\",\"role\":\"Operator\","
                              "\"enabled\":false,\"origin\":\"local\",\"second_factor\":false}]}\n",
                      none[] = "{\"error\":\"x\"}";
    (void)state;
    struct security self = {.list = json_array()};
    security_users_text(&self, good, sizeof good - 1);
    assert_int_equal(self.n[SECURITY_GOOD], 1);
    security_users_text(&self, bad, sizeof bad - 1);
    assert_int_equal(self.n[SECURITY_WEAK], 2);
    assert_non_null(
        strstr(json_string_value(json_object_get(json_array_get(self.list, 1), "text")), "Administrator a"));
    security_users_text(&self, none, sizeof none - 1);
    security_users_text(&self, "", 0);
    assert_int_equal(self.n[SECURITY_WEAK], 4);
    json_decref(self.list);
}

static void what_runs_is_seen(void **state)
{
    struct program *p = calloc(1, sizeof *p);
    (void)state;
    program_init(p);
    program_start(p, NULL);
    assert_true(program_await(p, "page   "));
    struct security self = {.list = json_array()};
    pid_t pid = program_role(p, "gateway");
    security_process(&self, "/proc", "gateway", pid);
    security_users(&self, p->state);
#ifndef LIGHTSOUT_SANITIZED
    if (geteuid() == 0)
        assert_int_equal(self.n[SECURITY_BAD], 0);
#endif
    const char *users =
        json_string_value(json_object_get(json_array_get(self.list, json_array_size(self.list) - 1), "text"));
    assert_string_equal(users, "0 of 0 enabled local users have a second factor");
    json_decref(self.list);
    program_finish(p);
    free(p);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(good_walls_are_good), TEST(each_wall_that_is_missing_is_found),
                                       TEST(one_user_for_all_is_weak), TEST(users_without_a_second_factor_are_named),
                                       TEST(what_runs_is_seen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
