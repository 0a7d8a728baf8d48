/* What a restarted gateway knows of the drives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/text.h"
#include "gateway/drive_notes.h"

static struct drive_notes two_drives(void)
{
    struct drive_notes notes = {0};
    notes.drives[0] = (struct drive_note){.kind = DRIVE_CDROM, .read_only = true, .size = 5081088, .modified = 17};
    text_copy(notes.drives[0].image, sizeof notes.drives[0].image, "a disc with blanks.iso");
    text_copy(notes.drives[0].export, sizeof notes.drives[0].export, "drive0-1");
    notes.drives[3] = (struct drive_note){.kind = DRIVE_DISK, .size = UINT64_MAX, .modified = -5};
    text_copy(notes.drives[3].image, sizeof notes.drives[3].image, "stick.img");
    text_copy(notes.drives[3].export, sizeof notes.drives[3].export, "drive3-2");
    return notes;
}

static void come_back_as_they_were_saved(void **state)
{
    (void)state;
    char folder[] = "/tmp/lightsout-notes-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.drives", folder);
    struct drive_notes notes = two_drives(), again;
    assert_int_equal(drive_notes_save(path, &notes), 0);
    drive_notes_load(path, &again);
    assert_memory_equal(&notes, &again, sizeof notes);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(path);
    rmdir(folder);
}

static void are_empty_when_there_are_none(void **state)
{
    (void)state;
    struct drive_notes none = {0}, notes = two_drives();
    drive_notes_load("/nowhere/a.drives", &notes);
    assert_memory_equal(&notes, &none, sizeof none);
}

static void a_failed_write_leaves_the_old_ones(void **state)
{
    (void)state;
    struct drive_notes notes = two_drives();
    /* the part beside it is written first, and fails */
    char folder[] = "/tmp/lightsout-notes-XXXXXX", path[64], part[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a", folder);
    snprintf(part, sizeof part, "%s/a.part", folder);
    assert_int_equal(drive_notes_save(path, &notes), 0);
    assert_int_equal(mkdir(part, 0700), 0); /* nothing can be written there */
    struct drive_notes other = {0}, again;
    assert_true(drive_notes_save(path, &other) < 0);
    drive_notes_load(path, &again);
    assert_memory_equal(&notes, &again, sizeof notes);
    rmdir(part);
    unlink(path);
    rmdir(folder);
}

static void leave_out_what_makes_no_sense(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *image; /* of drive 0 */
    } cases[] = {
        {"drives 1\n0 cdrom ro 1 2 e a.iso\n", "a.iso"},
        {"drives 1\n0 cdrom ro 1 2 e a.iso", "a.iso"},
        {"drives 2\n0 cdrom ro 1 2 e a.iso\n", ""},
        {"drives 1\n4 cdrom ro 1 2 e a.iso\n", ""},
        {"drives 1\n0 cdrom ro 1 2 e\n", ""},
        {"drives 1\n0 cdrom ro x 2 e a.iso\n", ""},
        {"drives 1\n\n\n0 disk rw 1 2 e b.img\n", "b.img"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct drive_notes notes;
        drive_notes_parse(cases[i].text, &notes);
        assert_string_equal(notes.drives[0].image, cases[i].image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_back_as_they_were_saved),
        cmocka_unit_test(are_empty_when_there_are_none),
        cmocka_unit_test(a_failed_write_leaves_the_old_ones),
        cmocka_unit_test(leave_out_what_makes_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
