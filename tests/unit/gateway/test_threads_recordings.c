/* Recordings as the gateway keeps them: real pictures of a test card, real files, workers of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/testcard.h"
#include "core/clock.h"
#include "core/ustar.h"
#include "gateway/recording_files.h"
#include "gateway/recording_note.h"
#include "gateway/recordings.h"

#define PATIENCE_US (60 * 1000000ull)
#define TARGETS 6

struct bed {
    char path[64];
    struct loop *loop;
    struct worker_pool *io;
    struct recordings *recordings;
    struct screen *screens[TARGETS];
    struct feed *feeds[TARGETS];
    struct target targets[TARGETS];
    unsigned changes, done;
    int error;
    char why[256];
};

static void on_feed(void *data)
{
    struct bed *bed = data;
    for (int i = 0; i < TARGETS; i++)
        recordings_picture(bed->recordings, &bed->targets[i]);
}

static void on_changed(void *data, struct target *target)
{
    struct bed *bed = data;
    (void)target;
    bed->changes++;
}

static struct feed *on_which(void *data, struct target *target)
{
    struct bed *bed = data;
    return bed->feeds[target - bed->targets];
}

static void open_recordings(struct bed *bed, uint64_t keep)
{
    const struct recordings_config config = {.loop = bed->loop,
                                             .io = bed->io,
                                             .folder_fd = open(bed->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                             .keep = keep,
                                             .changed = on_changed,
                                             .feed = on_which,
                                             .data = bed};
    assert_int_equal(recordings_create(&config, &bed->recordings), 0);
}

static void close_recordings(struct bed *bed)
{
    bed->recordings = recordings_destroy(bed->recordings);
}

/* cards: how many of the targets have a screen. */
static void bed_open(struct bed *bed, int cards, uint64_t keep, bool full_disk)
{
    *bed = (struct bed){0};
    snprintf(bed->path, sizeof bed->path, "/tmp/lightsout-rec-XXXXXX");
    assert_non_null(mkdtemp(bed->path));
    if (full_disk)
        assert_int_equal(mount("none", bed->path, "tmpfs", 0, "size=96k,mode=0700"), 0);
    assert_int_equal(loop_create(&bed->loop), 0);
    assert_int_equal(worker_pool_create(bed->loop, "io", 2, &bed->io), 0);
    for (int i = 0; i < TARGETS; i++)
        snprintf(bed->targets[i].name, sizeof bed->targets[i].name, "card%d", i);
    open_recordings(bed, keep);
    for (int i = 0; i < cards; i++) {
        const struct testcard_config config = {.fourcc = FOURCC_BGRX};
        assert_int_equal(testcard_create(&config, &bed->screens[i]), 0);
        assert_int_equal(feed_create(bed->loop, bed->screens[i], false, on_feed, bed, &bed->feeds[i]), 0);
    }
}

static void bed_close(struct bed *bed, bool full_disk)
{
    char command[128];
    bed->io = worker_pool_destroy(bed->io);
    close_recordings(bed);
    for (int i = 0; i < TARGETS; i++) {
        feed_destroy(bed->feeds[i]);
        screen_destroy(bed->screens[i]);
    }
    loop_destroy(bed->loop);
    if (full_disk)
        umount2(bed->path, MNT_DETACH);
    snprintf(command, sizeof command, "rm -rf %s", bed->path);
    assert_int_equal(system(command), 0);
}

static void on_done(void *data, int error, const char *why)
{
    struct bed *bed = data;
    bed->done++;
    bed->error = error;
    snprintf(bed->why, sizeof bed->why, "%s", why ? why : "");
}

#define UNTIL(bed, condition)                                                                                          \
    for (uint64_t until_ = clock_now_us() + PATIENCE_US; !(condition);) {                                              \
        assert_true(clock_now_us() < until_);                                                                          \
        assert_int_equal(loop_dispatch((bed)->loop, 20), 0);                                                           \
    }

static const struct api_recording *start(struct bed *bed, int card, unsigned every)
{
    const struct api_recording *entry = NULL;
    const char *why = "";
    assert_int_equal(recordings_ops.start(bed->recordings, &bed->targets[card], "anna", every, "a note", &entry, &why),
                     0);
    return entry;
}

static void stop(struct bed *bed, int card)
{
    const unsigned before = bed->done;
    recordings_ops.stop(bed->recordings, &bed->targets[card], on_done, bed);
    UNTIL(bed, bed->done > before);
    assert_int_equal(bed->error, 0);
}

static int folder_of(const struct bed *bed, const char *id)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", bed->path, id);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* ---- reading through the face that REST has ---- */

struct read {
    struct api_recording_reader *reader;
    uint64_t size, at;
    uint8_t *bytes;
    int error;
    bool opened, got;
};

static void on_open(void *data, int error, struct api_recording_reader *reader, uint64_t size, const char *tag)
{
    struct read *read = data;
    *read = (struct read){.reader = reader, .size = size, .error = error, .opened = true};
    assert_true(error || tag[0] == '"');
}

static void on_bytes(void *data, int error, const uint8_t *bytes, size_t size)
{
    struct read *read = data;
    assert_int_equal(error, 0);
    memcpy(read->bytes + read->at, bytes, size);
    read->at += size;
    read->got = true;
}

/* In pieces of an odd size; NULL: there is none. */
static uint8_t *read_all(struct bed *bed, const char *id, enum api_recording_part part, uint32_t ms, size_t *ret_size)
{
    struct read read = {0};
    recordings_ops.open(bed->recordings, id, part, ms, on_open, &read);
    UNTIL(bed, read.opened);
    *ret_size = (size_t)read.size;
    if (read.error)
        return NULL;
    read.bytes = malloc(read.size + 1);
    while (read.at < read.size) {
        read.got = false;
        const uint64_t left = read.size - read.at;
        recordings_ops.read(read.reader, read.at, left < 7001 ? (size_t)left : 7001, on_bytes, &read);
        UNTIL(bed, read.got);
    }
    recordings_ops.close(read.reader);
    return read.bytes;
}

static void test_two_films_at_once(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed, 2, 1 << 30, false);
    const struct api_recording *a = start(&bed, 0, 0), *b = start(&bed, 1, 0);
    assert_string_not_equal(a->id, b->id);
    assert_ptr_equal(recordings_of(bed.recordings, &bed.targets[1]), b);
    UNTIL(&bed, a->frames >= 8 && b->frames >= 8);
    stop(&bed, 0);
    stop(&bed, 1);
    assert_int_equal(bed.changes, 4);
    assert_false(a->running);
    assert_int_equal(a->width, 1280);
    assert_int_equal(a->height, 720);
    assert_string_equal(a->ended, "");
    size_t size;
    uint8_t *film = read_all(&bed, a->id, API_RECORDING_VIDEO, 0, &size);
    assert_true(size > 1000 && size <= a->bytes);
    assert_memory_equal(film, "\x1A\x45\xDF\xA3", 4);
    free(film);
    uint8_t *poster = read_all(&bed, b->id, API_RECORDING_POSTER, 0, &size);
    assert_memory_equal(poster, "\xFF\xD8", 2);
    free(poster);
    assert_null(read_all(&bed, b->id, API_RECORDING_TAR, 0, &size));
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
        start(&bed, i, 3600);
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
    const struct api_recording *entry = start(&bed, 0, 1);
    UNTIL(&bed, entry->frames >= 3);
    stop(&bed, 0);
    int fd = folder_of(&bed, entry->id);
    struct api_recording_picture *pictures;
    size_t n;
    assert_int_equal(recording_pictures_load(fd, &pictures, &n), 0);
    assert_int_equal(n, entry->frames);
    uint8_t *tar = read_all(&bed, entry->id, API_RECORDING_TAR, 0, &size);
    uint64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t *png = read_all(&bed, entry->id, API_RECORDING_PICTURE, pictures[i].ms, &one);
        assert_int_equal(one, pictures[i].bytes);
        assert_memory_equal(tar + at + 257, "ustar", 6);
        assert_memory_equal(tar + at + USTAR_BLOCK, png, one);
        at += ustar_room(one);
        free(png);
    }
    assert_int_equal(at + USTAR_END, size);
    assert_null(read_all(&bed, entry->id, API_RECORDING_PICTURE, 4000000, &one));
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

static void test_what_a_killed_gateway_left(void **state)
{
    struct bed bed;
    char id[API_RECORDING_ID + 1], cut[400], whole[400];
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = start(&bed, 0, 0);
    UNTIL(&bed, entry->frames >= 10);
    memcpy(id, entry->id, sizeof id);
    /* as it stands on disk at this moment */
    snprintf(whole, sizeof whole, "cp -r %s/%s %s/copy", bed.path, id, bed.path);
    assert_int_equal(system(whole), 0);
    close_recordings(&bed);
    snprintf(cut, sizeof cut, "rm -rf %s/%s && mv %s/copy %s/%s", bed.path, id, bed.path, bed.path, id);
    assert_int_equal(system(cut), 0);
    open_recordings(&bed, 1 << 30);
    const struct api_recording *again = recordings_ops.find(bed.recordings, id);
    assert_non_null(again);
    assert_false(again->running);
    assert_true(again->frames >= 10 && again->duration_ms >= 300);
    assert_int_equal(again->width, 1280);
    assert_non_null(strstr(again->ended, "unexpectedly"));
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
        entry = start(&bed, 0, 0);
        UNTIL(&bed, entry->frames >= 5);
        stop(&bed, 0);
        memcpy(i ? second : first, entry->id, sizeof first);
    }
    recordings_ops.change(bed.recordings, first, NULL, &pinned, on_done, &bed);
    assert_int_equal(bed.error, 0);
    close_recordings(&bed);
    open_recordings(&bed, 1000); /* both together are far too large for it */
    assert_true(recordings_ops.find(bed.recordings, first)->pinned);
    assert_int_equal(recordings_ops.start(bed.recordings, &bed.targets[0], "x", 0, "", &entry, &why), -ENOSPC);
    assert_null(recordings_ops.find(bed.recordings, second));
    assert_non_null(recordings_ops.find(bed.recordings, first));
    close_recordings(&bed);
    open_recordings(&bed, 0);
    assert_int_equal(recordings_ops.start(bed.recordings, &bed.targets[0], "x", 0, "", &entry, &why), -ENOTSUP);
    bed_close(&bed, false);
}

static void test_one_that_outgrows_its_room_ends_with_a_sentence(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed, 1, 40000, false);
    const struct api_recording *entry = start(&bed, 0, 0);
    UNTIL(&bed, !entry->running);
    assert_non_null(strstr(entry->ended, "recordings-keep"));
    assert_true(entry->frames > 0);
    bed_close(&bed, false);
}

struct seen {
    struct api_recording_mark marks[8];
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

/* On disk by now. */
static size_t marks_of(const struct bed *bed, const char *id)
{
    struct api_recording_mark *marks = NULL;
    size_t n = 0;
    int fd = folder_of(bed, id);
    assert_int_equal(recording_marks_load(fd, &marks, &n), 0);
    close(fd);
    free(marks);
    return n;
}

static void test_modes_and_signals_are_marked(void **state)
{
    struct bed bed;
    struct seen seen = {.n = 0};
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = start(&bed, 0, 0);
    UNTIL(&bed, entry->frames >= 2);
    assert_int_equal(testcard_set_size(bed.screens[0], 320, 192), 0);
    UNTIL(&bed, marks_of(&bed, entry->id) >= 1);
    testcard_set_signal(bed.screens[0], SCREEN_NO_SIGNAL, "The cable is out.");
    UNTIL(&bed, marks_of(&bed, entry->id) >= 2);
    testcard_set_signal(bed.screens[0], SCREEN_OK, "");
    UNTIL(&bed, marks_of(&bed, entry->id) >= 3);
    stop(&bed, 0);
    recordings_ops.marks(bed.recordings, entry->id, on_marks, &seen);
    UNTIL(&bed, seen.done);
    assert_true(seen.n >= 3);
    assert_int_equal(seen.marks[0].kind, API_MARK_MODE);
    assert_int_equal(seen.marks[0].width, 320);
    assert_int_equal(seen.marks[1].kind, API_MARK_NO_SIGNAL);
    assert_int_equal(seen.marks[2].kind, API_MARK_SIGNAL);
    bed_close(&bed, false);
}

static void test_a_target_that_goes_ends_its_recording(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = start(&bed, 0, 0);
    UNTIL(&bed, entry->frames >= 3);
    recordings_target_gone(bed.recordings, &bed.targets[0]);
    assert_null(recordings_of(bed.recordings, &bed.targets[0]));
    UNTIL(&bed, !entry->running);
    assert_string_equal(entry->ended, "The target was removed.");
    bed_close(&bed, false);
}

static void test_what_was_deleted_is_gone(void **state)
{
    struct bed bed;
    char path[128], id[API_RECORDING_ID + 1];
    (void)state;
    bed_open(&bed, 1, 1 << 30, false);
    const struct api_recording *entry = start(&bed, 0, 0);
    memcpy(id, entry->id, sizeof id);
    recordings_ops.remove(bed.recordings, id, on_done, &bed);
    assert_int_equal(bed.error, -EBUSY);
    stop(&bed, 0);
    recordings_ops.remove(bed.recordings, id, on_done, &bed);
    assert_int_equal(bed.error, 0);
    snprintf(path, sizeof path, "%s/%s", bed.path, id);
    assert_int_equal(access(path, F_OK), -1);
    assert_null(recordings_ops.find(bed.recordings, id));
    recordings_ops.remove(bed.recordings, id, on_done, &bed);
    assert_int_equal(bed.error, -ENOENT);
    bed_close(&bed, false);
}

/* In a process with a file system of its own. */
static int on_a_full_disk(void)
{
    struct bed bed;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 77;
    bed_open(&bed, 1, 1 << 30, true);
    const struct api_recording *entry = start(&bed, 0, 0);
    UNTIL(&bed, !entry->running);
    assert_non_null(strstr(entry->ended, "disk"));
    assert_true(entry->frames > 0);
    size_t size;
    uint8_t *film = read_all(&bed, entry->id, API_RECORDING_VIDEO, 0, &size);
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

static void test_notes_are_checked(void **state)
{
    struct api_recording r = {.target = "card",
                              .who = "Zo\xC3\xAB",
                              .note = "a \"note\"\n\\",
                              .every_s = 5,
                              .pinned = true,
                              .began_ms = 1795000000000ull,
                              .duration_ms = 43200000,
                              .bytes = 1ull << 40,
                              .frames = 7,
                              .width = 7680,
                              .height = 4320};
    struct api_recording read;
    char text[RECORDING_NOTE_MAX];
    (void)state;
    memset(r.note + strlen(r.note), 1, API_RECORDING_NOTE - strlen(r.note)); /* the longest as text */
    assert_true(recording_note_write(&r, text) > 0);
    assert_true(recording_note_read(text, &read));
    assert_memory_equal(&read, &r, sizeof r);
    static const char *const bad[] = {"", "{}", "[]", "{\"version\":1}", "null"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(recording_note_read(bad[i], &read));
    char *at = strstr(text, "\"every\":5");
    memcpy(at, "\"every\":-", 9);
    assert_false(recording_note_read(text, &read));
    assert_false(recording_id_valid("../../../../../../../etc/passwd0"));
    assert_true(recording_id_valid("0123456789abcdef0123456789abcdef"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_disk_ends_it_with_a_sentence), /* forks: before there are threads */
        cmocka_unit_test(test_two_films_at_once),
        cmocka_unit_test(test_at_most_four_and_only_where_there_is_a_screen),
        cmocka_unit_test(test_a_series_is_an_archive),
        cmocka_unit_test(test_what_a_killed_gateway_left),
        cmocka_unit_test(test_the_oldest_makes_room_and_the_pinned_stays),
        cmocka_unit_test(test_one_that_outgrows_its_room_ends_with_a_sentence),
        cmocka_unit_test(test_modes_and_signals_are_marked),
        cmocka_unit_test(test_a_target_that_goes_ends_its_recording),
        cmocka_unit_test(test_what_was_deleted_is_gone),
        cmocka_unit_test(test_notes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
