/* The integer conversion against one in floating point, for every triple, matrix and range; `--digest` prints what the
 * page's module must give. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "video/csc.h"
#include "video/csc_frame.h"

struct exact {
    double kr, kb;
    int full;
};

static const struct exact exact[COLOUR_COUNT] = {
    [COLOUR_BT601_LIMITED] = {0.299, 0.114, 0},
    [COLOUR_BT601_FULL] = {0.299, 0.114, 1},
    [COLOUR_BT709_LIMITED] = {0.2126, 0.0722, 0},
    [COLOUR_BT709_FULL] = {0.2126, 0.0722, 1},
};

static int byte(double v)
{
    v = v < 0 ? 0 : v > 255 ? 255 : v;
    return (int)(v + 0.5);
}

/* Rec. ITU-R BT.601 and BT.709, section "signal format": E'R, E'G, E'B from E'Y and the colour differences. */
static void to_rgb(const struct exact *e, int y, int u, int v, int ret[3])
{
    double luma = e->full ? y / 255.0 : (y - 16) / 219.0;
    double pb = (u - 128) / (e->full ? 255.0 : 224.0), pr = (v - 128) / (e->full ? 255.0 : 224.0);
    double r = luma + 2 * (1 - e->kr) * pr, b = luma + 2 * (1 - e->kb) * pb;
    double g = (luma - e->kr * r - e->kb * b) / (1 - e->kr - e->kb);
    ret[0] = byte(r * 255);
    ret[1] = byte(g * 255);
    ret[2] = byte(b * 255);
}

static void test_every_triple_is_within_one(void **state)
{
    (void)state;
    for (unsigned colour = COLOUR_BT601_LIMITED; colour < COLOUR_COUNT; colour++) {
        const struct csc *c = csc_of(colour);
        int worst = 0;
        long off = 0;
        for (uint32_t pixel = 0; pixel < 1u << 24; pixel++) {
            int want[3];
            to_rgb(&exact[colour], pixel >> 8 & 255, pixel >> 16 & 255, pixel & 255, want);
            uint32_t got = csc_to_rgb(c, pixel | 0xA5000000u);
            int error = abs((int)(got >> 16) - want[0]);
            error = abs((int)(got >> 8 & 255) - want[1]) > error ? abs((int)(got >> 8 & 255) - want[1]) : error;
            error = abs((int)(got & 255) - want[2]) > error ? abs((int)(got & 255) - want[2]) : error;
            worst = error > worst ? error : worst;
            off += error > 0;
        }
        assert_true(worst <= 1);
        assert_true(off < (1 << 24) / 100); /* only where the exact value lies near the middle of two */
    }
}

static void test_greys_black_and_white(void **state)
{
    (void)state;
    for (unsigned colour = COLOUR_BT601_LIMITED; colour < COLOUR_COUNT; colour++) {
        const struct csc *c = csc_of(colour);
        int full = exact[colour].full;
        assert_int_equal(csc_to_rgb(c, full ? 0x800080 : 0x801080), 0);
        assert_int_equal(csc_to_rgb(c, full ? 0x80FF80 : 0x80EB80), 0xFFFFFF);
        for (uint32_t y = 0; y < 256; y++) {
            uint32_t rgb = csc_to_rgb(c, 0x800080 | y << 8);
            assert_int_equal(rgb >> 16, rgb & 255);
            assert_int_equal(rgb >> 8 & 255, rgb & 255);
        }
    }
}

static void test_back_again_is_near(void **state)
{
    (void)state;
    for (unsigned colour = COLOUR_BT601_LIMITED; colour < COLOUR_COUNT; colour++) {
        const struct csc *c = csc_of(colour);
        for (uint32_t rgb = 0; rgb < 1u << 24; rgb += 37) {
            uint32_t again = csc_to_rgb(c, csc_from_rgb(c, rgb));
            for (int shift = 0; shift < 24; shift += 8)
                assert_true(abs((int)(again >> shift & 255) - (int)(rgb >> shift & 255)) <= 3);
        }
    }
}

static void test_unknown_colours_have_numbers_too(void **state)
{
    (void)state;
    assert_ptr_equal(csc_of(COLOUR_COUNT), csc_of(COLOUR_BT601_LIMITED));
    assert_ptr_equal(csc_of(~0u), csc_of(COLOUR_BT601_LIMITED));
    assert_ptr_equal(csc_of(COLOUR_RGB), csc_of(COLOUR_BT601_LIMITED));
}

static void test_frames(void **state)
{
    (void)state;
    static const uint8_t pixels[] = {128, 16, 128, 9, 128, 235, 128, 9, 0xEE, 0xEE, 128, 81, 90, 7, 240, 81, 90, 7};
    struct frame frame = {.width = 2,
                          .height = 2,
                          .fourcc = FOURCC_VYUX,
                          .colour = COLOUR_BT601_LIMITED,
                          .captured_us = 5,
                          .planes[0] = {.data = pixels, .stride = 10}},
                 *rgb;
    ref_init(&frame.ref);
    assert_int_equal(csc_frame_to_bgrx(&frame, &rgb), 0);
    assert_int_equal(rgb->fourcc, FOURCC_BGRX);
    assert_int_equal(rgb->colour, COLOUR_RGB);
    assert_int_equal(rgb->captured_us, 5);
    assert_memory_equal(rgb->planes[0].data, "\0\0\0\0\xFF\xFF\xFF\0", 8);
    const uint8_t *red = rgb->planes[0].data + rgb->planes[0].stride + 4;
    assert_true(red[2] > 250 && red[1] < 4 && red[0] < 4);
    struct frame *same;
    assert_int_equal(csc_frame_to_bgrx(rgb, &same), 0);
    assert_ptr_equal(same, rgb);
    frame_unref(same);
    frame_unref(rgb);
    frame.fourcc = FOURCC_NV12;
    assert_int_equal(csc_frame_to_bgrx(&frame, &rgb), -EINVAL);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--digest") == 0) {
        for (unsigned colour = COLOUR_BT601_LIMITED; colour < COLOUR_COUNT; colour++)
            printf("%u %016llx\n", colour, (unsigned long long)csc_digest(colour));
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_triple_is_within_one),
        cmocka_unit_test(test_greys_black_and_white),
        cmocka_unit_test(test_back_again_is_near),
        cmocka_unit_test(test_unknown_colours_have_numbers_too),
        cmocka_unit_test(test_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
