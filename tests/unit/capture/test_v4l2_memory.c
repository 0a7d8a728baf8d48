#include "v4l2_fixture.h"

#include "capture/v4l2_memory.h"

static void check_memory(struct v4l2_fixture *f, const char *text, bool copied)
{
    struct v4l2_description d;
    for (int i = 0; i < 10; i++) {
        fixture_picture(f);
        /* all of the picture, however it came */
        const struct frame *frame = f->watch.newest;
        for (int p = 0; p < FRAME_MAX_PLANES && frame->planes[p].data; p++)
            assert_int_equal(frame->planes[p].data[0], (f->fake.number - 1) & 255);
    }
    v4l2_describe(f->screen, &d);
    if (!strstr(d.memory, text))
        fail_msg("\"%s\" is not in \"%s\"", text, d.memory);
    screen_stop(f->screen);
    struct v4l2_statistics s = fixture_counts(f);
    assert_int_equal(s.copies, copied ? s.published : 0);
    assert_int_equal(s.errors, 0);
}

static void with(const struct fake_config *config, const char *text, bool copied)
{
    struct v4l2_fixture f;
    fixture_init(&f, config, NULL);
    check_memory(&f, text, copied);
    fixture_finish(&f);
}

static void test_cached_memory_is_used_as_it_is(void **state)
{
    (void)state;
    with(&fake_hdmi_yuyv, "cached, mapped: ", false);
}

static void test_slow_memory_is_replaced_by_a_heaps(void **state)
{
    (void)state;
    struct fake_config config = fake_hdmi_yuyv;
    config.uncached = config.dmabuf = true;
    struct v4l2_fixture f;
    fixture_init(&f, &config, NULL);
    check_memory(&f, "dma-heap buffers imported", false);
    assert_true(f.fake.reads >= 10); /* the calls that must stand around reading do */
    fixture_finish(&f);
}

static void test_of_two_planes_each(void **state)
{
    (void)state;
    struct fake_config config = {
        .timings = true, .multiplanar = true, .formats = {{.pixelformat = V4L2_PIX_FMT_NV12M}}};
    with(&config, "cached, mapped: ", false);
    config.uncached = config.dmabuf = true;
    with(&config, "dma-heap buffers imported", false);
    config.dmabuf = false;
    config.expbuf = true;
    with(&config, "exported DMA buffers", false);
    config.uncached_export = true;
    with(&config, "each picture is copied once", true);
}

static void test_or_by_exported_buffers(void **state)
{
    (void)state;
    struct fake_config config = fake_hdmi_yuyv;
    config.uncached = config.dmabuf = config.uncached_heap = config.expbuf = true;
    with(&config, "exported DMA buffers", false);
}

static void test_else_each_picture_is_copied_once(void **state)
{
    (void)state;
    struct fake_config config = fake_hdmi_yuyv;
    config.uncached = true;
    with(&config, "each picture is copied once", true);
    config.formats[0].padding = 24; /* lines of another length */
    with(&config, "each picture is copied once", true);
}

static void test_too_few_buffers_are_not_lent(void **state)
{
    (void)state;
    struct fake_config config = fake_hdmi_yuyv;
    for (config.buffers = 1; config.buffers < 5; config.buffers++)
        with(&config, "too few buffers to lend", true);
    config.buffers = 5;
    with(&config, "cached, mapped: ", false);
    config.buffers = 16;
    config.minimum = 6; /* and with a driver that keeps six for itself */
    struct v4l2_fixture f;
    fixture_init(&f, &config, NULL);
    check_memory(&f, "cached, mapped: ", false);
    assert_int_equal(f.fake.s_fmts, 1);
    fixture_finish(&f);
}

static void test_padded_lines_are_seen_as_such(void **state)
{
    (void)state;
    struct fake_config config = fake_hdmi_yuyv;
    config.formats[0].padding = 40;
    struct v4l2_fixture f;
    fixture_init(&f, &config, NULL);
    fixture_picture(&f);
    assert_int_equal(f.watch.newest->planes[0].stride, 168);
    fixture_finish(&f);
}

static void test_the_streaming_copy_copies(void **state)
{
    (void)state;
    static uint8_t from[1000], to[1000] __attribute__((aligned(16)));
    for (unsigned i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t size = 0; size < 300; size++)
        for (size_t skew = 0; skew < 17; skew += 16 - size % 2) {
            memset(to, 0xEE, sizeof to);
            memory_copy_uncached(to, from + skew, size);
            assert_memory_equal(to, from + skew, size);
            assert_int_equal(to[size], 0xEE);
        }
    assert_true(memory_ordinary_speed(1 << 20) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cached_memory_is_used_as_it_is),
        cmocka_unit_test(test_slow_memory_is_replaced_by_a_heaps),
        cmocka_unit_test(test_of_two_planes_each),
        cmocka_unit_test(test_or_by_exported_buffers),
        cmocka_unit_test(test_else_each_picture_is_copied_once),
        cmocka_unit_test(test_too_few_buffers_are_not_lent),
        cmocka_unit_test(test_padded_lines_are_seen_as_such),
        cmocka_unit_test(test_the_streaming_copy_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
