#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/clock.h"
#include "video/vga_text.h"

#define ROM "/usr/share/seabios/vgabios-stdvga.bin"
#define GREY 0xaaaaaau

static uint8_t rom[70000];
static size_t rom_size;
static uint8_t (*glyphs)[16]; /* where the font stands in it */
static struct vga_font *font;

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
    return vga_font_create(rom, rom_size, &font);
}

static int tear_down(void **state)
{
    (void)state;
    font = vga_font_destroy(font);
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
        struct vga_text text;
        assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
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
        vga_text_finish(&text);
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
            struct vga_text text;
            assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
            assert_true(text.exact);
            assert_string_equal(text.lines[0], expected);
            vga_text_finish(&text);
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
        struct vga_text text;
        assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
        assert_true(text.exact);
        assert_string_equal(text.lines[0], "┌──┐ ╔═╗");
        assert_string_equal(text.lines[1], "│äü│ ║░║");
        assert_string_equal(text.lines[2], "└──┘ ╚═╝");
        assert_string_equal(text.lines[3], "▄▀▌▐ ■►↑⌂");
        vga_text_finish(&text);
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
            struct vga_text text;
            assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
            assert_true(text.exact);
            assert_string_equal(text.lines[24], "login: root");
            if (shapes[i][0] > 0) { /* a full block is a blank in other colours */
                assert_int_equal(text.cursor_x, 11);
                assert_int_equal(text.cursor_y, 24);
            }
            vga_text_finish(&text);
            free(s.pixels);
        }
    struct screen s = make_screen(720, 400, 9);
    draw_text(&s, 0, 0, "under M here", GREY, 0);
    draw_cursor(&s, 6, 0, 13, 14);
    struct vga_text text;
    assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
    assert_string_equal(text.lines[0], "under M here");
    assert_int_equal(text.cursor_x, 6);
    vga_text_finish(&text);
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
    struct vga_text text;
    assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
    assert_true(text.exact);
    assert_string_equal(text.lines[0], "TMminy OS:");
    assert_int_equal(text.cursor_x, 11);
    vga_text_finish(&text);
    free(s.pixels);
}

static void test_what_is_no_text_is_said(void **state)
{
    (void)state;
    struct screen s = make_screen(720, 400, 9);
    draw_text(&s, 0, 0, "one wrong pixel", GREY, 0);
    s.pixels[5 * 720 + 9 * 4 + 3] ^= GREY;
    struct vga_text text;
    assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
    assert_false(text.exact);
    assert_int_equal(text.unknown, 1);
    assert_string_equal(text.lines[0], "one \xef\xbf\xbdrong pixel");
    vga_text_finish(&text);
    srand(3);
    for (int i = 0; i < 720 * 400; i++)
        s.pixels[i] = (uint32_t)rand();
    assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
    assert_false(text.exact);
    assert_int_equal(text.unknown, 2000);
    vga_text_finish(&text);
    free(s.pixels);
}

static void test_odd_frames_and_roms(void **state)
{
    (void)state;
    struct vga_text text;
    static const int sizes[][2] = {{1, 1}, {7, 400}, {728, 15}, {9, 17}, {8191, 16}, {33, 100}};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct screen s = make_screen(sizes[i][0], sizes[i][1], 8);
        assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
        assert_int_equal(text.rows, sizes[i][1] / 16);
        assert_int_equal(text.columns, sizes[i][0] / 8);
        vga_text_finish(&text);
        free(s.pixels);
    }
    struct frame yuv = {.width = 16, .height = 16, .fourcc = FOURCC('Y', 'U', 'Y', 'V')};
    assert_int_equal(vga_text_read(font, &yuv, &text), -EINVAL);
    vga_text_finish(&text);
    struct vga_font *none;
    assert_int_equal(vga_font_create("", 0, &none), -ENOENT);
    assert_int_equal(vga_font_create(glyphs['A'], 16, &none), -ENOENT);
    assert_int_equal(vga_font_create(glyphs, 4095, &none), -ENOENT);
    assert_int_equal(vga_font_create(glyphs, 4096, &none), 0);
    vga_font_destroy(none);
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
    struct vga_text text;
    bool found = false;
    assert_int_equal(vga_text_read(font, &s.frame, &text), 0);
    for (int i = 0; i < text.rows; i++)
        found |= text.exact && strstr(text.lines[i], words);
    vga_text_finish(&text);
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
    uint64_t limit = clock_now_us() + 60000000;
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
        cmocka_unit_test(test_odd_frames_and_roms),       cmocka_unit_test(test_seabios_in_qemu),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
