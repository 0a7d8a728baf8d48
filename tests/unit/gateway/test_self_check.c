/* The installed files against the list of the package. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/doctor/self_check.h"

#define HELLO "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" /* of "hello\n" */

static char root[64], told[4096];

static const char *at(const char *path)
{
    static char room[256];
    snprintf(room, sizeof room, "%s%s", root, path);
    return room;
}

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(at(path), "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(at(path), mode), 0);
}

static int set_up(void **state)
{
    static const char *const folders[] = {"/usr",       "/usr/sbin",           "/usr/lib", "/usr/lib/lightsout",
                                          "/usr/share", "/usr/share/lightsout"};
    (void)state;
    snprintf(root, sizeof root, "/tmp/lightsout-check-XXXXXX");
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(mkdir(at(folders[i]), 0755), 0);
    put("/usr/sbin/program", "hello\n", 0755);
    put("/usr/share/lightsout/text", "hello\n", 0644);
    put(SELF_CHECK_MANIFEST, HELLO " 755 /usr/sbin/program\n" HELLO " 644 /usr/share/lightsout/text\n", 0644);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const all[] = {"/usr/sbin/program",
                                      "/usr/sbin/other",
                                      "/usr/share/lightsout/text",
                                      "/usr/share/lightsout/more",
                                      SELF_CHECK_MANIFEST,
                                      "/usr/share/lightsout",
                                      "/usr/share",
                                      "/usr/lib/lightsout",
                                      "/usr/lib",
                                      "/usr/sbin",
                                      "/usr",
                                      ""};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        remove(at(all[i]));
    return 0;
}

static struct self_check run(int expected)
{
    struct self_check found = {0};
    FILE *out = fmemopen(told, sizeof told, "w");
    assert_int_equal(self_check_run(root, out, &found), expected);
    fclose(out);
    return found;
}

static void what_is_as_installed_is_fine(void **state)
{
    (void)state;
    struct self_check found = run(0);
    assert_int_equal(found.files, 2);
    assert_int_equal(found.changed + found.missing + found.added, 0);
}

static void each_difference_is_named(void **state)
{
    (void)state;
    put("/usr/sbin/program", "Hello\n", 0755);
    put("/usr/share/lightsout/more", "", 0644);
    put("/usr/sbin/other", "", 0755); /* a folder of all */
    unlink(at("/usr/share/lightsout/text"));
    struct self_check found = run(0);
    assert_int_equal(found.changed, 1);
    assert_int_equal(found.missing, 1);
    assert_string_equal(told, "changed /usr/sbin/program: its contents are others\nmissing /usr/share/lightsout/text\n"
                              "added /usr/share/lightsout/more\n");
}

static void modes_and_links_count(void **state)
{
    (void)state;
    chmod(at("/usr/sbin/program"), 04755);
    assert_int_equal(run(0).changed, 1);
    assert_non_null(strstr(told, "its mode is another"));
    char target[256];
    snprintf(target, sizeof target, "%s", at("/usr/share/lightsout/text"));
    unlink(at("/usr/sbin/program"));
    assert_int_equal(symlink(target, at("/usr/sbin/program")), 0);
    assert_int_equal(run(0).changed, 1);
    assert_non_null(strstr(told, "it is a link"));
}

static void a_list_that_makes_no_sense_is_refused(void **state)
{
    static const char *const lists[] = {
        "", "x\n", HELLO "\n", HELLO " 99 /x\n", HELLO " 644 x\n", HELLO " 644 /a/../b\n"};
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        put(SELF_CHECK_MANIFEST, lists[i], 0644);
        run(-EBADMSG);
    }
    unlink(at(SELF_CHECK_MANIFEST));
    assert_false(run(0).packaged);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(what_is_as_installed_is_fine), TEST(each_difference_is_named),
                                       TEST(modes_and_links_count), TEST(a_list_that_makes_no_sense_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
