/* What a restarted gateway knows of the drives. */
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

#include "core/text.h"
#include "gateway/drives/drive_notes.h"

static struct drive_notes two_drives(void)
{
    struct drive_notes notes = {0};
    struct drive_note *disc = &notes.drives[0], *stick = &notes.drives[3];
    *disc = (struct drive_note){
        .kind = DRIVE_CDROM, .read_only = true, .size = 5081088, .modified = 17, .origin = MEDIUM_LIBRARY};
    text_copy(disc->image, sizeof disc->image, "a disc with  blanks.iso");
    text_copy(disc->export, sizeof disc->export, "drive0-1");
    *stick = (struct drive_note){.kind = DRIVE_DISK,
                                 .size = UINT64_MAX,
                                 .modified = -5,
                                 .origin = MEDIUM_URL,
                                 .secret = true,
                                 .token = {0xab, 1},
                                 .id = {2, 0xff},
                                 .identity = {3},
                                 .overlay = MEDIUM_OVERLAY_KEEP,
                                 .copy = true,
                                 .boot_once = true,
                                 .rate = 12};
    text_copy(stick->image, sizeof stick->image, "stick.img");
    text_copy(stick->export, sizeof stick->export, "drive3-2");
    text_copy(stick->validator, sizeof stick->validator, "\"etag 1\"");
    memset(stick->url, 'x', sizeof stick->url - 1);
    text_copy(stick->who, sizeof stick->who, "ann");
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

#define DRIVES "drives 2\n"
#define WHOLE "export e\nimage a.iso\nsize 1\n"

static void leave_out_what_makes_no_sense(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *image; /* of drive 0 */
    } cases[] = {
        {DRIVES "drive 0\n" WHOLE, "a.iso"},
        {DRIVES "drive 0\n" WHOLE "modified 5", "a.iso"},
        {DRIVES "drive 0\n" WHOLE "colour blue\norigin moon\nsize\n\n\n", "a.iso"},
        {DRIVES "drive 0\n" WHOLE "drive 4\nimage b.iso\ndrive 00\nimage c.iso\n", "a.iso"},
        {DRIVES "drive 0\nimage a.iso\nsize 1\n", ""},
        {DRIVES "drive 0\nexport e\nsize 1\n", ""},
        {DRIVES "drive 0\n" WHOLE "size x\n", ""},
        {DRIVES "drive 0\n" WHOLE "origin url\n", ""},
        {DRIVES "drive 0\n" WHOLE "origin url\nurl http://a/\n", "a.iso"},
        {DRIVES WHOLE, ""},
        {"drives 1\ndrive 0\n" WHOLE, ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct drive_notes notes;
        drive_notes_parse(cases[i].text, &notes);
        assert_string_equal(notes.drives[0].image, cases[i].image);
    }
}

static void a_name_is_no_line(void **state)
{
    (void)state;
    char text[8192];
    struct drive_notes notes = two_drives(), again;
    text_copy(notes.drives[0].image, sizeof notes.drives[0].image, "a\nexport other\nb");
    assert_true(drive_notes_print(&notes, text, sizeof text) > 0);
    drive_notes_parse(text, &again);
    assert_string_equal(again.drives[0].export, "drive0-1");
    assert_string_equal(again.drives[0].image, "a?export other?b");
    assert_int_equal(drive_notes_print(&notes, text, 100), -ENOSPC);
}

static void all_that_can_be_noted_has_room(void **state)
{
    (void)state;
    char text[16384];
    struct drive_notes notes;
    for (unsigned i = 0; i < DRIVES_MAX; i++) {
        struct drive_note *note = &notes.drives[i];
        memset(note, 0, sizeof *note);
        memset(note->export, 'e', sizeof note->export - 1);
        memset(note->image, 'i', sizeof note->image - 1);
        memset(note->url, 'u', sizeof note->url - 1);
        memset(note->validator, 'v', sizeof note->validator - 1);
        memset(note->who, 'w', sizeof note->who - 1);
        note->size = UINT64_MAX;
    }
    assert_true(drive_notes_print(&notes, text, sizeof text) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_back_as_they_were_saved),
        cmocka_unit_test(are_empty_when_there_are_none),
        cmocka_unit_test(a_failed_write_leaves_the_old_ones),
        cmocka_unit_test(leave_out_what_makes_no_sense),
        cmocka_unit_test(a_name_is_no_line),
        cmocka_unit_test(all_that_can_be_noted_has_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
