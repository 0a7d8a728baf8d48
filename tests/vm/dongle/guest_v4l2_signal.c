/* The V4L2 screen on the kernel's own driver: what a source and a device do in their lives. */
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <string.h>
#include <sys/ioctl.h>

#include "capture/v4l2_edid.h"
#include "guest_vivid.h"

static void test_the_signal_has_a_name_in_each_state(void **state)
{
    (void)state;
    static const struct {
        enum vivid_mode mode;
        enum screen_signal signal;
    } modes[] = {{VIVID_NO_SIGNAL, SCREEN_NO_SIGNAL},
                 {VIVID_NO_LOCK, SCREEN_NO_LOCK},
                 {VIVID_OUT_OF_RANGE, SCREEN_OUT_OF_RANGE}};
    struct vivid v = {.donor = -1, .only = V4L2_PIX_FMT_YUYV};
    vivid_start(&v, VIVID_SINGLE, NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
        vivid_pictures(&v, 3);
        vivid_wait_signal(&v, SCREEN_OK);
        vivid_signal(&v, modes[i].mode);
        vivid_wait_signal(&v, modes[i].signal);
        print_message("    %s: %s\n", screen_signal_name(modes[i].signal), v.watch.why);
        unsigned frames = v.watch.frames;
        usleep(300000); /* vivid would go on with noise */
        assert_int_equal(v.watch.frames, frames);
        vivid_signal(&v, VIVID_SELECTED);
    }
    vivid_pictures(&v, 3);
    vivid_wait_signal(&v, SCREEN_OK);
    assert_int_equal(vivid_counts(&v).errors, 0);
    vivid_stop(&v);
}

static void test_the_mode_is_followed(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int width, height;
    } modes[] = {
        {"1280x720p60", 1280, 720}, {"1920x1080p60", 1920, 1080}, {"1024x768p60", 1024, 768}, {"640x480p59", 640, 480}};
    struct vivid v = {.donor = -1, .only = V4L2_PIX_FMT_NV12};
    vivid_start(&v, VIVID_SINGLE, NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
        vivid_timings(&v, modes[i].name);
        uint64_t limit = clock_now_us() + 20000000;
        do
            vivid_pictures(&v, 1);
        while (v.watch.newest->width != modes[i].width && clock_now_us() < limit);
        struct v4l2_description d;
        v4l2_describe(v.screen, &d);
        print_message("    %s\n", d.timings);
        screen_stop(v.screen);
        assert_int_equal(v.watch.newest->width, modes[i].width);
        assert_int_equal(v.watch.newest->height, modes[i].height);
        assert_memory_equal(d.timings, modes[i].name, strlen(modes[i].name));
        assert_int_equal(screen_start(v.screen, &watch_listener, &v.watch), 0);
    }
    assert_int_equal(vivid_counts(&v).errors, 0);
    vivid_stop(&v);
}

static void test_an_interlaced_signal_is_told(void **state)
{
    (void)state;
    struct vivid v = {.donor = -1};
    vivid_start(&v, VIVID_SINGLE, NULL);
    vivid_pictures(&v, 1);
    vivid_timings(&v, "1920x1080i");
    vivid_wait_signal(&v, SCREEN_OUT_OF_RANGE);
    print_message("    %s\n", v.watch.why);
    vivid_timings(&v, "640x480p59");
    vivid_pictures(&v, 1);
    vivid_stop(&v);
}

static void test_the_edid_is_written_and_read_back(void **state)
{
    (void)state;
    struct edid edid;
    struct v4l2_description d;
    edid_make(EDID_1080P50, NULL, &edid);
    struct v4l2_config config = {.input = (unsigned)-1, .edid = edid};
    struct vivid v = {.donor = -1};
    vivid_start(&v, VIVID_SINGLE, &config);
    vivid_pictures(&v, 3);
    for (int preset = 0; preset < EDID_PRESETS; preset++) {
        v4l2_describe(v.screen, &d);
        assert_true(v4l2_edid_alike(&d.edid, &edid));
        edid_make((enum edid_preset)preset, "Test", &edid);
        assert_int_equal(v4l2_set_edid(v.screen, &edid), 0);
        uint64_t limit = clock_now_us() + 20000000;
        do {
            usleep(5000);
            v4l2_describe(v.screen, &d);
        } while (!v4l2_edid_alike(&d.edid, &edid) && clock_now_us() < limit);
        /* and the kernel says the same to others */
        struct edid other = {.size = 0};
        struct v4l2_edid request = {.blocks = 4, .edid = other.bytes};
        assert_int_equal(ioctl(v.control_fd, VIDIOC_G_EDID, &request), 0);
        other.size = request.blocks * 128;
        assert_true(v4l2_edid_alike(&other, &edid));
        vivid_pictures(&v, 2);
    }
    assert_int_equal(vivid_counts(&v).errors, 0);
    vivid_stop(&v);
}

static void test_faults_are_survived_and_counted(void **state)
{
    (void)state;
    static const char *const faults[] = {"Inject VIDIOC_REQBUFS Error", "Inject VIDIOC_QBUF Error",
                                         "Inject VIDIOC_STREAMON Error", "Inject Fatal Streaming Error"};
    struct vivid v = {.donor = -1, .only = V4L2_PIX_FMT_YUYV};
    vivid_start(&v, VIVID_SINGLE, NULL);
    vivid_pictures(&v, 3);
    for (unsigned i = 0; i < ARRAY_SIZE(faults); i++) {
        struct v4l2_statistics before = vivid_counts(&v);
        vivid_set(&v, faults[i], 1);
        if (i == 0 || i == 2) { /* these strike at the next start */
            screen_stop(v.screen);
            assert_int_equal(screen_start(v.screen, &watch_listener, &v.watch), 0);
        }
        vivid_pictures(&v, 10);
        struct v4l2_statistics s = vivid_counts(&v);
        print_message("    %s: errors +%llu, restarts +%llu\n", faults[i],
                      (unsigned long long)(s.errors - before.errors),
                      (unsigned long long)(s.restarts - before.restarts));
        assert_true(s.errors > before.errors);
    }
    struct v4l2_statistics before = vivid_counts(&v);
    vivid_set(&v, "Percentage of Dropped Buffers", 30);
    vivid_pictures(&v, 40);
    vivid_set(&v, "Percentage of Dropped Buffers", 0);
    struct v4l2_statistics s = vivid_counts(&v);
    print_message("    30 %% dropped: gaps +%llu\n", (unsigned long long)(s.gaps - before.gaps));
    assert_true(s.gaps > before.gaps);
    vivid_stop(&v);
}

static void test_unplugged_and_back(void **state)
{
    (void)state;
    struct vivid v = {.donor = -1, .only = V4L2_PIX_FMT_YUYV};
    vivid_start(&v, VIVID_SINGLE, NULL);
    for (int i = 0; i < 3; i++) {
        vivid_pictures(&v, 3);
        pthread_mutex_lock(&v.watch.lock);
        struct frame *kept = frame_ref(v.watch.newest);
        pthread_mutex_unlock(&v.watch.lock);
        v.away = true;
        vivid_set(&v, "Disconnect", 1);
        vivid_wait_signal(&v, SCREEN_DEVICE_GONE);
        print_message("    %s\n", v.watch.why);
        /* memory of a device that is gone */
        unsigned sum = 0;
        for (size_t b = 0; b < kept->planes[0].stride * (size_t)kept->height; b++)
            sum += kept->planes[0].data[b];
        assert_true(sum > 0);
        frame_unref(kept);
        close(v.control_fd); /* the last to close it makes it come back */
        v.control_fd = -1;
        v.away = false;
        vivid_pictures(&v, 3);
        vivid_wait_signal(&v, SCREEN_OK);
        v.control_fd = open(VIVID_SINGLE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        assert_true(v.control_fd >= 0);
    }
    vivid_stop(&v);
}

static void test_unwatched_one_picture_a_second(void **state)
{
    (void)state;
    struct vivid v = {.donor = -1, .only = V4L2_PIX_FMT_YUYV};
    vivid_start(&v, VIVID_SINGLE, NULL);
    vivid_pictures(&v, 5);
    v4l2_set_watched(v.screen, false);
    vivid_pictures(&v, 2);
    uint64_t start = clock_now_us();
    vivid_pictures(&v, 4);
    assert_true(clock_now_us() - start >= 3000000);
    v4l2_set_watched(v.screen, true);
    start = clock_now_us();
    vivid_pictures(&v, 1);
    print_message("    watched again: a picture after %llu ms\n", (unsigned long long)(clock_now_us() - start) / 1000);
    vivid_pictures(&v, 30);
    vivid_stop(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_signal_has_a_name_in_each_state),
        cmocka_unit_test(test_the_mode_is_followed),
        cmocka_unit_test(test_an_interlaced_signal_is_told),
        cmocka_unit_test(test_the_edid_is_written_and_read_back),
        cmocka_unit_test(test_faults_are_survived_and_counted),
        cmocka_unit_test(test_unplugged_and_back),
        cmocka_unit_test(test_unwatched_one_picture_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
