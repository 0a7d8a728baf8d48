/* Recordings as the gateway keeps them: real pictures of a test card, real files, workers of their own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/ustar.h"
#include "recordings_bed.h"

static void test_two_films_at_once(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed, 2, 1 << 30, false);
    const struct api_recording *a = bed_start(&bed, 0, 0), *b = bed_start(&bed, 1, 0);
    assert_string_not_equal(a->id, b->id);
    assert_ptr_equal(recordings_of(bed.recordings, &bed.targets[1]), b);
    BED_UNTIL(&bed, a->frames >= 8 && b->frames >= 8);
    bed_stop(&bed, 0);
    bed_stop(&bed, 1);
    assert_int_equal(bed.changes, 4);
    assert_false(a->running);
    assert_int_equal(a->width, 1280);
    assert_int_equal(a->height, 720);
    assert_string_equal(a->ended, "");
    size_t size;
    uint8_t *film = bed_read_all(&bed, a->id, API_RECORDING_VIDEO, 0, &size);
    assert_true(size > 1000 && size <= a->bytes);
    assert_memory_equal(film, "\x1A\x45\xDF\xA3", 4);
    free(film);
    uint8_t *poster = bed_read_all(&bed, b->id, API_RECORDING_POSTER, 0, &size);
    assert_memory_equal(poster, "\xFF\xD8", 2);
    free(poster);
    assert_null(bed_read_all(&bed, b->id, API_RECORDING_TAR, 0, &size));
    struct stat st;
    assert_int_equal(stat(bed.path, &st), 0);
    bed_close(&bed, false);
}

static void test_at_most_four_and_only_where_there_is_a_screen(void **state)
{
    struct bed bed;
    const struct api_recording *entry;
    const char *why = "";
    (void)state;
    bed_open(&bed, 5, 1 << 30, false);
    for (int i = 0; i < RECORDINGS_AT_ONCE; i++)
        bed_start(&bed, i, 3600);
    assert_int_equal(recordings_ops.start(bed.recordings, &bed.targets[0], "x", 0, "", &entry, &why), -EBUSY);
    assert_non_null(strstr(why, "already"));
    assert_int_equal(recordings_ops.start(bed.recordings, &bed.targets[4], "x", 0, "", &entry, &why), -EBUSY);
    assert_non_null(strstr(why, "Four"));
    assert_int_equal(recordings_ops.start(bed.recordings, &bed.targets[5], "x", 0, "", &entry, &why), -ENODEV);
    bed_close(&bed, false); /* finishes all four */
}

static void test_a_series_is_an_archive(void **state)
{
    struct bed bed;
    size_t size, one;
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = bed_start(&bed, 0, 1);
    BED_UNTIL(&bed, entry->frames >= 3);
    bed_stop(&bed, 0);
    int fd = bed_folder_of(&bed, entry->id);
    struct api_recording_picture *pictures;
    size_t n;
    assert_int_equal(recording_pictures_load(fd, &pictures, &n), 0);
    assert_int_equal(n, entry->frames);
    uint8_t *tar = bed_read_all(&bed, entry->id, API_RECORDING_TAR, 0, &size);
    uint64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t *png = bed_read_all(&bed, entry->id, API_RECORDING_PICTURE, pictures[i].ms, &one);
        assert_int_equal(one, pictures[i].bytes);
        assert_memory_equal(tar + at + 257, "ustar", 6);
        assert_memory_equal(tar + at + USTAR_BLOCK, png, one);
        at += ustar_room(one);
        free(png);
    }
    assert_int_equal(at + USTAR_END, size);
    assert_null(bed_read_all(&bed, entry->id, API_RECORDING_PICTURE, 4000000, &one));
    /* the system's own tar finds nothing wrong with it */
    char path[] = "/tmp/lightsout-tar-XXXXXX", command[128];
    int out = mkstemp(path);
    assert_true(write(out, tar, size) == (ssize_t)size);
    snprintf(command, sizeof command, "test $(tar tf %s | wc -l) = %zu", path, n);
    assert_int_equal(system(command), 0);
    unlink(path);
    close(out);
    close(fd);
    free(pictures);
    free(tar);
    bed_close(&bed, false);
}

struct seen {
    struct api_recording_mark marks[64];
    size_t n;
    bool done;
};

static void on_marks(void *data, int error, const struct api_recording_mark *marks, size_t n,
                     const struct api_recording_picture *pictures, size_t n_pictures)
{
    struct seen *seen = data;
    (void)pictures;
    assert_int_equal(error, 0);
    assert_int_equal(n_pictures, 0);
    seen->done = true;
    seen->n = MIN(n, ARRAY_SIZE(seen->marks));
    memcpy(seen->marks, marks, seen->n * sizeof *marks);
}

/* Of modes and signals: where seconds pass between two frames the card has also changed a lot. */
static size_t without_changes(struct api_recording_mark *marks, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (marks[i].kind != API_MARK_CHANGE)
            marks[left++] = marks[i];
    return left;
}

/* On disk by now. */
static size_t marks_of(const struct bed *bed, const char *id)
{
    struct api_recording_mark *marks = NULL;
    size_t n = 0;
    int fd = bed_folder_of(bed, id);
    assert_int_equal(recording_marks_load(fd, &marks, &n), 0);
    close(fd);
    n = without_changes(marks, n);
    free(marks);
    return n;
}

static void test_modes_and_signals_are_marked(void **state)
{
    struct bed bed;
    struct seen seen = {.n = 0};
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = bed_start(&bed, 0, 0);
    BED_UNTIL(&bed, entry->frames >= 2);
    assert_int_equal(testcard_set_size(bed.screens[0], 320, 192), 0);
    BED_UNTIL(&bed, marks_of(&bed, entry->id) >= 1);
    testcard_set_signal(bed.screens[0], SCREEN_NO_SIGNAL, "The cable is out.");
    BED_UNTIL(&bed, marks_of(&bed, entry->id) >= 2);
    testcard_set_signal(bed.screens[0], SCREEN_OK, "");
    BED_UNTIL(&bed, marks_of(&bed, entry->id) >= 3);
    bed_stop(&bed, 0);
    recordings_ops.marks(bed.recordings, entry->id, on_marks, &seen);
    BED_UNTIL(&bed, seen.done);
    assert_true(without_changes(seen.marks, seen.n) >= 3);
    assert_int_equal(seen.marks[0].kind, API_MARK_MODE);
    assert_int_equal(seen.marks[0].width, 320);
    assert_int_equal(seen.marks[1].kind, API_MARK_NO_SIGNAL);
    assert_int_equal(seen.marks[2].kind, API_MARK_SIGNAL);
    bed_close(&bed, false);
}

static void test_what_was_deleted_is_gone(void **state)
{
    struct bed bed;
    char path[128], id[API_RECORDING_ID + 1];
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = bed_start(&bed, 0, 0);
    memcpy(id, entry->id, sizeof id);
    recordings_ops.remove(bed.recordings, id, bed_done, &bed);
    assert_int_equal(bed.error, -EBUSY);
    bed_stop(&bed, 0);
    recordings_ops.remove(bed.recordings, id, bed_done, &bed);
    assert_int_equal(bed.error, 0);
    snprintf(path, sizeof path, "%s/%s", bed.path, id);
    assert_int_equal(access(path, F_OK), -1);
    assert_null(recordings_ops.find(bed.recordings, id));
    recordings_ops.remove(bed.recordings, id, bed_done, &bed);
    assert_int_equal(bed.error, -ENOENT);
    bed_close(&bed, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_films_at_once),
        cmocka_unit_test(test_at_most_four_and_only_where_there_is_a_screen),
        cmocka_unit_test(test_a_series_is_an_archive),
        cmocka_unit_test(test_modes_and_signals_are_marked),
        cmocka_unit_test(test_what_was_deleted_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
