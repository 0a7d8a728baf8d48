/* The other side of the test card: the number that a picture shows. */
#include <stdlib.h>
#include <string.h>

#include "capture/testcard.h"
#include "core/attrs.h"
#include "video/cell_pack.h"
#include "video/csc.h"

#define NEAR 16 /* for what YUV made of a colour; the colours are 0x55 apart */

uint32_t testcard_format(const char *word)
{
    static const struct {
        const char *word;
        uint32_t fourcc;
    } formats[] = {{"bgrx", FOURCC_BGRX},   {"yuyv", FOURCC_YUYV},   {"uyvy", FOURCC_UYVY}, {"nv12", FOURCC_NV12},
                   {"rgb24", FOURCC_RGB24}, {"bgr24", FOURCC_BGR24}, {"nv16", FOURCC_NV16}, {"yu12", FOURCC_YU12},
                   {"422p", FOURCC_422P},   {"444p", FOURCC_444P}};
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
        if (strcmp(formats[i].word, word) == 0)
            return formats[i].fourcc;
    return 0;
}

/* 0xRRGGBB of a pixel of any format. */
static uint32_t rgb_at(const struct frame *frame, int x, int y)
{
    const struct cell_layout *layout = cell_layout_of(frame->fourcc == FOURCC_VYUX ? FOURCC_BGRX : frame->fourcc);
    const int cx = x / CELL_SIZE, cy = y / CELL_SIZE;
    struct cell_row row = cell_row_of(layout, frame, cx, cy, 1);
    struct cell_block block;
    cell_pack(layout, &row, 0, block.bytes, CELL_SIZE * 4);
    const uint8_t *p = block.bytes + (y - cy * CELL_SIZE) * CELL_SIZE * 4 + (x - cx * CELL_SIZE) * 4;
    uint32_t packed = (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    bool yuv = frame->fourcc == FOURCC_VYUX || cell_pack_fourcc(frame->fourcc) == FOURCC_VYUX;
    return yuv ? csc_to_rgb(csc_of(frame->colour), packed) : packed;
}

static bool near(uint32_t a, uint32_t b, int most)
{
    for (int shift = 0; shift < 24; shift += 8)
        if (abs((int)(a >> shift & 255) - (int)(b >> shift & 255)) > most)
            return false;
    return true;
}

static bool read_block(const struct frame *frame, int x, int y, uint32_t *ret)
{
    uint32_t rgb = rgb_at(frame, x + TESTCARD_BLOCK / 2, y + TESTCARD_BLOCK / 2);
    for (uint32_t i = 0; i < ARRAY_SIZE(testcard_colours); i++)
        if (near(testcard_colours[i], rgb, frame->fourcc == FOURCC_BGRX ? 0 : NEAR)) {
            *ret = i;
            return true;
        }
    return false;
}

bool testcard_read_number(const struct frame *frame, bool lower, uint32_t *ret)
{
    const int w = TESTCARD_DIGITS * TESTCARD_BLOCK;
    if ((frame->fourcc != FOURCC_VYUX && !cell_layout_of(frame->fourcc)) || frame->width < w ||
        frame->height < TESTCARD_BLOCK)
        return false;
    int x = lower ? frame->width - w : 0, y = lower ? frame->height - TESTCARD_BLOCK : 0;
    uint32_t number = 0;
    for (int i = 0; i < TESTCARD_DIGITS; i++) {
        uint32_t digit;
        if (!read_block(frame, x + i * TESTCARD_BLOCK, y, &digit))
            return false;
        number = number << 4 | digit;
    }
    *ret = number;
    return true;
}
