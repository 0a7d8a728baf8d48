/* The fonts of the VGA, found in its ROM: 256 glyphs in the order of code page 437, of 8x16, 8x14 and 8x8, each with
 * the ninth column of text modes and without. With the 8x16 one stand those glyphs that Linux's console on a frame
 * buffer draws otherwise. Pure. */
#pragma once

#include "video/console_fonts.h"

/* rom: bytes that hold such fonts anywhere (vgabios-stdvga.bin of the package seabios does). -ENOENT: no 8x16 font in
 * them; -ENOSPC, -ENOMEM. */
int font_vga_add(struct console_fonts *fonts, const void *rom, size_t size);
