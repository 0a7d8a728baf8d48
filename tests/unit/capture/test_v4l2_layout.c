#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "capture/v4l2_layout.h"
#include "video/csc.h"

static char why[200];

static struct v4l2_format single(uint32_t pixelformat, unsigned width, unsigned height, unsigned line, unsigned size)
{
    struct v4l2_format f = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    f.fmt.pix = (struct v4l2_pix_format){.width = width,
                                         .height = height,
                                         .pixelformat = pixelformat,
                                         .field = V4L2_FIELD_NONE,
                                         .bytesperline = line,
                                         .sizeimage = size};
    return f;
}

static int read_single(uint32_t pixelformat, unsigned width, unsigned height, unsigned line, unsigned size,
                       struct v4l2_layout *ret)
{
    struct v4l2_format f = single(pixelformat, width, height, line, size);
    return v4l2_layout_read(&f, ret, why, sizeof why);
}

static void test_planes_of_one_memory_follow_each_other(void **state)
{
    (void)state;
    struct v4l2_layout l;
    assert_int_equal(read_single(V4L2_PIX_FMT_YUV420, 100, 50, 128, 128 * 50 * 3 / 2, &l), 0);
    assert_int_equal(l.planes[0].stride, 128);
    assert_int_equal(l.planes[1].stride, 64);
    assert_int_equal(l.planes[1].offset, 128 * 50);
    assert_int_equal(l.planes[2].offset, 128 * 50 + 64 * 25);
    assert_int_equal(l.used[0], 128 * 50 + 64 * 25 + 64 * 24 + 50);
    assert_int_equal(read_single(V4L2_PIX_FMT_NV16, 100, 50, 128, 128 * 100, &l), 0);
    assert_int_equal(l.planes[1].stride, 128);
    assert_int_equal(l.planes[1].offset, 128 * 50);
    assert_int_equal(l.used[0], 128 * 99 + 100);
    assert_int_equal(read_single(V4L2_PIX_FMT_BGR24, 7, 3, 0, 63, &l), 0); /* lines without padding */
    assert_int_equal(l.planes[0].stride, 21);
    assert_int_equal(l.used[0], 63);
}

static void test_planes_of_their_own_memory(void **state)
{
    (void)state;
    struct v4l2_layout l;
    struct v4l2_format f = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE};
    f.fmt.pix_mp = (struct v4l2_pix_format_mplane){
        .width = 99, .height = 49, .pixelformat = V4L2_PIX_FMT_NV12M, .field = V4L2_FIELD_NONE, .num_planes = 2};
    f.fmt.pix_mp.plane_fmt[0] = (struct v4l2_plane_pix_format){.bytesperline = 112, .sizeimage = 112 * 49};
    f.fmt.pix_mp.plane_fmt[1] = (struct v4l2_plane_pix_format){.bytesperline = 104, .sizeimage = 104 * 25};
    assert_int_equal(v4l2_layout_read(&f, &l, why, sizeof why), 0);
    assert_int_equal(l.memories, 2);
    assert_int_equal(l.planes[1].memory, 1);
    assert_int_equal(l.planes[1].offset, 0);
    assert_int_equal(l.planes[1].stride, 104);
    assert_int_equal(l.used[1], 104 * 24 + 100);
    f.fmt.pix_mp.plane_fmt[1].bytesperline = 99; /* an odd last pixel has a pair of its own */
    assert_int_equal(v4l2_layout_read(&f, &l, why, sizeof why), -EINVAL);
    f.fmt.pix_mp.num_planes = 1;
    assert_int_equal(v4l2_layout_read(&f, &l, why, sizeof why), -EINVAL);
}

static void test_what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t pixelformat;
        unsigned width, height, line, size;
    } bad[] = {
        {V4L2_PIX_FMT_YUYV, 0, 48, 0, 10000},
        {V4L2_PIX_FMT_YUYV, 64, 0, 128, 10000},
        {V4L2_PIX_FMT_YUYV, 8193, 48, 20000, 4000000},
        {V4L2_PIX_FMT_YUYV, 64, 4294967295u, 128, 4294967295u},
        {V4L2_PIX_FMT_YUYV, 64, 48, 127, 10000},
        {V4L2_PIX_FMT_YUYV, 64, 48, 128, 128 * 48 - 1},
        {V4L2_PIX_FMT_YUYV, 64, 48, 4294967295u, 4294967295u},
        {V4L2_PIX_FMT_NV12, 64, 48, 64, 64 * 48},
        {V4L2_PIX_FMT_MJPEG, 64, 48, 0, 0},
        {V4L2_PIX_FMT_SBGGR8, 64, 48, 64, 64 * 48},
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct v4l2_layout l = {.width = 1234};
        why[0] = 0;
        assert_int_equal(read_single(bad[i].pixelformat, bad[i].width, bad[i].height, bad[i].line, bad[i].size, &l),
                         -EINVAL);
        assert_true(why[0] && why[strlen(why) - 1] == '.');
        assert_int_equal(l.width, 1234); /* written only on success */
    }
    struct v4l2_layout l;
    struct v4l2_format f = single(V4L2_PIX_FMT_YUYV, 64, 48, 128, 128 * 48);
    f.fmt.pix.field = V4L2_FIELD_INTERLACED;
    assert_int_equal(v4l2_layout_read(&f, &l, why, sizeof why), -EINVAL);
}

static void test_every_plane_lies_inside_what_must_be_filled(void **state)
{
    (void)state;
    for (unsigned i = 0; i < v4l2_n_kinds; i++)
        for (unsigned width = 1; width < 40; width++)
            for (unsigned height = 1; height < 9; height++) {
                const struct v4l2_kind *kind = &v4l2_kinds[i];
                struct v4l2_layout l;
                if (kind->memories > 1)
                    continue;
                int r = read_single(kind->pixelformat, width, height, 0, 10000, &l);
                assert_int_equal(r, 0);
                for (unsigned p = 0; p < kind->planes; p++)
                    assert_true(l.planes[p].offset < l.used[0]);
                assert_true(l.used[0] <= 10000);
            }
}

static void test_colour_is_the_drivers_word_or_the_sizes(void **state)
{
    (void)state;
    assert_int_equal(v4l2_colour(false, 1080, 0, 0, 0), COLOUR_RGB);
    assert_int_equal(v4l2_colour(true, 1080, 0, 0, 0), COLOUR_BT709_LIMITED);
    assert_int_equal(v4l2_colour(true, 576, 0, 0, 0), COLOUR_BT601_LIMITED);
    assert_int_equal(v4l2_colour(true, 576, V4L2_COLORSPACE_REC709, 0, 0), COLOUR_BT709_LIMITED);
    assert_int_equal(v4l2_colour(true, 1080, V4L2_COLORSPACE_SRGB, 0, 0), COLOUR_BT601_LIMITED);
    assert_int_equal(v4l2_colour(true, 1080, V4L2_COLORSPACE_JPEG, 0, 0), COLOUR_BT601_FULL);
    assert_int_equal(v4l2_colour(true, 480, V4L2_COLORSPACE_SMPTE170M, V4L2_YCBCR_ENC_709, 0), COLOUR_BT709_LIMITED);
    assert_int_equal(v4l2_colour(true, 1080, V4L2_COLORSPACE_REC709, 0, V4L2_QUANTIZATION_FULL_RANGE),
                     COLOUR_BT709_FULL);
    assert_int_equal(v4l2_colour(true, 1080, 0, V4L2_YCBCR_ENC_601, V4L2_QUANTIZATION_FULL_RANGE), COLOUR_BT601_FULL);
    assert_int_equal(v4l2_colour(true, 1080, V4L2_COLORSPACE_BT2020, 0, 0), COLOUR_BT709_LIMITED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planes_of_one_memory_follow_each_other),
        cmocka_unit_test(test_planes_of_their_own_memory),
        cmocka_unit_test(test_what_cannot_be_is_refused),
        cmocka_unit_test(test_every_plane_lies_inside_what_must_be_filled),
        cmocka_unit_test(test_colour_is_the_drivers_word_or_the_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
