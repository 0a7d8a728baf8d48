/* Thumbnails: proportions, means, edges. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "video/scale.h"

static struct frame frame_of(const uint8_t *pixels, int width, int height)
{
    struct frame frame = {.width = width, .height = height, .fourcc = FOURCC_BGRX};
    frame.planes[0] = (struct frame_plane){.data = pixels, .stride = (size_t)width * 4};
    ref_init(&frame.ref);
    return frame;
}

static void assert_fit(int w, int h, int max_w, int max_h, int expect_w, int expect_h)
{
    struct frame frame = frame_of(NULL, w, h);
    int width, height;
    scale_fit(&frame, max_w, max_h, &width, &height);
    assert_int_equal(width, expect_w);
    assert_int_equal(height, expect_h);
}

static void test_fit(void **state)
{
    (void)state;
    assert_fit(1920, 1080, 320, 320, 320, 180);
    assert_fit(1080, 1920, 320, 320, 180, 320);
    assert_fit(100, 50, 320, 320, 100, 50);
    assert_fit(8192, 1, 320, 200, 320, 1);
    assert_fit(1, 8192, 320, 200, 1, 200);
    assert_fit(640, 480, 0, 0, 1, 1);
}

static void test_means(void **state)
{
    (void)state;
    uint8_t pixels[4 * 4 * 4];
    for (int i = 0; i < 16; i++) {
        pixels[4 * i] = (uint8_t)(i * 10);
        pixels[4 * i + 1] = 200;
        pixels[4 * i + 2] = i % 2 ? 255 : 0;
        pixels[4 * i + 3] = 99;
    }
    struct frame frame = frame_of(pixels, 4, 4), *small;
    assert_int_equal(scale_down(&frame, 2, 2, &small), 0);
    const uint8_t *p = small->planes[0].data;
    assert_int_equal(p[0], (0 + 10 + 40 + 50 + 2) / 4);
    assert_int_equal(p[1], 200);
    assert_int_equal(p[2], 128);
    assert_int_equal(p[small->planes[0].stride + 4], (100 + 110 + 140 + 150) / 4);
    frame_unref(small);
    assert_int_equal(scale_down(&frame, 4, 4, &small), 0);
    for (int i = 0; i < 16; i++)
        assert_memory_equal(small->planes[0].data + 4 * i, pixels + 4 * i, 3);
    frame_unref(small);
}

static void test_refuses(void **state)
{
    (void)state;
    uint8_t pixels[4 * 4 * 4] = {0};
    struct frame frame = frame_of(pixels, 4, 4), *small = NULL;
    assert_int_equal(scale_down(&frame, 5, 2, &small), -EINVAL);
    assert_int_equal(scale_down(&frame, 0, 2, &small), -EINVAL);
    frame.fourcc = FOURCC('Y', 'U', 'Y', 'V');
    assert_int_equal(scale_down(&frame, 2, 2, &small), -EINVAL);
    assert_null(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
