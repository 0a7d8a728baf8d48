/* A stick that sends motion JPEG: decoded on the capture thread, the newest alone; what is damaged is not shown. */
#include <turbojpeg.h>

#include "v4l2_fixture.h"

struct jpeg {
    unsigned char *bytes;
    unsigned long size;
    bool damaged;
};

static void paint(void *data, unsigned number, uint8_t *const memory[], const size_t size[])
{
    const struct jpeg *jpeg = data;
    (void)number;
    (void)size;
    memcpy(memory[0], jpeg->bytes, jpeg->size);
    if (jpeg->damaged)
        memset(memory[0], 0, 20);
}

static void make(struct jpeg *jpeg)
{
    static unsigned char pixels[64 * 48 * 3];
    for (unsigned i = 0; i < sizeof pixels; i++)
        pixels[i] = i % 3 == 2 ? 200 : 40;
    tjhandle handle = tjInitCompress();
    assert_int_equal(tjCompress2(handle, pixels, 64, 0, 48, TJPF_RGB, &jpeg->bytes, &jpeg->size, TJSAMP_422, 90, 0), 0);
    tjDestroy(handle);
}

static void test_motion_jpeg_is_decoded_once(void **state)
{
    (void)state;
    struct jpeg jpeg = {.bytes = NULL};
    make(&jpeg);
    struct fake_config config = {.formats = {{.pixelformat = V4L2_PIX_FMT_MJPEG, .sizes = {{64, 48, 60}}}},
                                 .paint = paint,
                                 .paint_data = &jpeg,
                                 .uncached = true}; /* does not matter here */
    struct v4l2_fixture f;
    fixture_init(&f, &config, NULL);
    for (int i = 0; i < 20; i++)
        fixture_picture(&f);
    const struct frame *frame = f.watch.newest;
    assert_int_equal(frame->fourcc, FOURCC_422P);
    assert_int_equal(frame->width, 64);
    assert_true(frame->planes[1].data[0] > 150); /* blue */
    wait_until(fake_queued(&f.fake) == 7);       /* all are back while its frames are out */
    struct v4l2_statistics s = fixture_counts(&f);
    assert_int_equal(s.decoded, s.published);
    assert_int_equal(s.broken, 0);
    assert_int_equal(s.copies, 0);
    jpeg.damaged = true;
    unsigned before = watch_frames(&f.watch);
    for (unsigned i = 1; i <= 5; i++) {
        fake_frame(&f.fake, 0, 0);
        wait_until(fixture_counts(&f).broken == i);
    }
    assert_int_equal(watch_frames(&f.watch), before);
    jpeg.damaged = false;
    fixture_picture(&f);
    fixture_finish(&f);
    tjFree(jpeg.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_motion_jpeg_is_decoded_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
