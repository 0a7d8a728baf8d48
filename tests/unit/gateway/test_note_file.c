/* Notes are replaced whole or not at all. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/note_file.h"

static char folder[] = "/tmp/lightsout-notes-XXXXXX";
static char path[64], part[80], room[64];

static const char *read_back(void)
{
    note_file_load(path, room, sizeof room);
    return room;
}

static void test_replaces_all_of_it(void **state)
{
    struct stat st;
    (void)state;
    assert_string_equal(read_back(), "");
    assert_int_equal(note_file_save(path, "a long one\n", 11, true), 0);
    assert_string_equal(read_back(), "a long one\n");
    assert_int_equal(note_file_save(path, "short", 5, false), 0);
    assert_string_equal(read_back(), "short");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    note_file_load(path, room, 4);
    assert_string_equal(room, "sho");
}

/* A limit takes the place of a full disk: some bytes are written, and not all. */
static void test_a_full_disk_leaves_the_old(void **state)
{
    struct rlimit before, four;
    (void)state;
    assert_int_equal(note_file_save(path, "old", 3, true), 0);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    four = (struct rlimit){.rlim_cur = 4, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &four);
    errno = 0;
    int r = note_file_save(path, "new and longer", 14, true);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(r, -EFBIG); /* the limit; a disk says ENOSPC */
    assert_string_equal(read_back(), "old");
    assert_int_equal(access(part, F_OK), -1);
    assert_int_equal(note_file_save("/nowhere/at/all", "x", 1, true), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces_all_of_it),
        cmocka_unit_test(test_a_full_disk_leaves_the_old),
    };
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/notes", folder);
    snprintf(part, sizeof part, "%s.part", path);
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return r;
}
