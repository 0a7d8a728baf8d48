/* The log of a VM's process: bounded, its tail made printable. */
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

#include "gateway/vm/vm_log.h"

static char folder[] = "/tmp/lightsout-vmlog-XXXXXX";
static int folder_fd;
static struct vm_log vm_log;
static char lines[TARGET_LOG_LINES][TARGET_LOG_LINE];

static int set_up(void **state)
{
    (void)state;
    struct uid_choice user = {0};
    unlinkat(folder_fd, "qemu.log", 0);
    return vm_log_open(&vm_log, folder_fd, &user);
}

static int tear_down(void **state)
{
    (void)state;
    vm_log_close(&vm_log);
    return 0;
}

static void print(const char *text, size_t size)
{
    assert_int_equal(write(vm_log.fd, text, size), (ssize_t)size);
}

static void gives_the_last_lines_of_this_process(void **state)
{
    (void)state;
    print("of the one before\n", 18);
    vm_log_mark(&vm_log);
    assert_int_equal(vm_log_tail(&vm_log, lines), 0);
    print("one\ntwo\r\nthree", 14);
    assert_int_equal(vm_log_tail(&vm_log, lines), 3);
    assert_string_equal(lines[0], "one");
    assert_string_equal(lines[1], "two");
    assert_string_equal(lines[2], "three");
}

static void keeps_the_newest_when_there_are_many(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        char line[32];
        int n = snprintf(line, sizeof line, "line %d\n", i);
        print(line, (size_t)n);
    }
    assert_int_equal(vm_log_tail(&vm_log, lines), TARGET_LOG_LINES);
    assert_string_equal(lines[0], "line 80");
    assert_string_equal(lines[TARGET_LOG_LINES - 1], "line 99");
}

static void makes_lines_printable_and_short(void **state)
{
    (void)state;
    print("a\033[31mb\tc\xff\xc3\xa4\n", 13);
    char longer[5000];
    memset(longer, 'x', sizeof longer);
    print(longer, sizeof longer);
    assert_int_equal(vm_log_tail(&vm_log, lines), 2);
    assert_string_equal(lines[0], "a?[31mb c?\xc3\xa4");
    assert_int_equal(strlen(lines[1]), TARGET_LOG_LINE - 1);
}

static void never_cuts_a_character(void **state)
{
    (void)state;
    for (int i = 0; i < TARGET_LOG_LINE; i++)
        print("\xc3\xa4", 2);
    assert_int_equal(vm_log_tail(&vm_log, lines), 1);
    assert_int_equal(strlen(lines[0]), TARGET_LOG_LINE - 2);
}

static void throws_away_all_but_the_tail(void **state)
{
    (void)state;
    static char block[65536];
    struct stat st;
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 17; i++)
        print(block, sizeof block);
    print("\nthe end\n", 9);
    assert_true(vm_log_changed(&vm_log));
    assert_int_equal(fstat(vm_log.fd, &st), 0);
    assert_int_equal(st.st_size, VM_LOG_KEEP);
    assert_int_equal(vm_log_tail(&vm_log, lines), 2);
    assert_string_equal(lines[1], "the end");
    assert_false(vm_log_changed(&vm_log));
    print("more\n", 5);
    assert_true(vm_log_changed(&vm_log));
}

static void opens_no_link(void **state)
{
    (void)state;
    struct uid_choice user = {0};
    struct vm_log other;
    unlinkat(folder_fd, "qemu.log", 0);
    assert_int_equal(symlinkat("/etc/passwd", folder_fd, "qemu.log"), 0);
    assert_true(vm_log_open(&other, folder_fd, &user) < 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_the_last_lines_of_this_process), TEST(keeps_the_newest_when_there_are_many),
        TEST(makes_lines_printable_and_short),      TEST(never_cuts_a_character),
        TEST(throws_away_all_but_the_tail),         TEST(opens_no_link),
    };
    folder_fd = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
    if (folder_fd < 0)
        return 1;
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    unlinkat(folder_fd, "qemu.log", 0);
    close(folder_fd);
    rmdir(folder);
    return r;
}
