/* GRUB's fonts (PFF2, described in GRUB's developers' manual, "Font file format"). Only glyphs of one cell are taken:
 * those twice as wide are no character of a cell. Pure; the bytes may be anything. */
#pragma once

#include "video/console_fonts.h"

/* -EINVAL: no such font, damaged, or of a size that console_fonts does not take; -ENOSPC, -ENOMEM. 0. */
int font_pf2_add(struct console_fonts *fonts, const char *name, const void *bytes, size_t size);
