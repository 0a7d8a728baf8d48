#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "capture/replay.h"
#include "core/clock.h"
#include "screen_watch.h"

#define W 24
#define H 10
#define FRAME_SIZE (W * H * 4)

static uint8_t pixel(unsigned frame, size_t i)
{
    return (uint8_t)(frame * 31 + i * 7 + i / 256);
}

static size_t make_recording(uint8_t *room, unsigned fps, unsigned frames)
{
    struct replay_header header = {.width = W, .height = H, .fps = fps, .fourcc = FOURCC_BGRX};
    replay_header_write(&header, room);
    uint8_t *at = room + REPLAY_HEADER_SIZE;
    for (unsigned f = 0; f < frames; f++)
        for (size_t i = 0; i < FRAME_SIZE; i++)
            *at++ = pixel(f, i);
    return (size_t)(at - room);
}

static int file_of(const void *bytes, size_t size)
{
    int fd = memfd_create("recording", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static struct screen *create(int fd, struct replay_config config)
{
    struct screen *screen = NULL;
    assert_int_equal(replay_create(fd, &config, &screen), 0);
    return screen;
}

static void wait_end(struct screen *screen)
{
    uint64_t limit = clock_now_us() + 120000000;
    while (!replay_ended(screen) && clock_now_us() < limit)
        usleep(1000);
    assert_true(replay_ended(screen));
}

struct order_check {
    unsigned seen, errors, period;
};

static void check(struct screen_watch *watch, struct frame *frame)
{
    struct order_check *c = watch->each_data;
    unsigned expected = c->period ? c->seen % c->period : c->seen;
    c->errors += frame->width != W || frame->height != H || frame->fourcc != FOURCC_BGRX;
    for (size_t i = 0; i < FRAME_SIZE; i++)
        c->errors += frame->planes[0].data[i] != pixel(expected, i);
    c->seen++;
}

static void test_every_frame_comes_once_and_exact(void **state)
{
    (void)state;
    static uint8_t room[REPLAY_HEADER_SIZE + 50 * FRAME_SIZE];
    size_t size = make_recording(room, 0, 50);
    struct order_check c = {0};
    struct screen_watch watch;
    watch_init(&watch);
    watch.each = check;
    watch.each_data = &c;
    struct screen *screen = create(file_of(room, size), (struct replay_config){0});
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    wait_end(screen);
    screen_stop(screen);
    assert_int_equal(c.seen, 50);
    assert_int_equal(c.errors, 0);
    assert_int_equal(replay_frames(screen), 50);
    assert_int_equal(watch.signal, SCREEN_OK); /* the last picture stays */
    screen_destroy(screen);
    watch_finish(&watch);
}

struct feeder {
    int fd;
    const uint8_t *bytes;
    size_t size;
};

static void *feed_single_bytes(void *data)
{
    struct feeder *f = data;
    for (size_t i = 0; i < f->size; i++)
        if (write(f->fd, f->bytes + i, 1) != 1)
            break;
    close(f->fd);
    return NULL;
}

static void test_a_pipe_of_single_bytes_with_stops_in_between(void **state)
{
    (void)state;
    static uint8_t room[REPLAY_HEADER_SIZE + 20 * FRAME_SIZE];
    size_t size = make_recording(room, 1000, 20);
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct feeder feeder = {.fd = ends[1], .bytes = room, .size = size};
    struct screen *screen = create(ends[0], (struct replay_config){0});
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, feed_single_bytes, &feeder), 0);
    unsigned frames = 0;
    struct screen_watch watch;
    watch_init(&watch);
    uint64_t limit = clock_now_us() + 120000000;
    while (!replay_ended(screen) && clock_now_us() < limit) {
        assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
        usleep(500);
        screen_stop(screen);
        frames++;
    }
    assert_true(replay_ended(screen));
    pthread_join(thread, NULL);
    assert_int_equal(replay_frames(screen), 20);
    for (size_t i = 0; i < FRAME_SIZE; i++)
        assert_int_equal(watch.newest->planes[0].data[i], pixel(19, i));
    /* the next listener gets the state and the last picture again */
    unsigned before = watch.frames, signals = watch.signals;
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    assert_true(watch_wait(&watch, before + 1, signals + 1));
    screen_destroy(screen);
    watch_finish(&watch);
}

static void test_loop_and_pace(void **state)
{
    (void)state;
    static uint8_t room[REPLAY_HEADER_SIZE + 5 * FRAME_SIZE];
    size_t size = make_recording(room, 50, 5);
    struct order_check c = {.period = 5};
    struct screen_watch watch;
    watch_init(&watch);
    watch.each = check;
    watch.each_data = &c;
    struct screen *screen = create(file_of(room, size), (struct replay_config){.loop = true});
    uint64_t start = clock_now_us();
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    assert_true(watch_wait(&watch, 16, 1));
    assert_true(clock_now_us() - start >= 14 * 20000); /* 50 a second, never faster */
    screen_destroy(screen);
    assert_int_equal(c.errors, 0);
    watch_finish(&watch);
}

/* What the listener is told about a stream of these bytes. */
static void expect_told(const void *bytes, size_t size, enum screen_signal signal, const char *why)
{
    struct screen_watch watch;
    watch_init(&watch);
    struct screen *screen = create(file_of(bytes, size), (struct replay_config){.fast = true});
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    wait_end(screen);
    screen_destroy(screen);
    assert_string_equal(watch.why, why);
    assert_int_equal(watch.signal, signal);
    watch_finish(&watch);
}

static void test_bad_streams_are_named(void **state)
{
    (void)state;
    static uint8_t room[REPLAY_HEADER_SIZE + 3 * FRAME_SIZE], bad[REPLAY_HEADER_SIZE];
    size_t size = make_recording(room, 0, 3);
    expect_told("", 0, SCREEN_NO_LOCK, "The recording ended before its header was complete.");
    expect_told(room, 22, SCREEN_NO_LOCK, "The recording ended before its header was complete.");
    expect_told("RIFF0000AVI LIST00000000", 24, SCREEN_NO_LOCK,
                "This is not a recording: it does not begin with LSRAW1.");
    expect_told(room, size - 1, SCREEN_NO_SIGNAL, "The recording ended in the middle of picture 3.");
    struct replay_header header = {.width = 8193, .height = 1, .fps = 1, .fourcc = FOURCC_BGRX};
    replay_header_write(&header, bad);
    expect_told(bad, sizeof bad, SCREEN_OUT_OF_RANGE,
                "The recording's pictures are larger than 8192 pixels, or empty.");
    header.width = 0;
    replay_header_write(&header, bad);
    expect_told(bad, sizeof bad, SCREEN_OUT_OF_RANGE,
                "The recording's pictures are larger than 8192 pixels, or empty.");
    header = (struct replay_header){.width = 1, .height = 1, .fps = 1001, .fourcc = FOURCC_BGRX};
    replay_header_write(&header, bad);
    expect_told(bad, sizeof bad, SCREEN_OUT_OF_RANGE, "The recording wants more than 1000 pictures per second.");
    header = (struct replay_header){.width = 1, .height = 1, .fourcc = FOURCC('H', '2', '6', '4')};
    replay_header_write(&header, bad);
    expect_told(
        bad, sizeof bad, SCREEN_UNSUPPORTED,
        "The recording's pixel format is none of XR24, YUYV, UYVY, NV12, NV16, YU12, 422P, 444P, RGB3 and BGR3.");
}

static void test_a_folder_is_no_recording(void **state)
{
    (void)state;
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct screen_watch watch;
    watch_init(&watch);
    struct screen *screen = create(fd, (struct replay_config){0});
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    wait_end(screen);
    screen_destroy(screen);
    assert_int_equal(watch.signal, SCREEN_DEVICE_GONE);
    assert_string_equal(watch.why, "The recording cannot be read: Is a directory.");
    watch_finish(&watch);
}

/* The corpus where there is one: the right number of frames of the right size. */
static void test_a_recording_of_the_corpus(void **state)
{
    (void)state;
    char folder[512], command[700];
    const char *corpus = getenv("CORPUS");
    if (corpus)
        snprintf(folder, sizeof folder, "%s", corpus);
    else
        snprintf(folder, sizeof folder, "%s/../../shared/corpus", TEST_DATA);
    snprintf(command, sizeof command, "sh '%s/decode.sh' c1 0 12 2>/dev/null", folder);
    struct stat st;
    snprintf(folder + strlen(folder), sizeof folder - strlen(folder), "/c1.mkv");
    if (stat(folder, &st) < 0 || system("command -v ffmpeg >/dev/null 2>&1") != 0) {
        print_message("no corpus (or no ffmpeg): %s; a generated recording was played instead\n", folder);
        return;
    }
    FILE *decoder = popen(command, "r");
    assert_non_null(decoder);
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct screen *screen = create(ends[0], (struct replay_config){.fast = true});
    struct screen_watch watch;
    watch_init(&watch);
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    struct replay_header header = {.width = 720, .height = 400, .fps = 30, .fourcc = FOURCC_BGRX};
    uint8_t bytes[65536];
    replay_header_write(&header, bytes);
    assert_int_equal(write(ends[1], bytes, REPLAY_HEADER_SIZE), REPLAY_HEADER_SIZE);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, decoder)) > 0;)
        assert_int_equal(write(ends[1], bytes, n), n);
    close(ends[1]);
    assert_int_equal(pclose(decoder), 0);
    wait_end(screen);
    screen_destroy(screen);
    assert_int_equal(watch.frames, 12);
    assert_int_equal(watch.signal, SCREEN_OK);
    watch_finish(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_frame_comes_once_and_exact),
        cmocka_unit_test(test_a_pipe_of_single_bytes_with_stops_in_between),
        cmocka_unit_test(test_loop_and_pace),
        cmocka_unit_test(test_bad_streams_are_named),
        cmocka_unit_test(test_a_folder_is_no_recording),
        cmocka_unit_test(test_a_recording_of_the_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
