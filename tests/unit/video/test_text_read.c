#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/clock.h"
#include "video/font_vga.h"
#include "video/text_read.h"

#define ROM "/usr/share/seabios/vgabios-stdvga.bin"
#define GREY 0xaaaaaau

static uint8_t rom[70000];
static size_t rom_size;
static uint8_t (*glyphs)[16]; /* where the font stands in it */
static struct console_fonts *fonts;

/* The real font where seabios is installed, else one of random glyphs. */
static int set_up(void **state)
{
    (void)state;
    static const uint8_t letter_a[16] = {0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0xc6};
    _cleanup_fclose_ FILE *file = fopen(ROM, "rbe");
    if (file) {
        rom_size = fread(rom, 1, sizeof rom, file);
    } else {
        print_message("no %s: a made-up font is used instead\n", ROM);
        rom_size = 1000 + 4096;
        srand(1);
        for (size_t i = 0; i < rom_size; i++)
            rom[i] = (uint8_t)rand();
        memset(rom + 1000 + ' ' * 16, 0, 16);
        memset(rom + 1000, 0, 16);
        memset(rom + 1000 + 255 * 16, 0, 16);
        memcpy(rom + 1000 + 'A' * 16, letter_a, 16);
    }
    uint8_t *at = memmem(rom, rom_size, letter_a, 16);
    assert_non_null(at);
    glyphs = (uint8_t(*)[16])(void *)(at - 'A' * 16);
    assert_int_equal(console_fonts_create(&fonts), 0);
    return font_vga_add(fonts, rom, rom_size);
}

static int tear_down(void **state)
{
    (void)state;
    fonts = console_fonts_destroy(fonts);
    return 0;
}

/* --- a screen that is drawn as the VGA draws it --- */

struct screen {
    struct frame frame;
    uint32_t *pixels;
    int cell_width, columns, rows;
};

static struct screen make_screen(int width, int height, int cell_width)
{
    struct screen s = {.cell_width = cell_width, .columns = width / cell_width, .rows = height / 16};
    s.pixels = calloc((size_t)width * (size_t)height, 4);
    s.frame = (struct frame){.width = width, .height = height, .fourcc = FOURCC_BGRX};
    s.frame.planes[0] = (struct frame_plane){(uint8_t *)s.pixels, (size_t)width * 4};
    return s;
}

static void draw_cell(struct screen *s, int column, int row, int code, uint32_t ink, uint32_t paper)
{
    for (int y = 0; y < 16; y++)
        for (int x = 0; x < s->cell_width; x++) {
            bool line = x == 8 && code >= 0xc0 && code <= 0xdf;
            bool set = x < 8 ? glyphs[code][y] >> (7 - x) & 1 : line && (glyphs[code][y] & 1);
            /* the byte that nobody looks at is different each time */
            s->pixels[(row * 16 + y) * s->frame.width + column * s->cell_width + x] =
                (set ? ink : paper) | (uint32_t)(x * y) << 24;
        }
}

static void draw_text(struct screen *s, int column, int row, const char *text, uint32_t ink, uint32_t paper)
{
    for (; *text; text++, column++)
        draw_cell(s, column, row, (uint8_t)*text, ink, paper);
}

static void draw_cursor(struct screen *s, int column, int row, int first, int last)
{
    for (int y = first; y <= last; y++)
        for (int x = 0; x < s->cell_width; x++)
            s->pixels[(row * 16 + y) * s->frame.width + column * s->cell_width + x] = GREY;
}

static void test_text_in_colours(void **state)
{
    (void)state;
    static const struct {
        int width, height, cell_width, columns, rows;
    } modes[] = {{720, 400, 9, 80, 25}, {640, 400, 8, 80, 25},  {640, 480, 8, 80, 30},  {1024, 768, 8, 128, 48},
                 {360, 400, 9, 40, 25}, {800, 600, 8, 100, 37}, {1188, 400, 9, 132, 25}};
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        struct screen s = make_screen(modes[i].width, modes[i].height, modes[i].cell_width);
        draw_text(&s, 0, 0, "Booting from DVD/CD...", GREY, 0);
        draw_text(&s, 3, 2, "reversed", 0, GREY);
        draw_text(&s, 11, 2, " and blue ", 0xffff55, 0x0000aa);
        draw_text(&s, modes[i].columns - 4, modes[i].rows - 1, "end.", GREY, 0);
        struct text_read text;
        assert_int_equal(text_read(fonts, &s.frame, NULL, &text), 0);
        assert_int_equal(text.columns, modes[i].columns);
        assert_int_equal(text.rows, modes[i].rows);
        assert_true(text.exact);
        assert_int_equal(text.unknown, 0);
        assert_string_equal(text.lines[0], "Booting from DVD/CD...");
        assert_string_equal(text.lines[1], "");
        assert_string_equal(text.lines[2], "   reversed and blue");
        assert_int_equal(strlen(text.lines[text.rows - 1]), modes[i].columns);
        assert_string_equal(text.lines[text.rows - 1] + modes[i].columns - 4, "end.");
        assert_int_equal(text.cursor_x, -1);
        text_read_finish(&text);
        free(s.pixels);
    }
}

/* Every printable ASCII character on every pair of colours comes back as itself. */
static void test_all_of_ascii(void **state)
{
    (void)state;
    static const uint32_t colours[] = {0, GREY, 0x0000aa, 0xffffff, 0xaa5500};
    struct screen s = make_screen(720, 400, 9);
    for (size_t a = 0; a < ARRAY_SIZE(colours); a++)
        for (size_t b = 0; b < ARRAY_SIZE(colours); b++) {
            if (a == b)
                continue;
            char expected[81] = "";
            for (int row = 0; row < 25; row++)
                for (int column = 0; column < 80; column++)
                    draw_cell(&s, column, row, row < 2 ? 33 + (row * 80 + column) % 94 : ' ', colours[a], colours[b]);
            for (int column = 0; column < 80; column++)
                expected[column] = (char)(33 + column);
            struct text_read text;
            assert_int_equal(text_read(fonts, &s.frame, NULL, &text), 0);
            assert_true(text.exact);
            assert_string_equal(text.lines[0], expected);
            text_read_finish(&text);
        }
    free(s.pixels);
}

static void test_line_drawing_becomes_utf8(void **state)
{
    (void)state;
    for (int cell_width = 8; cell_width <= 9; cell_width++) {
        struct screen s = make_screen(80 * cell_width, 400, cell_width);
        draw_text(&s, 0, 0, "\xda\xc4\xc4\xbf \xc9\xcd\xbb", GREY, 0);
        draw_text(&s, 0, 1, "\xb3\x84\x81\xb3 \xba\xb0\xba", GREY, 0);
        draw_text(&s, 0, 2, "\xc0\xc4\xc4\xd9 \xc8\xcd\xbc", GREY, 0);
        draw_text(&s, 0, 3, "\xdc\xdf\xdd\xde \xfe\x10\x18\x7f", GREY, 0);
        struct text_read text;
        assert_int_equal(text_read(fonts, &s.frame, NULL, &text), 0);
        assert_true(text.exact);
        assert_string_equal(text.lines[0], "┌──┐ ╔═╗");
        assert_string_equal(text.lines[1], "│äü│ ║░║");
        assert_string_equal(text.lines[2], "└──┘ ╚═╝");
        assert_string_equal(text.lines[3], "▄▀▌▐ ■►↑⌂");
        text_read_finish(&text);
        free(s.pixels);
    }
}

static void test_the_cursor_hides_nothing(void **state)
{
    (void)state;
    static const int shapes[][2] = {{13, 14}, {14, 15}, {0, 15}, {8, 15}};
    for (int cell_width = 8; cell_width <= 9; cell_width++)
        for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
            struct screen s = make_screen(80 * cell_width, 400, cell_width);
            draw_text(&s, 0, 24, "login: root", GREY, 0);
            draw_cursor(&s, 11, 24, shapes[i][0], shapes[i][1]);
            struct text_read text;
            assert_int_equal(text_read(fonts, &s.frame, NULL, &text), 0);
            assert_true(text.exact);
            assert_string_equal(text.lines[24], "login: root");
            if (shapes[i][0] > 0) { /* a full block is a blank in other colours */
                assert_int_equal(text.cursor_x, 11);
                assert_int_equal(text.cursor_y, 24);
            }
            text_read_finish(&text);
            free(s.pixels);
        }
    struct screen s = make_screen(720, 400, 9);
    draw_text(&s, 0, 0, "under M here", GREY, 0);
    draw_cursor(&s, 6, 0, 13, 14);
    struct text_read text;
    assert_int_equal(text_read(fonts, &s.frame, NULL, &text), 0);
    assert_string_equal(text.lines[0], "under M here");
    assert_int_equal(text.cursor_x, 6);
    text_read_finish(&text);
    free(s.pixels);
}

/* As Debian 12's kernel draws it at 1024x768: T, M and m are not the VGA's. */
static void test_linux_on_a_frame_buffer(void **state)
{
    (void)state;
    static const uint8_t shapes[3][16] = {
        {0, 0, 0x7e, 0x7e, 0x5a, 0x18, 0x18, 0x18, 0x18, 0x18, 0x18, 0x3c},
        {0, 0, 0xc6, 0xee, 0xfe, 0xfe, 0xd6, 0xc6, 0xc6, 0xc6, 0xc6, 0xc6},
        {0, 0, 0, 0, 0, 0xec, 0xfe, 0xd6, 0xd6, 0xd6, 0xd6, 0xc6},
    };
    struct screen s = make_screen(1024, 768, 8);
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 8; x++)
                s.pixels[y * 1024 + i * 8 + x] = shapes[i][y] >> (7 - x) & 1 ? GREY : 0;
    draw_text(&s, 3, 0, "iny OS: ", GREY, 0);
    draw_cursor(&s, 11, 0, 14, 15);
    struct text_read text;
    assert_int_equal(text_read(fonts, &s.frame, NULL, &text), 0);
    assert_true(text.exact);
    assert_string_equal(text.lines[0], "TMminy OS:");
    assert_int_equal(text.cursor_x, 11);
    text_read_finish(&text);
    free(s.pixels);
}

static void test_what_is_no_text_is_said(void **state)
{
    (void)state;
    struct screen s = make_screen(720, 400, 9);
    draw_text(&s, 0, 0, "one wrong pixel", GREY, 0);
    s.pixels[5 * 720 + 9 * 4 + 3] ^= GREY;
    struct text_read text;
    assert_int_equal(text_read(fonts, &s.frame, NULL, &text), 0);
    assert_false(text.exact);
    assert_int_equal(text.unknown, 1);
    assert_string_equal(text.lines[0], "one \xef\xbf\xbdrong pixel");
    text_read_finish(&text);
    srand(3);
    for (int i = 0; i < 720 * 400; i++)
        s.pixels[i] = (uint32_t)rand();
    assert_int_equal(text_read(fonts, &s.frame, NULL, &text), 1);
    assert_null(text.lines);
    text_read_finish(&text);
    free(s.pixels);
}

static void test_odd_frames_and_roms(void **state)
{
    (void)state;
    struct text_read text;
    static const int sizes[][2] = {{1, 1}, {7, 400}, {728, 15}, {9, 17}, {8191, 16}, {33, 100}};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct screen s = make_screen(sizes[i][0], sizes[i][1], 8);
        assert_int_equal(text_read(fonts, &s.frame, NULL, &text), 0);
        assert_int_equal(text.rows, sizes[i][1] / 16);
        assert_int_equal(text.columns, sizes[i][0] / 8);
        text_read_finish(&text);
        for (int p = 0; p < sizes[i][0] * sizes[i][1]; p++)
            s.pixels[p] = (uint32_t)rand();
        text_read(fonts, &s.frame, NULL, &text);
        text_read_finish(&text);
        free(s.pixels);
    }
    struct frame yuv = {.width = 16, .height = 16, .fourcc = FOURCC('Y', 'U', 'Y', 'V')};
    assert_int_equal(text_read(fonts, &yuv, NULL, &text), -EINVAL);
    text_read_finish(&text);
    attr_cleanup(console_fonts_destroyp) struct console_fonts *none = NULL;
    assert_int_equal(console_fonts_create(&none), 0);
    assert_int_equal(font_vga_add(none, "", 0), -ENOENT);
    assert_int_equal(font_vga_add(none, glyphs['A'], 16), -ENOENT);
    assert_int_equal(font_vga_add(none, glyphs, 4095), -ENOENT);
    assert_int_equal(console_fonts_count(none), 0);
    struct screen s = make_screen(80, 32, 8);
    assert_int_equal(text_read(none, &s.frame, NULL, &text), 1);
    free(s.pixels);
    assert_int_equal(font_vga_add(none, glyphs, 4096), 0);
}

/* Parts of a screen: the cells whose middle is inside. */
static void test_regions(void **state)
{
    (void)state;
    struct screen s = make_screen(720, 400, 9);
    draw_text(&s, 10, 5, "region of a screen", GREY, 0);
    static const struct {
        struct rect region;
        const char *line;
        int columns, rows, x, y;
    } parts[] = {
        {{90, 80, 9 * 6, 16}, "region", 6, 1, 90, 80},
        {{94, 87, 9 * 6, 4}, "region", 6, 1, 90, 80}, /* middles: 94.5 and 88 */
        {{95, 80, 9 * 6, 16}, "egion", 6, 1, 99, 80}, /* the r's middle is outside */
        {{90, 89, 54, 16}, "", 6, 1, 90, 96},         /* the next row */
        {{-50, -50, 2000, 2000}, "", 80, 25, 0, 0},   /* more than there is */
        {{719, 399, 50, 50}, NULL, 0, 0, 0, 0},       /* no middle at all */
        {{900, 900, 50, 50}, NULL, -1, 0, 0, 0},      /* not in the picture */
    };
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        struct text_read text;
        int r = text_read(fonts, &s.frame, &parts[i].region, &text);
        assert_int_equal(r, parts[i].columns < 0);
        if (parts[i].columns >= 0)
            assert_int_equal(text.columns, parts[i].columns);
        assert_int_equal(text.rows, parts[i].rows);
        if (parts[i].line) {
            assert_true(text.exact);
            assert_string_equal(text.lines[0], parts[i].line);
            assert_int_equal(text.x, parts[i].x);
            assert_int_equal(text.y, parts[i].y);
        }
        text_read_finish(&text);
    }
    free(s.pixels);
}

/* --- a real screen: SeaBIOS in QEMU --- */

static bool load_ppm(const char *path, struct screen *ret)
{
    _cleanup_fclose_ FILE *file = fopen(path, "rbe");
    int width, height;
    if (!file || fscanf(file, "P6 %d %d 255", &width, &height) != 2 || fgetc(file) != '\n')
        return false;
    *ret = make_screen(width, height, 9);
    for (int i = 0; i < width * height; i++) {
        int r = fgetc(file), g = fgetc(file), b = fgetc(file);
        if (b == EOF) {
            free(ret->pixels);
            return false;
        }
        ret->pixels[i] = (uint32_t)(r << 16 | g << 8 | b);
    }
    return true;
}

static bool shows(const char *path, const char *words)
{
    struct screen s;
    if (!load_ppm(path, &s))
        return false;
    struct text_read text;
    bool found = false;
    const int r = text_read(fonts, &s.frame, NULL, &text);
    assert_in_range(r, 0, 1); /* 1: QEMU is writing the file anew, or the machine is changing its mode */
    for (int i = 0; i < text.rows; i++)
        found |= text.exact && strstr(text.lines[i], words);
    text_read_finish(&text);
    free(s.pixels);
    return found;
}

static void test_seabios_in_qemu(void **state)
{
    (void)state;
    if (system("command -v qemu-system-x86_64 >/dev/null") != 0 || access(ROM, R_OK) < 0) {
        print_message("qemu-system-x86_64 or its firmware is not installed: left out\n");
        return;
    }
    char folder[] = "/tmp/lightsout.XXXXXX", path[64], shot[96];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/shot.ppm", folder);
    snprintf(shot, sizeof shot, "screendump %s\n", path);
    FILE *qemu = popen("timeout 90 qemu-system-x86_64 -nodefaults -machine q35,accel=tcg -m 32 -display none "
                       "-device VGA -boot menu=on,splash-time=60000 -monitor stdio >/dev/null 2>&1",
                       "w");
    assert_non_null(qemu);
    uint64_t limit = clock_now_us() + 120000000;
    bool found = false;
    while (!found && clock_now_us() < limit) {
        fputs(shot, qemu);
        fflush(qemu);
        usleep(100000);
        found = shows(path, "SeaBIOS (version ") && shows(path, "Press ESC for boot menu.");
    }
    fputs("quit\n", qemu);
    pclose(qemu);
    unlink(path);
    rmdir(folder);
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_in_colours),           cmocka_unit_test(test_all_of_ascii),
        cmocka_unit_test(test_line_drawing_becomes_utf8), cmocka_unit_test(test_the_cursor_hides_nothing),
        cmocka_unit_test(test_linux_on_a_frame_buffer),   cmocka_unit_test(test_what_is_no_text_is_said),
        cmocka_unit_test(test_odd_frames_and_roms),       cmocka_unit_test(test_regions),
        cmocka_unit_test(test_seabios_in_qemu),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
