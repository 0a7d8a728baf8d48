/* What is said of an open capture device, by a driver of the test's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <linux/videodev2.h>

#include "core/text.h"
#include "gateway/doctor/device_look.h"

#define FD 77

static struct {
    bool timings, endless, strange, gone;
    int signal; /* of QUERY_DV_TIMINGS */
    unsigned streamed;
} driver;

static int query_formats(struct v4l2_fmtdesc *desc)
{
    static const uint32_t formats[] = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_H264, V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG};
    if (desc->index >= ARRAY_SIZE(formats) && !driver.endless)
        return -EINVAL;
    desc->pixelformat = driver.strange ? V4L2_PIX_FMT_H264 : formats[desc->index % ARRAY_SIZE(formats)];
    return 0;
}

static int answer(const struct v4l2_io *self, int fd, unsigned long request, void *arg)
{
    (void)self;
    assert_int_equal(fd, FD);
    if (driver.gone)
        return -ENODEV;
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *cap = arg;
        snprintf((char *)cap->driver, sizeof cap->driver, "play");
        snprintf((char *)cap->card, sizeof cap->card, "Test stick");
        snprintf((char *)cap->bus_info, sizeof cap->bus_info, "usb-1");
        cap->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        cap->capabilities = cap->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case VIDIOC_ENUMINPUT: {
        struct v4l2_input *input = arg;
        if (input->index > 0)
            return -EINVAL;
        snprintf((char *)input->name, sizeof input->name, "HDMI");
        input->capabilities = driver.timings ? V4L2_IN_CAP_DV_TIMINGS : 0;
        return 0;
    }
    case VIDIOC_G_INPUT:
        *(int *)arg = 0;
        return 0;
    case VIDIOC_S_INPUT:
        return 0;
    case VIDIOC_ENUM_FMT:
        return query_formats(arg);
    case VIDIOC_QUERY_DV_TIMINGS: {
        struct v4l2_dv_timings *timings = arg;
        if (!driver.timings)
            return -ENOTTY;
        if (driver.signal < 0)
            return driver.signal;
        *timings = (struct v4l2_dv_timings){.type = V4L2_DV_BT_656_1120,
                                            .bt = {.width = 1920,
                                                   .height = 1080,
                                                   .pixelclock = 148500000,
                                                   .hfrontporch = 88,
                                                   .hsync = 44,
                                                   .hbackporch = 148,
                                                   .vfrontporch = 4,
                                                   .vsync = 5,
                                                   .vbackporch = 36}};
        return 0;
    }
    case VIDIOC_S_FMT:
    case VIDIOC_REQBUFS:
    case VIDIOC_STREAMON:
    case VIDIOC_S_DV_TIMINGS:
    case VIDIOC_S_EDID:
        driver.streamed++;
        return 0;
    default:
        return -ENOTTY;
    }
}

static void close_nothing(const struct v4l2_io *self, int fd)
{
    (void)self;
    (void)fd;
}

static const struct v4l2_io io = {.ioctl = answer, .close = close_nothing};

static const struct device_seen *look(void)
{
    static struct device_seen seen;
    memset(&seen, 0, sizeof seen);
    device_look_video(&io, FD, &seen);
    assert_int_equal(driver.streamed, 0); /* nothing is set */
    return &seen;
}

static void a_signal_is_told(void **state)
{
    (void)state;
    memset(&driver, 0, sizeof driver);
    driver.timings = true;
    const struct device_seen *seen = look();
    assert_int_equal(seen->works, DEVICE_WORKS);
    assert_string_equal(seen->facts[DEVICE_FACT_CARD], "Test stick");
    assert_string_equal(seen->facts[DEVICE_FACT_INPUT], "HDMI");
    assert_string_equal(seen->facts[DEVICE_FACT_TIMINGS], "1920x1080p60, 148500 kHz");
    assert_non_null(strchr(seen->facts[DEVICE_FACT_FORMATS], ','));
    assert_string_equal(seen->not_seen, "");
}

static void none_says_why(void **state)
{
    (void)state;
    memset(&driver, 0, sizeof driver);
    driver.timings = true;
    driver.signal = -ENOLINK;
    const struct device_seen *seen = look();
    assert_int_equal(seen->works, DEVICE_FAILS);
    assert_string_equal(seen->facts[DEVICE_FACT_SIGNAL], "no-signal");
    assert_true(strlen(seen->why) > 10);
    driver.gone = true;
    assert_int_equal(look()->works, DEVICE_FAILS);
    assert_non_null(strstr(look()->why, "unplugged"));
}

static void a_stick_without_timings_says_what_is_not_seen(void **state)
{
    (void)state;
    memset(&driver, 0, sizeof driver);
    driver.endless = true;
    const struct device_seen *seen = look();
    assert_int_equal(seen->works, DEVICE_WORKS);
    assert_true(strlen(seen->not_seen) > 10);
    driver.strange = true;
    assert_int_equal(look()->works, DEVICE_FAILS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_is_told),
        cmocka_unit_test(none_says_why),
        cmocka_unit_test(a_stick_without_timings_says_what_is_not_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
