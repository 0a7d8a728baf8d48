/* Which format is used, on devices with a signal, on sticks, and on receivers in parts. */
#include <errno.h>

#include "v4l2_fixture.h"

/* The description once there is a picture. */
static struct v4l2_description described(const struct fake_config *config, uint32_t wanted)
{
    struct v4l2_fixture f;
    struct v4l2_config v4l2 = {.input = (unsigned)-1, .fourcc = wanted};
    struct v4l2_description d;
    fixture_init(&f, config, &v4l2);
    fixture_picture(&f);
    v4l2_describe(f.screen, &d);
    fixture_finish(&f);
    return d;
}

static void test_the_best_pictures_win_on_a_receiver(void **state)
{
    (void)state;
    struct fake_config config = {.timings = true,
                                 .formats = {{.pixelformat = V4L2_PIX_FMT_NV12},
                                             {.pixelformat = V4L2_PIX_FMT_SBGGR8},
                                             {.pixelformat = V4L2_PIX_FMT_YUYV},
                                             {.pixelformat = V4L2_PIX_FMT_BGR24}}};
    struct v4l2_description d = described(&config, 0);
    assert_string_equal(d.format, "BGR3, single-planar, 7 buffers");
    assert_string_equal(d.why, "BGR3: the best of what is offered, exact RGB");
    assert_string_equal(d.offered, "NV12 YUYV BGR3 (and 1 of no use here)");
    d = described(&config, FOURCC_NV12);
    assert_string_equal(d.why, "NV12: as configured, colour for four pixels");
    d = described(&config, FOURCC_NV16);
    assert_string_equal(d.why,
                        "NV16 is configured, but not to be had here. BGR3: the best of what is offered, exact RGB");
}

static void test_what_cannot_be_started_is_passed_over(void **state)
{
    (void)state;
    struct fake_config config = {
        .timings = true,
        .formats = {{.pixelformat = V4L2_PIX_FMT_BGR24, .cannot_start = true}, {.pixelformat = V4L2_PIX_FMT_UYVY}}};
    struct v4l2_description d = described(&config, 0);
    assert_string_equal(d.why, "UYVY: the best of what is offered, colour for two pixels; better ones could not be "
                               "started");
}

static void test_nothing_of_use_is_told(void **state)
{
    (void)state;
    struct fake_config config = {.timings = true, .formats = {{.pixelformat = V4L2_PIX_FMT_SBGGR8}}};
    struct v4l2_fixture f;
    fixture_init(&f, &config, NULL);
    wait_until(watch_state(&f.watch) == SCREEN_UNSUPPORTED);
    assert_string_equal(f.watch.why, "Fake capture offers no pixel format that is taken ((and 1 of no use here)).");
    fixture_finish(&f);
}

static void test_a_stick_is_taken_where_it_is_smooth(void **state)
{
    (void)state;
    struct fake_config config = {
        .formats = {{.pixelformat = V4L2_PIX_FMT_YUYV, .sizes = {{640, 480, 30}, {1920, 1080, 5}}},
                    {.pixelformat = V4L2_PIX_FMT_NV12, .sizes = {{320, 240, 30}, {640, 480, 30}}}}};
    struct v4l2_description d = described(&config, 0);
    assert_string_equal(d.why, "YUYV: the best of what is offered, colour for two pixels, 30 pictures a second");
    config.formats[1].sizes[2] = (struct fake_size){3840, 2160, 30}; /* blown up: never */
    config.formats[1].sizes[3] = (struct fake_size){1280, 720, 60};
    d = described(&config, 0);
    assert_string_equal(d.why, "NV12: the best of what is offered, colour for four pixels, 60 pictures a second");
    assert_string_equal(d.timings, "");
    assert_false(d.has_edid);
}

static void test_an_absurd_rate_is_none(void **state)
{
    (void)state;
    struct fake_config config = {.formats = {{.pixelformat = V4L2_PIX_FMT_YUYV, .sizes = {{640, 480, UINT32_MAX}}}}};
    struct v4l2_description d = described(&config, 0);
    assert_string_equal(d.why, "YUYV: the best of what is offered, colour for two pixels");
}

static void test_a_stick_without_a_signal_says_so(void **state)
{
    (void)state;
    struct fake_config config = {.formats = {{.pixelformat = V4L2_PIX_FMT_YUYV, .sizes = {{640, 480, 30}}}}};
    struct v4l2_fixture f;
    fixture_init(&f, &config, NULL);
    fixture_picture(&f);
    screen_stop(f.screen);
    f.fake.signal = -ENOLINK;
    assert_int_equal(screen_start(f.screen, &watch_listener, &f.watch), 0);
    wait_until(watch_state(&f.watch) == SCREEN_NO_SIGNAL);
    fake_signal(&f.fake, 0, 0, 0, 0);
    fixture_picture(&f);
    fixture_finish(&f);
}

static void test_a_receiver_in_parts_is_connected(void **state)
{
    (void)state;
    struct fake_config config = {.timings = true, .media = true, .formats = {{.pixelformat = V4L2_PIX_FMT_UYVY}}};
    struct v4l2_fixture f;
    struct v4l2_config v4l2 = {.input = (unsigned)-1};
    struct v4l2_description d;
    edid_make(EDID_720P60, NULL, &v4l2.edid);
    fixture_init(&f, &config, &v4l2);
    fixture_picture(&f);
    assert_int_equal(f.fake.links_set, 1);
    assert_true(f.fake.pads_set >= 3);
    assert_int_equal(f.fake.s_edids, 1);
    fake_signal(&f.fake, 0, 80, 60, 60); /* events, timings and pads of the receiver, not of the video node */
    do
        fixture_picture(&f);
    while (f.watch.newest->width != 80);
    v4l2_describe(f.screen, &d);
    assert_memory_equal(d.timings, "80x60p60", 8);
    fake_signal(&f.fake, -ENOLINK, 0, 0, 0);
    wait_until(watch_state(&f.watch) == SCREEN_NO_SIGNAL);
    assert_int_equal(fixture_counts(&f).errors, 0);
    fixture_finish(&f);
}

static void test_an_input_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    struct v4l2_config v4l2 = {.input = 7};
    fixture_init(&f, &fake_hdmi_yuyv, &v4l2);
    wait_until(watch_state(&f.watch) == SCREEN_DEVICE_GONE);
    assert_string_equal(f.watch.why, "Fake capture has no input 7: set another one in the configuration.");
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_pictures_win_on_a_receiver),
        cmocka_unit_test(test_what_cannot_be_started_is_passed_over),
        cmocka_unit_test(test_nothing_of_use_is_told),
        cmocka_unit_test(test_a_stick_is_taken_where_it_is_smooth),
        cmocka_unit_test(test_an_absurd_rate_is_none),
        cmocka_unit_test(test_a_stick_without_a_signal_says_so),
        cmocka_unit_test(test_a_receiver_in_parts_is_connected),
        cmocka_unit_test(test_an_input_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
