/* Motion JPEG: each sampling comes out in the format that holds it, near the picture that went in; frames keep their
 * memory; what is damaged, cut, of another size or of another kind is refused. The files of jpeg/ show 50x35 pixels,
 * red 40 + 3x, green 60 + 4y, blue 200 - 2x - y, at quality 90. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/mjpeg.h"
#include "core/attrs.h"
#include "video/cell_pack.h"
#include "video/csc.h"

#define WIDTH 50
#define HEIGHT 35

struct file {
    uint8_t bytes[4096];
    size_t size;
};

static struct file load(const char *name)
{
    struct file file;
    char path[512];
    snprintf(path, sizeof path, "%s/unit/capture/jpeg/%s.jpg", TEST_DATA, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    file.size = fread(file.bytes, 1, sizeof file.bytes, f);
    fclose(f);
    assert_in_range(file.size, 100, sizeof file.bytes - 1);
    return file;
}

static int decode(struct mjpeg *mjpeg, const struct file *file, struct frame **ret)
{
    /* memory of exactly this size, so that a sanitizer sees a read past the end */
    uint8_t *bytes = malloc(file->size);
    assert_non_null(bytes);
    memcpy(bytes, file->bytes, file->size);
    int r = mjpeg_decode(mjpeg, bytes, file->size, WIDTH, HEIGHT, ret);
    free(bytes);
    return r;
}

static int setup(void **state)
{
    struct mjpeg *mjpeg = NULL;
    int r = mjpeg_create(&mjpeg);
    *state = mjpeg;
    return r;
}

static int teardown(void **state)
{
    mjpeg_destroy(*state);
    return 0;
}

/* The largest distance of a channel from the picture that went in, over all pixels. */
static int worst(const struct frame *frame)
{
    const struct cell_layout *layout = cell_layout_of(frame->fourcc);
    int most = 0;
    assert_non_null(layout);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            struct cell_row row = cell_row_of(layout, frame, x / 16, y / 16, 1);
            struct cell_block block;
            cell_pack(layout, &row, 0, block.bytes, 64);
            const uint8_t *p = block.bytes + y % 16 * 64 + x % 16 * 4;
            const uint32_t rgb = csc_to_rgb(csc_of(frame->colour), (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0]);
            most = MAX(most, abs((int)(rgb >> 16 & 255) - (40 + 3 * x)));
            most = MAX(most, abs((int)(rgb >> 8 & 255) - (60 + 4 * y)));
            most = MAX(most, abs((int)(rgb & 255) - (200 - 2 * x - y)));
        }
    return most;
}

static void test_each_sampling(void **state)
{
    static const struct {
        const char *name;
        uint32_t fourcc;
        int most;
    } wanted[] = {{"444", FOURCC_444P, 8},
                  {"422", FOURCC_422P, 10},
                  {"420", FOURCC_YU12, 14},
                  {"411", FOURCC_422P, 16},
                  {"440", FOURCC_444P, 12}};
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        struct file file = load(wanted[i].name);
        struct frame *frame = NULL;
        assert_int_equal(decode(*state, &file, &frame), 0);
        assert_int_equal(frame->width, WIDTH);
        assert_int_equal(frame->height, HEIGHT);
        assert_int_equal(frame->fourcc, wanted[i].fourcc);
        assert_int_equal(frame->colour, COLOUR_BT601_FULL);
        assert_false(frame->hints_valid);
        if (worst(frame) > wanted[i].most)
            fail_msg("%s is %d off", wanted[i].name, worst(frame));
        frame_unref(frame);
    }
}

static void test_grey_has_no_colour(void **state)
{
    struct file file = load("grey");
    struct frame *frame = NULL;
    assert_int_equal(decode(*state, &file, &frame), 0);
    assert_int_equal(frame->fourcc, FOURCC_YU12);
    for (int p = 1; p < 3; p++)
        for (int y = 0; y < (HEIGHT + 1) / 2; y++)
            for (int x = 0; x < (WIDTH + 1) / 2; x++)
                assert_int_equal(frame->planes[p].data[(size_t)y * frame->planes[p].stride + (size_t)x], 128);
    const struct csc *csc = csc_of(COLOUR_BT601_FULL);
    for (int x = 0; x < WIDTH; x++) {
        uint32_t rgb = (uint32_t)(40 + 3 * x) << 16 | 60 << 8 | (uint32_t)(200 - 2 * x);
        assert_in_range(frame->planes[0].data[x], (csc_from_rgb(csc, rgb) >> 8 & 255) - 4,
                        (csc_from_rgb(csc, rgb) >> 8 & 255) + 4);
    }
    frame_unref(frame);
}

/* Takes the segments with this marker out. */
static unsigned strip(struct file *file, uint8_t marker)
{
    unsigned n = 0;
    for (size_t at = 2; at + 4 <= file->size && file->bytes[at + 1] != 0xDA;) {
        size_t length = 2 + ((size_t)file->bytes[at + 2] << 8 | file->bytes[at + 3]);
        if (file->bytes[at + 1] != marker) {
            at += length;
            continue;
        }
        memmove(file->bytes + at, file->bytes + at + length, file->size - at - length);
        file->size -= length;
        n++;
    }
    return n;
}

static void same_planes(const struct frame *a, const struct frame *b)
{
    const struct cell_layout *layout = cell_layout_of(a->fourcc);
    assert_int_equal(a->fourcc, b->fourcc);
    for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++)
        for (int y = 0; y < cell_layout_lines(layout, p, HEIGHT); y++)
            assert_memory_equal(a->planes[p].data + (size_t)y * a->planes[p].stride,
                                b->planes[p].data + (size_t)y * b->planes[p].stride,
                                cell_layout_line_bytes(layout, p, WIDTH));
}

static void test_standard_tables_are_meant_where_none_are(void **state)
{
    struct file with = load("422"), without = with;
    struct frame *a = NULL, *b = NULL;
    assert_int_equal(strip(&without, 0xC4), 4);
    assert_int_equal(decode(*state, &with, &a), 0);
    assert_int_equal(decode(*state, &without, &b), 0);
    same_planes(a, b);
    frame_unref(a);
    frame_unref(b);
}

static void test_bytes_behind_the_end(void **state)
{
    struct file plain = load("420"), longer = plain, stuffed = plain;
    struct frame *a = NULL, *b = NULL, *c = NULL;
    memset(longer.bytes + longer.size, 0xA5, 200);
    longer.size += 200;
    /* and some between the last block and the end, as devices leave them */
    memmove(stuffed.bytes + stuffed.size + 4, stuffed.bytes + stuffed.size - 2, 2);
    memset(stuffed.bytes + stuffed.size - 2, 0, 6);
    stuffed.size += 6;
    assert_int_equal(decode(*state, &plain, &a), 0);
    assert_int_equal(decode(*state, &longer, &b), 0);
    assert_int_equal(decode(*state, &stuffed, &c), 0);
    same_planes(a, b);
    same_planes(a, c);
    frame_unref(a);
    frame_unref(b);
    frame_unref(c);
}

static void test_every_cut_is_refused(void **state)
{
    struct file file = load("420");
    for (size_t size = 0; size < file.size - 2; size++) {
        struct file cut = file;
        struct frame *frame = NULL;
        cut.size = size;
        if (size && decode(*state, &cut, &frame) != -EBADMSG)
            fail_msg("%zu of %zu bytes are no picture", size, file.size);
        assert_null(frame);
    }
}

static void refused(struct mjpeg *mjpeg, const struct file *file)
{
    struct frame *frame = NULL;
    assert_int_equal(decode(mjpeg, file, &frame), -EBADMSG);
    assert_null(frame);
}

static size_t find_marker(const struct file *file, uint8_t marker)
{
    for (size_t at = 2; at + 4 <= file->size;) {
        if (file->bytes[at + 1] == marker)
            return at;
        at += 2 + ((size_t)file->bytes[at + 2] << 8 | file->bytes[at + 3]);
    }
    fail_msg("there is no marker %02x", marker);
    return 0;
}

static void test_what_is_no_motion_jpeg(void **state)
{
    struct file file = load("progressive");
    refused(*state, &file);
    file = load("420");
    const size_t frame = find_marker(&file, 0xC0), scan = find_marker(&file, 0xDA);
    struct file bad = file;
    bad.bytes[frame + 5] = 0xFF; /* the height says 65000 lines and more */
    refused(*state, &bad);
    bad = file;
    bad.bytes[frame + 8]++; /* another width */
    refused(*state, &bad);
    bad = file;
    bad.bytes[frame + 9] = 4; /* components */
    refused(*state, &bad);
    bad = file;
    bad.bytes[frame + 1] = 0xC9; /* arithmetic coding */
    refused(*state, &bad);
    bad = file;
    bad.bytes[frame + 11] = 0x14; /* a sampling that nobody has */
    refused(*state, &bad);
    bad = file;
    bad.bytes[scan + 4] = 1; /* a scan of one component, others to follow */
    refused(*state, &bad);
    bad = file;
    bad.bytes[0] = 0;
    refused(*state, &bad);
    bad = file;
    bad.bytes[scan + 60] = 0xFF; /* a marker amidst the data */
    bad.bytes[scan + 61] = 0xD4;
    refused(*state, &bad);
}

static void test_wrong_size_is_refused(void **state)
{
    struct file file = load("444");
    struct frame *frame = NULL;
    assert_int_equal(mjpeg_decode(*state, file.bytes, file.size, WIDTH + 1, HEIGHT, &frame), -EBADMSG);
    assert_int_equal(mjpeg_decode(*state, file.bytes, file.size, WIDTH, HEIGHT - 1, &frame), -EBADMSG);
    assert_int_equal(mjpeg_decode(*state, file.bytes, file.size, 0, HEIGHT, &frame), -EBADMSG);
    assert_int_equal(mjpeg_decode(*state, file.bytes, file.size, WIDTH, 9000, &frame), -EBADMSG);
}

static void test_frames_keep_their_memory(void **state)
{
    struct mjpeg *mjpeg = NULL;
    struct file file = load("420"), other = load("444");
    struct frame *frames[64] = {NULL}, *last = NULL;
    unsigned n = 0;
    (void)state;
    assert_int_equal(mjpeg_create(&mjpeg), 0);
    while (n < ARRAY_SIZE(frames) && decode(mjpeg, &file, &frames[n]) == 0)
        n++;
    assert_in_range(n, 4, 16);
    assert_int_equal(decode(mjpeg, &file, &last), -EAGAIN);
    frames[0] = frame_unref(frames[0]);
    refused(mjpeg, &(struct file){.bytes = {0xFF, 0xD8, 0xFF}, .size = 3}); /* takes no buffer away */
    assert_int_equal(decode(mjpeg, &file, &frames[0]), 0);
    assert_int_equal(decode(mjpeg, &other, &last), 0); /* another format has buffers of its own */
    mjpeg_destroy(mjpeg);
    for (unsigned i = 0; i < n; i++) {
        assert_true(worst(frames[i]) <= 14);
        frame_unref(frames[i]);
    }
    frame_unref(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_sampling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_grey_has_no_colour, setup, teardown),
        cmocka_unit_test_setup_teardown(test_standard_tables_are_meant_where_none_are, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bytes_behind_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_cut_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_motion_jpeg, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_size_is_refused, setup, teardown),
        cmocka_unit_test(test_frames_keep_their_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
