/* Files made of frames: read back by the libraries' own readers, PNG exactly, JPEG closely. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <png.h>
#include <turbojpeg.h>

#include "encode/jpeg.h"
#include "encode/png.h"
#include "scene.h"

static struct frame *make_frame(int width, int height)
{
    struct scene scene;
    scene_init(&scene, width, height, 11);
    scene_gradient(&scene, 0, 0, width, height);
    if (width > 60 && height > 60)
        scene_text_line(&scene, 8, 8, 4, 0xFFFFFF, 0x102030);
    struct frame *frame = scene_frame(&scene);
    scene_finish(&scene);
    return frame;
}

static void png_back(int width, int height)
{
    struct frame *frame = make_frame(width, height);
    uint8_t *file, *pixels;
    size_t size;
    assert_int_equal(png_encode(frame, &file, &size), 0);
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, file, size));
    image.format = PNG_FORMAT_BGR;
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    pixels = malloc(PNG_IMAGE_SIZE(image));
    assert_non_null(pixels);
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    for (int i = 0; i < width * height; i++)
        assert_memory_equal(pixels + 3 * i, frame->planes[0].data + 4 * i, 3);
    free(pixels);
    free(file);
    frame_unref(frame);
}

static void test_png_is_exact(void **state)
{
    (void)state;
    png_back(1, 1);
    png_back(17, 3);
    png_back(640, 400);
}

static void test_jpeg_is_close(void **state)
{
    (void)state;
    struct frame *frame = make_frame(320, 200);
    for (int quality = 80; quality <= 95; quality += 15) {
        uint8_t *file, *pixels = malloc(320 * 200 * 4);
        size_t size;
        int width, height, sampling, space;
        assert_int_equal(jpeg_encode(frame, quality, &file, &size), 0);
        tjhandle handle = tjInitDecompress();
        assert_int_equal(tjDecompressHeader3(handle, file, size, &width, &height, &sampling, &space), 0);
        assert_int_equal(width, 320);
        assert_int_equal(height, 200);
        assert_int_equal(sampling, quality < 90 ? TJSAMP_420 : TJSAMP_444);
        assert_int_equal(tjDecompress2(handle, file, size, pixels, 320, 0, 200, TJPF_BGRX, 0), 0);
        double error = 0;
        for (int i = 0; i < 320 * 200 * 4; i++) {
            int d = i % 4 == 3 ? 0 : pixels[i] - frame->planes[0].data[i];
            error += d * d;
        }
        assert_true(error / (320 * 200 * 3) < 150);
        tjDestroy(handle);
        free(pixels);
        free(file);
    }
    frame_unref(frame);
}

/* Pictures of update bodies: kept objects, sizes that vary, both samplings. */
static void test_written_and_read_again(void **state)
{
    (void)state;
    struct jpeg_writer *writer;
    struct jpeg_reader *reader;
    assert_int_equal(jpeg_writer_create(&writer), 0);
    assert_int_equal(jpeg_reader_create(&reader), 0);
    for (int i = 1; i < 12; i++) {
        int width = 16 * (i * 7 % 11 + 1), height = 16 * (i * 5 % 7 + 1);
        struct frame *frame = make_frame(width, height);
        struct jpeg_picture picture = {
            .pixels = frame->planes[0].data, .stride = frame->planes[0].stride, .width = width, .height = height};
        uint8_t *seen = malloc((size_t)(width * height) * 4);
        const uint8_t *file;
        size_t size;
        assert_int_equal(jpeg_writer_encode(writer, &picture, 60 + 3 * i, i % 2, &file, &size), 0);
        assert_true(jpeg_reader_decode(reader, file, size, width, height, seen));
        double error = 0;
        for (int k = 0; k < width * height * 4; k++) {
            int d = k % 4 == 3 ? 0 : seen[k] - picture.pixels[k % 4 == 1 ? k : k % 4 ? k - 2 : k + 2];
            error += d * d;
        }
        assert_true(error / (width * height * 3) < 300);
        assert_false(jpeg_reader_decode(reader, file, size, width + 16, height, seen));
        assert_false(jpeg_reader_decode(reader, file, size / 2, width, height, seen));
        assert_false(jpeg_reader_decode(reader, file + 1, size - 1, width, height, seen));
        free(seen);
        frame_unref(frame);
    }
    jpeg_writer_destroy(writer);
    jpeg_reader_destroy(reader);
}

static void test_refuses(void **state)
{
    (void)state;
    struct frame *frame = make_frame(16, 16);
    uint8_t *file = NULL;
    size_t size;
    assert_int_equal(jpeg_encode(frame, 0, &file, &size), -EINVAL);
    assert_int_equal(jpeg_encode(frame, 101, &file, &size), -EINVAL);
    frame->fourcc = FOURCC('Y', 'U', 'Y', 'V');
    assert_int_equal(jpeg_encode(frame, 80, &file, &size), -EINVAL);
    assert_int_equal(png_encode(frame, &file, &size), -EINVAL);
    assert_null(file);
    frame_unref(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_is_exact),
        cmocka_unit_test(test_jpeg_is_close),
        cmocka_unit_test(test_written_and_read_again),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
