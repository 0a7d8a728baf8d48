/* Colour: the one integer conversion from YUV to RGB, and an approximate way back. Compiled natively and into the
 * page's module, which show the same pixels because they compute the same; free of the C library.
 *
 * ITU-R BT.601 and BT.709; limited range is Y 16..235, U and V 16..240, full range (JFIF) 0..255. Each result is within
 * 1 of the exact value rounded, for all 2^24 triples (tests/unit/video/test_csc.c). */
#pragma once

#include <stdint.h>

enum colour {
    COLOUR_RGB,
    COLOUR_BT601_LIMITED,
    COLOUR_BT601_FULL,
    COLOUR_BT709_LIMITED,
    COLOUR_BT709_FULL,
    COLOUR_COUNT,
};

/* In 1/65536, but for y_offset and back_y. */
struct csc {
    int32_t y_offset, y, u_to_b, u_to_g, v_to_g, v_to_r; /* both *_to_g are subtracted */
    int32_t back_y, r_to_y, g_to_y, b_to_y, r_to_v, g_to_v, b_to_v, r_to_u, g_to_u, b_to_u;
};

/* For COLOUR_RGB, which has none, and for values that are no colour: BT.601 limited. */
static inline const struct csc *csc_of(unsigned colour)
{
    static const struct csc table[] = {
        {16, 76309, 132201, 25675, 53279, 104597, 16, 16829, 33039, 6416, 28784, 24103, 4681, 9714, 19070, 28784},
        {0, 65536, 116130, 22553, 46802, 91881, 0, 19595, 38470, 7471, 32768, 27439, 5329, 11059, 21709, 32768},
        {16, 76309, 138438, 13975, 34925, 117489, 16, 11966, 40254, 4064, 28784, 26145, 2639, 6596, 22188, 28784},
        {0, 65536, 121609, 12276, 30679, 103206, 0, 13933, 46871, 4732, 32768, 29763, 3005, 7509, 25259, 32768},
    };
    return &table[colour > COLOUR_RGB && colour < COLOUR_COUNT ? colour - COLOUR_BT601_LIMITED : 0];
}

static inline uint32_t csc_byte(int32_t fixed)
{
    int32_t v = (fixed + 32768) >> 16;
    return (uint32_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* 0x00UUYYVV (a pixel of FOURCC_VYUX) to 0x00RRGGBB (FOURCC_BGRX); the upper byte is not looked at and becomes 0. */
static inline uint32_t csc_to_rgb(const struct csc *c, uint32_t vyux)
{
    int32_t v = (int32_t)(vyux & 255) - 128, u = (int32_t)(vyux >> 16 & 255) - 128;
    int32_t y = ((int32_t)(vyux >> 8 & 255) - c->y_offset) * c->y;
    return csc_byte(y + c->v_to_r * v) << 16 | csc_byte(y - c->u_to_g * u - c->v_to_g * v) << 8 |
           csc_byte(y + c->u_to_b * u);
}

/* 0x00RRGGBB to the nearest 0x00UUYYVV: for lossy content that is painted on a YUV canvas. There and back is not
 * exact. */
static inline uint32_t csc_from_rgb(const struct csc *c, uint32_t rgb)
{
    int32_t r = (int32_t)(rgb >> 16 & 255), g = (int32_t)(rgb >> 8 & 255), b = (int32_t)(rgb & 255);
    uint32_t y = csc_byte(c->back_y * 65536 + c->r_to_y * r + c->g_to_y * g + c->b_to_y * b);
    uint32_t v = csc_byte(128 * 65536 + c->r_to_v * r - c->g_to_v * g - c->b_to_v * b);
    uint32_t u = csc_byte(128 * 65536 - c->r_to_u * r - c->g_to_u * g + c->b_to_u * b);
    return u << 16 | y << 8 | v;
}

/* One number over csc_to_rgb of all 2^24 pixels in rising order (FNV-1a, a pixel at a time): two builds that give the
 * same one convert alike. */
static inline uint64_t csc_digest(unsigned colour)
{
    const struct csc *c = csc_of(colour);
    uint64_t sum = 0xCBF29CE484222325u;
    for (uint32_t pixel = 0; pixel < 1u << 24; pixel++)
        sum = (sum ^ csc_to_rgb(c, pixel)) * 0x100000001B3u;
    return sum;
}
