/* The console fonts of this host, each of them drawn into pictures and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "gateway/pictures/console_font_files.h"
#include "video/text_read.h"

#define WIDTH 1366
#define HEIGHT 768
#define PAPER 0x101418u
#define WORDS "root@debian:~# ls -la /etc/passwd; The quick brown fox jumps over the lazy dog 0123456789 {}[]()<>|&"

static struct console_fonts *fonts;
static uint32_t pixels[WIDTH * HEIGHT];
static struct frame frame = {.width = WIDTH, .height = HEIGHT, .fourcc = FOURCC_BGRX};

static int set_up(void **state)
{
    (void)state;
    frame.planes[0] = (struct frame_plane){(const uint8_t *)pixels, WIDTH * 4};
    uint64_t begun = clock_now_us();
    int r = console_font_files_load(&fonts);
    print_message("%zu fonts in %.1f ms\n", console_fonts_count(fonts), (double)(clock_now_us() - begun) / 1000);
    return r;
}

static int tear_down(void **state)
{
    (void)state;
    fonts = console_fonts_destroy(fonts);
    return 0;
}

static void fill(uint32_t colour)
{
    for (size_t i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = colour;
}

/* The glyph of a character in a font and its size; -1: the font lacks it. */
static int glyph_of(int font, uint32_t code, int *ret_size)
{
    for (int size = 0; size < console_fonts_sizes(fonts); size++)
        for (int glyph = 0; glyph < console_fonts_size(fonts, size)->n_glyphs; glyph++)
            if (console_fonts_code(fonts, size, glyph, font) == code) {
                *ret_size = size;
                return glyph;
            }
    return -1;
}

/* The font's number; -1: it is not there. */
static int font_named(const char *name)
{
    for (size_t font = 0; font < console_fonts_count(fonts); font++)
        if (strcmp(console_fonts_name(fonts, (int)font), name) == 0)
            return (int)font;
    return -1;
}

struct pen {
    int size, glyphs[128], x, y, columns, rows;
    const struct font_size *is;
};

/* False: a font without Latin letters. */
static bool take_pen(int font, int x, int y, struct pen *ret)
{
    if (glyph_of(font, 'e', &ret->size) < 0 || glyph_of(font, 'Q', &ret->size) < 0)
        return false;
    ret->is = console_fonts_size(fonts, ret->size);
    memset(ret->glyphs, 0xff, sizeof ret->glyphs);
    for (int glyph = 0; glyph < ret->is->n_glyphs; glyph++) {
        uint32_t code = console_fonts_code(fonts, ret->size, glyph, font);
        if (code < 128)
            ret->glyphs[code] = glyph;
    }
    ret->x = x;
    ret->y = y;
    ret->columns = (WIDTH - x) / ret->is->width;
    ret->rows = (HEIGHT - y) / ret->is->height;
    return true;
}

static void draw(const struct pen *pen, int column, int row, int c, uint32_t ink, uint32_t paper)
{
    if (pen->glyphs[c] < 0)
        return;
    const struct glyph_bits *bits = console_fonts_bits(fonts, pen->size, pen->glyphs[c]);
    for (int y = 0; y < pen->is->height; y++)
        for (int x = 0; x < pen->is->width; x++)
            pixels[(pen->y + row * pen->is->height + y) * WIDTH + pen->x + column * pen->is->width + x] =
                bits->row[y] >> (pen->is->width - 1 - x) & 1 ? ink : paper;
}

static void draw_line(const struct pen *pen, int row, const char *text, uint32_t ink, uint32_t paper)
{
    for (int column = 0; text[column] && column < pen->columns; column++)
        draw(pen, column, row, text[column], ink, paper);
}

/* The line of the answer that stands at this pixel row; what stands left of the text are blank cells. */
static const char *line_at(const struct text_read *text, int y)
{
    const char *line = text->lines[(y - text->y) / text->cell_height];
    return line + strspn(line, " ");
}

static void expect_line(const struct pen *pen, const struct text_read *text, int row, const char *words, int font)
{
    char expected[256];
    snprintf(expected, sizeof expected, "%.*s", pen->columns < 255 ? pen->columns : 255, words);
    for (size_t n = strlen(expected); n && expected[n - 1] == ' '; n--)
        expected[n - 1] = 0;
    const char *line = line_at(text, pen->y + row * pen->is->height);
    if (!text->exact || strcmp(line, expected) != 0)
        fail_msg("%s at %d,%d: %u unknown in cells of %dx%d at %d,%d of %s: '%s'", console_fonts_name(fonts, font),
                 pen->x, pen->y, text->unknown, text->cell_width, text->cell_height, text->x, text->y, text->font,
                 line);
}

static bool all_there(const struct pen *pen, const char *words)
{
    for (; *words; words++)
        if (pen->glyphs[(int)*words] < 0)
            return false;
    return true;
}

/* Each font, from the corner and from an odd place, bold, in reverse and in colours. */
static void test_every_font(void **state)
{
    (void)state;
    static const uint32_t inks[] = {0xaaaaaa, 0xffffff, 0x55ff55, 0x5555ff, 0x0000aa};
    size_t read = 0, most = 0;
    uint64_t all = 0;
    for (size_t font = 0; font < console_fonts_count(fonts); font++)
        for (int odd = font % 3 ? 1 : 0; odd < 2; odd++) {
            struct pen pen;
            struct text_read text;
            /* VGA's nine columns from the corner are a text mode's, which this picture is not */
            if (!take_pen((int)font, odd ? 5 + (int)font * 13 % 61 : 0, odd ? 3 + (int)font * 7 % 47 : 0, &pen) ||
                !all_there(&pen, WORDS) || (!odd && pen.is->width == 9))
                continue;
            fill(PAPER);
            for (int row = 0; row < pen.rows; row += 2)
                draw_line(&pen, row, WORDS, inks[(size_t)row % ARRAY_SIZE(inks)], PAPER);
            draw_line(&pen, 1, WORDS, PAPER, 0xaaaaaa);
            uint64_t begun = clock_now_us();
            if (text_read(fonts, &frame, NULL, &text) != 0)
                fail_msg("%s at %d,%d is not read", console_fonts_name(fonts, (int)font), pen.x, pen.y);
            uint64_t took = clock_now_us() - begun;
            most = took > most ? took : most;
            all += took;
            for (int row = 0; row < 5; row += row ? 2 : 1) {
                if (row != 1 && row % 2)
                    row++;
                if (row < pen.rows)
                    expect_line(&pen, &text, row, WORDS, (int)font);
            }
            text_read_finish(&text);
            read++;
        }
    print_message("%zu pictures of %dx%d: %.1f ms on average, %.1f at most\n", read, WIDTH, HEIGHT,
                  (double)all / 1000 / (double)(read ? read : 1), (double)most / 1000);
    if (access("/usr/share/consolefonts/Lat15-Fixed16.psf.gz", R_OK) == 0)
        assert_true(read > 550);
    else
        print_message("package console-setup-linux is not installed: few fonts were read\n");
}

/* It stands packed in the firmware's file. */
static void test_the_firmwares_font(void **state)
{
    (void)state;
    if (access("/usr/share/OVMF/OVMF_CODE_4M.fd", R_OK) != 0) {
        print_message("package ovmf is not installed: left out\n");
        return;
    }
    struct pen pen;
    const int font = font_named("UEFI 8x19");
    assert_true(font >= 0);
    assert_true(take_pen(font, 0, 0, &pen));
    assert_true(all_there(&pen, WORDS));
    assert_true(glyph_of(font, 0x2500, &pen.size) >= 0); /* the line of its frames */
}

/* One wrong pixel is an unknown cell, at its place, and nothing else. */
static void test_a_wrong_pixel_is_unknown(void **state)
{
    (void)state;
    for (size_t font = 0; font < console_fonts_count(fonts); font += 29) {
        struct pen pen;
        struct text_read text;
        if (!take_pen((int)font, 11, 6, &pen) || !all_there(&pen, WORDS))
            continue;
        fill(PAPER);
        for (int row = 0; row < pen.rows; row++)
            draw_line(&pen, row, WORDS, 0xaaaaaa, PAPER);
        int x = pen.x + 7 * pen.is->width, y = pen.y + 2 * pen.is->height;
        pixels[(y + 3) * WIDTH + x + 2] = 0xff0001;
        assert_int_equal(text_read(fonts, &frame, NULL, &text), 0);
        assert_false(text.exact);
        int at = (y - text.y) / text.cell_height * text.columns + (x - text.x) / text.cell_width;
        assert_int_equal(text.unknown, 1);
        assert_int_equal(text.known[at], 0);
        text_read_finish(&text);
    }
}

/* Pictures that are no text: gradients, noise, and a desktop's windows, rules and icons. */
static void test_what_is_no_text(void **state)
{
    (void)state;
    struct text_read text;
    srand(4);
    for (int kind = 0; kind < 4; kind++) {
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                uint32_t shade = (uint32_t)(x * 255 / WIDTH), other = (uint32_t)(y * 255 / HEIGHT);
                uint32_t window = (x / 300 + y / 200) % 2 ? 0xf0f0f0 : 0x336699;
                pixels[y * WIDTH + x] = kind == 0                      ? shade << 16 | other << 8 | (shade ^ other)
                                        : kind == 1                    ? (uint32_t)rand() & 0xffffff
                                        : kind == 2                    ? (rand() & 1) * 0xffffffu
                                        : x % 300 == 0 || y % 200 < 2  ? 0u
                                        : x % 300 < 40 && y % 200 < 33 ? (uint32_t)(x * y * 77) & 0xffffff
                                                                       : window;
            }
        int r = text_read(fonts, &frame, NULL, &text);
        if (r == 0)
            assert_true(text.unknown > 0);
        if (kind < 3)
            assert_int_equal(r, 1);
        text_read_finish(&text);
        r = text_read(fonts, &frame, &(struct rect){37, 41, 400, 300}, &text);
        if (kind < 3)
            assert_int_equal(r, 1);
        text_read_finish(&text);
    }
}

/* A terminal's window on a desktop: the region is read, wherever its cells begin. */
static void test_a_window_of_text(void **state)
{
    (void)state;
    struct pen pen;
    struct text_read text;
    const int font = font_named("Uni2-Fixed16");
    if (font < 0) {
        print_message("package console-setup-linux is not installed: left out\n");
        return;
    }
    srand(5);
    for (size_t i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = (uint32_t)rand() & 0xffffff;
    assert_true(take_pen(font, 403, 207, &pen));
    for (int y = 200; y < 200 + 20 * 16; y++)
        for (int x = 400; x < 400 + 70 * 8; x++)
            pixels[y * WIDTH + x] = PAPER;
    draw_line(&pen, 0, "Linux debian 6.1.0 #1 SMP x86_64", 0xaaaaaa, PAPER);
    draw_line(&pen, 2, "login: root", 0xaaaaaa, PAPER);
    assert_int_equal(text_read(fonts, &frame, &(struct rect){403, 207, 60 * 8, 3 * 16}, &text), 0);
    assert_true(text.exact);
    assert_string_equal(text.lines[0], "Linux debian 6.1.0 #1 SMP x86_64");
    assert_string_equal(text.lines[2], "login: root");
    assert_int_equal(text.x, 403);
    assert_int_equal(text.y, 207);
    text_read_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_font),
        cmocka_unit_test(test_the_firmwares_font),
        cmocka_unit_test(test_a_wrong_pixel_is_unknown),
        cmocka_unit_test(test_what_is_no_text),
        cmocka_unit_test(test_a_window_of_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
