/* How recordings end when nobody asks for it: a full disk, no room, a gateway that was killed, a target that goes. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "recordings_bed.h"

/* In a process with a file system of its own. */
static int on_a_full_disk(void)
{
    struct bed bed;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 77;
    bed_open(&bed, 1, 1 << 30, true);
    const struct api_recording *entry = bed_start(&bed, 0, 0);
    BED_UNTIL(&bed, !entry->running);
    assert_non_null(strstr(entry->ended, "disk"));
    assert_true(entry->end == API_END_FULL || entry->end == API_END_NEARLY_FULL);
    assert_true(entry->frames > 0);
    size_t size;
    uint8_t *film = bed_read_all(&bed, entry->id, API_RECORDING_VIDEO, 0, &size);
    assert_non_null(film);
    free(film);
    bed_close(&bed, true);
    return 0;
}

static void test_a_full_disk_ends_it_with_a_sentence(void **state)
{
    int status = 0;
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(on_a_full_disk());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); /* only root may mount */
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_what_a_killed_gateway_left(void **state)
{
    struct bed bed;
    char id[API_RECORDING_ID + 1], cut[400], whole[400];
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = bed_start(&bed, 0, 0);
    BED_UNTIL(&bed, entry->frames >= 10);
    memcpy(id, entry->id, sizeof id);
    /* as it stands on disk at this moment */
    snprintf(whole, sizeof whole, "cp -r %s/%s %s/copy", bed.path, id, bed.path);
    assert_int_equal(system(whole), 0);
    bed_shut(&bed);
    snprintf(cut, sizeof cut, "rm -rf %s/%s && mv %s/copy %s/%s", bed.path, id, bed.path, bed.path, id);
    assert_int_equal(system(cut), 0);
    bed_reopen(&bed, 1 << 30);
    const struct api_recording *again = recordings_ops.find(bed.recordings, id);
    assert_non_null(again);
    assert_false(again->running);
    assert_true(again->frames >= 10 && again->duration_ms >= 300);
    assert_int_equal(again->width, 1280);
    assert_non_null(strstr(again->ended, "unexpectedly"));
    assert_int_equal(again->end, API_END_CUT);
    assert_string_equal(again->note, "a note");
    bed_close(&bed, false);
}

static void test_the_oldest_makes_room_and_the_pinned_stays(void **state)
{
    struct bed bed;
    const char *why = "";
    const struct api_recording *entry;
    bool pinned = true;
    char first[API_RECORDING_ID + 1], second[API_RECORDING_ID + 1];
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    for (int i = 0; i < 2; i++) {
        entry = bed_start(&bed, 0, 0);
        BED_UNTIL(&bed, entry->frames >= 5);
        bed_stop(&bed, 0);
        memcpy(i ? second : first, entry->id, sizeof first);
    }
    recordings_ops.change(bed.recordings, first, NULL, &pinned, bed_done, &bed);
    assert_int_equal(bed.error, 0);
    bed_shut(&bed);
    bed_reopen(&bed, 1000); /* both together are far too large for it */
    assert_true(recordings_ops.find(bed.recordings, first)->pinned);
    assert_int_equal(recordings_ops.start(bed.recordings, &bed.targets[0], "x", 0, "", &entry, &why), -ENOSPC);
    assert_null(recordings_ops.find(bed.recordings, second));
    assert_non_null(recordings_ops.find(bed.recordings, first));
    bed_shut(&bed);
    bed_reopen(&bed, 0);
    assert_int_equal(recordings_ops.start(bed.recordings, &bed.targets[0], "x", 0, "", &entry, &why), -ENOTSUP);
    bed_close(&bed, false);
}

static void test_one_that_outgrows_its_room_ends_with_a_sentence(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed, 1, 40000, false);
    const struct api_recording *entry = bed_start(&bed, 0, 0);
    BED_UNTIL(&bed, !entry->running);
    assert_non_null(strstr(entry->ended, "recordings-keep"));
    assert_int_equal(entry->end, API_END_KEEP);
    assert_true(entry->frames > 0);
    bed_close(&bed, false);
}

static void test_a_target_that_goes_ends_its_recording(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = bed_start(&bed, 0, 0);
    BED_UNTIL(&bed, entry->frames >= 3);
    recordings_target_gone(bed.recordings, &bed.targets[0]);
    assert_null(recordings_of(bed.recordings, &bed.targets[0]));
    BED_UNTIL(&bed, !entry->running);
    assert_string_equal(entry->ended, "The target was removed.");
    bed_close(&bed, false);
}

/* Whoever waits for its end hears of it while the target is still there. */
static void test_one_can_be_ended_with_a_reason(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = bed_start(&bed, 0, 0);
    BED_UNTIL(&bed, entry->frames >= 3);
    const unsigned changes = bed.changes;
    recordings_end(bed.recordings, &bed.targets[0], API_END_ANEW);
    recordings_end(bed.recordings, &bed.targets[1], API_END_REMOVED);
    assert_ptr_equal(recordings_of(bed.recordings, &bed.targets[0]), entry);
    BED_UNTIL(&bed, !recordings_of(bed.recordings, &bed.targets[0]));
    assert_false(entry->running);
    assert_int_equal(bed.changes, changes + 1);
    assert_string_equal(entry->ended, "The target is set up anew.");
    assert_int_equal(entry->end, API_END_ANEW);
    bed_close(&bed, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_disk_ends_it_with_a_sentence), /* forks: before there are threads */
        cmocka_unit_test(test_what_a_killed_gateway_left),
        cmocka_unit_test(test_the_oldest_makes_room_and_the_pinned_stays),
        cmocka_unit_test(test_one_that_outgrows_its_room_ends_with_a_sentence),
        cmocka_unit_test(test_a_target_that_goes_ends_its_recording),
        cmocka_unit_test(test_one_can_be_ended_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
