/* Any bytes as a font of Linux's console, of a firmware or of GRUB: what was taken can be found again, and nothing else
 * happens. */
#include <stdlib.h>
#include <string.h>

#include "video/font_pf2.h"
#include "video/font_psf.h"
#include "video/font_uefi.h"
#include "video/font_vga.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct console_fonts *fonts)
{
    unsigned votes[CONSOLE_FONTS_MAX] = {0};
    for (int size = 0; size < console_fonts_sizes(fonts); size++) {
        const struct font_size *is = console_fonts_size(fonts, size);
        for (int glyph = 0; glyph < is->n_glyphs; glyph++) {
            const struct glyph_bits *bits = console_fonts_bits(fonts, size, glyph);
            if (console_fonts_find(fonts, size, bits, glyph_hash(bits, is->height)) != glyph)
                abort();
            for (int y = 0; y < GLYPH_MAX_HEIGHT; y++)
                if (bits->row[y] >> is->width || (y >= is->height && bits->row[y]))
                    abort();
            console_fonts_vote(fonts, size, glyph, votes);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct console_fonts *fonts;
    if (console_fonts_create(&fonts) < 0)
        abort();
    font_psf_add(fonts, "psf", data, size);
    font_pf2_add(fonts, "pf2", data, size);
    font_vga_add(fonts, data, size);
    font_uefi_add(fonts, data, size);
    check(fonts);
    console_fonts_destroy(fonts);
    return 0;
}
