/* Console fonts of Linux: PSF 1 and 2 (the format is described by the kbd project, "PSF font files"). Pure; the bytes
 * may be anything. */
#pragma once

#include "video/console_fonts.h"

/* bytes: the whole file, already unpacked. Fonts without a Unicode table say nothing about what their glyphs mean:
 * -ENODATA. -EINVAL: no such font, damaged, or of a size that console_fonts does not take; -ENOSPC, -ENOMEM. 0. */
int font_psf_add(struct console_fonts *fonts, const char *name, const void *bytes, size_t size);
