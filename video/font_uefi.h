/* The font of UEFI's text consoles: narrow glyphs of 8x19 in the order of the firmware (UEFI Specification 2.10,
 * 33.3.2 "Simplified font package", EFI_NARROW_GLYPH). Pure; the bytes may be anything. */
#pragma once

#include "video/console_fonts.h"

/* image: bytes of an unpacked firmware that hold such a table anywhere. -ENOENT: none in them; -ENOSPC, -ENOMEM. 0. */
int font_uefi_add(struct console_fonts *fonts, const void *image, size_t size);
