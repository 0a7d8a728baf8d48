/* Every format that is captured, through the software sources: test cards are whole and their hints cover what changed;
 * recordings come out byte by byte, planes and all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/replay.h"
#include "capture/testcard.h"
#include "capture/testcard_convert.h"
#include "core/attrs.h"
#include "screen_watch.h"
#include "video/cell_row.h"
#include "video/csc.h"

static const char *const words[] = {"yuyv", "uyvy", "nv12", "nv16", "yu12", "422p", "444p", "rgb24", "bgr24"};

static size_t frame_size(const struct frame *frame)
{
    const struct cell_layout *layout = cell_layout_of(frame->fourcc);
    size_t size = 0;
    for (int p = 0; p < CELL_ROW_PLANES; p++)
        size += cell_layout_line_bytes(layout, p, frame->width) * (size_t)cell_layout_lines(layout, p, frame->height);
    return size;
}

/* Cells in which two frames differ lie inside the hints. */
struct checker {
    unsigned errors, checked;
    uint8_t *before, *again;
    struct testcard_original *original;
};

static bool hinted(const struct frame *frame, int cx, int cy)
{
    for (unsigned i = 0; i < frame->hints.count; i++) {
        struct rect r = frame->hints.rects[i];
        if (r.x < (cx + 1) * CELL_SIZE && r.x + r.w > cx * CELL_SIZE && r.y < (cy + 1) * CELL_SIZE &&
            r.y + r.h > cy * CELL_SIZE)
            return true;
    }
    return false;
}

static unsigned unhinted(const struct frame *frame, const uint8_t *before)
{
    const struct cell_layout *layout = cell_layout_of(frame->fourcc);
    struct frame old = *frame;
    unsigned n = 0;
    for (int p = 0; p < CELL_ROW_PLANES && frame->planes[p].data; p++)
        old.planes[p].data = before + (frame->planes[p].data - frame->planes[0].data);
    for (int cy = 0; cy * CELL_SIZE < frame->height; cy++)
        for (int cx = 0; cx * CELL_SIZE < frame->width; cx++) {
            struct cell_row a = cell_row_of(layout, frame, cx, cy, 1), b = cell_row_of(layout, &old, cx, cy, 1);
            struct cell_block ba, bb;
            cell_block_take(layout, &a, 0, &ba);
            cell_block_take(layout, &b, 0, &bb);
            n += memcmp(&ba, &bb, sizeof ba) != 0 && !hinted(frame, cx, cy);
        }
    return n;
}

static void check(struct screen_watch *watch, struct frame *frame)
{
    struct checker *c = watch->each_data;
    const size_t size = frame_size(frame);
    uint32_t upper = 0, lower = 1;
    if (!testcard_read_number(frame, false, &upper) || !testcard_read_number(frame, true, &lower) || upper != lower) {
        c->errors++;
        return;
    }
    if (!c->before) {
        c->before = malloc(size);
        c->again = calloc(1, size); /* a line of odd width has a byte that nobody writes */
        c->errors += testcard_original_create(frame->width, frame->height, &c->original) < 0;
    } else if (frame->hints_valid) {
        c->errors += unhinted(frame, c->before);
    }
    testcard_original_draw(c->original, upper);
    testcard_convert(c->original, frame, c->again, 0); /* all of it, where the source converted what changed */
    c->errors += memcmp(c->again, frame->planes[0].data, size) != 0;
    memcpy(c->before, frame->planes[0].data, size);
    c->checked++;
}

static void test_cards_are_whole_and_hints_cover_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct testcard_config config = {
            .width = 322 + (int)i % 2, .height = 201, .fps = 240, .fourcc = testcard_format(words[i])};
        struct screen *screen;
        struct checker checker = {0};
        struct screen_watch watch;
        watch_init(&watch);
        watch.each = check;
        watch.each_data = &checker;
        assert_int_equal(testcard_create(&config, &screen), 0);
        assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
        assert_true(watch_wait(&watch, 40, 1));
        screen_stop(screen);
        assert_int_equal(checker.errors, 0);
        assert_true(checker.checked >= 40);
        assert_int_equal(watch.newest->fourcc, config.fourcc);
        bool yuv = i < 7;
        assert_int_equal(watch.newest->colour, yuv ? COLOUR_BT601_LIMITED : COLOUR_RGB);
        screen_destroy(screen);
        watch_finish(&watch);
        testcard_original_destroy(checker.original);
        free(checker.before);
        free(checker.again);
    }
}

static void test_format_words(void **state)
{
    (void)state;
    assert_int_equal(testcard_format("bgrx"), FOURCC_BGRX);
    assert_int_equal(testcard_format("nv12"), FOURCC_NV12);
    assert_int_equal(testcard_format("yu12"), FOURCC_YU12);
    assert_int_equal(testcard_format("YUYV"), 0);
    assert_int_equal(testcard_format(""), 0);
    struct screen *screen;
    assert_int_equal(testcard_create(&(struct testcard_config){.fourcc = FOURCC_VYUX}, &screen), -EINVAL);
}

static void test_recordings_come_out_as_they_went_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct replay_header header = {.width = 37, .height = 23, .fourcc = testcard_format(words[i])};
        struct frame shape = {.width = 37, .height = 23, .fourcc = header.fourcc};
        const size_t size = frame_size(&shape);
        uint8_t bytes[REPLAY_HEADER_SIZE + 8192];
        FILE *file = tmpfile();
        assert_non_null(file);
        assert_in_range(size, 37 * 23, 8192);
        replay_header_write(&header, bytes);
        for (size_t k = 0; k < size; k++)
            bytes[REPLAY_HEADER_SIZE + k] = (uint8_t)(k * 167 + k / 256);
        assert_int_equal(fwrite(bytes, 1, REPLAY_HEADER_SIZE + size, file), REPLAY_HEADER_SIZE + size);
        assert_int_equal(fflush(file), 0);
        int fd = dup(fileno(file));
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        struct screen *screen;
        struct screen_watch watch;
        watch_init(&watch);
        assert_int_equal(replay_create(fd, NULL, &screen), 0);
        assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
        assert_true(watch_wait(&watch, 1, 1));
        const struct frame *frame = watch.newest;
        assert_int_equal(frame->fourcc, header.fourcc);
        assert_memory_equal(frame->planes[0].data, bytes + REPLAY_HEADER_SIZE, size);
        if (header.fourcc == FOURCC_NV12) {
            assert_ptr_equal(frame->planes[1].data, frame->planes[0].data + 37 * 23);
            assert_int_equal(frame->planes[1].stride, 38);
        }
        if (header.fourcc == FOURCC_YU12) {
            assert_ptr_equal(frame->planes[1].data, frame->planes[0].data + 37 * 23);
            assert_ptr_equal(frame->planes[2].data, frame->planes[1].data + 19 * 12);
            assert_int_equal(frame->planes[2].stride, 19);
        }
        screen_destroy(screen);
        watch_finish(&watch);
        fclose(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cards_are_whole_and_hints_cover_changes),
        cmocka_unit_test(test_format_words),
        cmocka_unit_test(test_recordings_come_out_as_they_went_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
