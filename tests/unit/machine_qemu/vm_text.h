/* Reads the text screen of a test's machine. */
#pragma once

#include "video/font_vga.h"
#include "video/text_read.h"
#include "vm.h"

static inline struct console_fonts *vm_font(void)
{
    static struct console_fonts *font;
    static uint8_t rom[65536];
    if (font)
        return font;
    FILE *f = fopen("/usr/share/seabios/vgabios-stdvga.bin", "rb");
    assert_non_null(f);
    size_t size = fread(rom, 1, sizeof rom, f);
    fclose(f);
    assert_int_equal(console_fonts_create(&font), 0);
    assert_int_equal(font_vga_add(font, rom, size), 0);
    return font;
}

static inline bool vm_screen_has(struct vm *vm, const char *text)
{
    struct frame *frame = vm_frame(vm);
    struct text_read screen = {0};
    bool found = false;
    if (frame && text_read(vm_font(), frame, NULL, &screen) == 0)
        for (int row = 0; row < screen.rows && !found; row++)
            found = strstr(screen.lines[row], text);
    text_read_finish(&screen);
    frame_unref(frame);
    return found;
}

/* For a test that fails. */
static inline void vm_print_screen(struct vm *vm)
{
    struct frame *frame = vm_frame(vm);
    struct text_read screen = {0};
    if (frame && text_read(vm_font(), frame, NULL, &screen) == 0)
        for (int row = 0; row < screen.rows; row++)
            if (screen.lines[row][0])
                print_message("| %s\n", screen.lines[row]);
    text_read_finish(&screen);
    frame_unref(frame);
}
