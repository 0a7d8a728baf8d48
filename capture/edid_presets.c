/* Our own EDIDs. EDID 1.3 as HDMI 1.4b (8.3) asks for it, with a CTA-861 extension of revision 3. No YCbCr is offered,
 * so that sources send RGB, whose pixels are exact; no audio either. The physical size gives 96 pixels per inch, at
 * which no system enlarges its text. */
#include <string.h>

#include "capture/edid.h"
#include "core/attrs.h"

#define BASIC_NAME "lightsout"
#define FIRST_PRODUCT 0x1001

/* Detailed timing: E-EDID 1.4, 3.10.2. Horizontal in pixels, vertical in lines. */
struct timing {
    unsigned clock_10khz, width, h_blank, h_front, h_sync, height, v_blank, v_front, v_sync;
    bool h_positive, v_positive;
};

static const struct timing cta_1080p60 = {14850, 1920, 280, 88, 44, 1080, 45, 4, 5, true, true};  /* VIC 16 */
static const struct timing cta_1080p50 = {14850, 1920, 720, 528, 44, 1080, 45, 4, 5, true, true}; /* VIC 31 */
static const struct timing cta_720p60 = {7425, 1280, 370, 110, 40, 720, 30, 5, 5, true, true};    /* VIC 4 */
static const struct timing cvt_1200p60 = {15400, 1920, 160, 48, 32, 1200, 35, 3, 6, true, false}; /* reduced blanking */
static const struct timing dmt_768p60 = {6500, 1024, 320, 24, 136, 768, 38, 3, 6, false, false};

static const struct preset {
    const char *name;
    const struct timing *preferred, *second;
    uint8_t standard[8][2]; /* E-EDID 1.4, 3.9; what is 0 is unused */
    uint8_t vics[9];        /* CTA-861, table 3; ends with 0 */
} presets[EDID_PRESETS] = {
    [EDID_1080P60] =
        {"1080p60",
         &cta_1080p60,
         &cta_720p60,
         {{0xD1, 0xC0}, {0xB3, 0x00}, {0xA9, 0xC0}, {0x95, 0x00}, {0x81, 0x80}, {0x81, 0x00}, {0x81, 0xC0}},
         {16, 31, 4, 19, 3, 18, 1}},
    /* for receivers whose lanes carry no more pixels a second than that: nothing larger is offered */
    [EDID_1080P50] = {"1080p50",
                      &cta_1080p50,
                      &cta_720p60,
                      {{0xA9, 0xC0}, {0x95, 0x00}, {0x81, 0x80}, {0x81, 0x00}, {0x81, 0xC0}},
                      {31, 4, 19, 3, 18, 1}},
    [EDID_1200P60] =
        {"1200p60",
         &cvt_1200p60,
         &cta_1080p60,
         {{0xD1, 0xC0}, {0xB3, 0x00}, {0xA9, 0xC0}, {0x95, 0x00}, {0x81, 0x80}, {0x81, 0x00}, {0x81, 0xC0}},
         {16, 31, 4, 19, 3, 18, 1}},
    [EDID_720P60] = {"720p60", &cta_720p60, &dmt_768p60, {{0x81, 0xC0}}, {4, 19, 3, 18, 1}},
};

const char *edid_preset_name(enum edid_preset preset)
{
    return presets[preset].name;
}

bool edid_preset_parse(const char *word, enum edid_preset *ret)
{
    for (unsigned i = 0; i < EDID_PRESETS; i++)
        if (strcmp(presets[i].name, word) == 0) {
            *ret = (enum edid_preset)i;
            return true;
        }
    return false;
}

static unsigned millimetres(unsigned pixels)
{
    return (pixels * 254 + 480) / 960;
}

/* Any timing fills the screen of the preferred one. */
static void put_timing(const struct timing *t, const struct timing *preferred, uint8_t to[18])
{
    const unsigned w = millimetres(preferred->width), h = millimetres(preferred->height);
    const uint8_t bytes[18] = {
        (uint8_t)t->clock_10khz,
        (uint8_t)(t->clock_10khz >> 8),
        (uint8_t)t->width,
        (uint8_t)t->h_blank,
        (uint8_t)(t->width >> 8 << 4 | t->h_blank >> 8),
        (uint8_t)t->height,
        (uint8_t)t->v_blank,
        (uint8_t)(t->height >> 8 << 4 | t->v_blank >> 8),
        (uint8_t)t->h_front,
        (uint8_t)t->h_sync,
        (uint8_t)(t->v_front << 4 | t->v_sync),
        (uint8_t)(t->h_front >> 8 << 6 | t->h_sync >> 8 << 4),
        (uint8_t)w,
        (uint8_t)h,
        (uint8_t)(w >> 8 << 4 | h >> 8),
        0,
        0,
        (uint8_t)(0x18 | t->v_positive << 2 | t->h_positive << 1),
    };
    memcpy(to, bytes, sizeof bytes);
}

/* Display range limits (3.10.3.3): 31 kHz are text modes and 480p, 75 kHz is 1200p with reduced blanking. */
static void put_range(const struct timing *largest, uint8_t to[18])
{
    const uint8_t range[18] = {
        0, 0,    0,   0xFD, 0,   50,  75,  30, 75, (uint8_t)((largest->clock_10khz + 999) / 1000),
        0, 0x0A, ' ', ' ',  ' ', ' ', ' ', ' '};
    memcpy(to, range, sizeof range);
}

static void put_name(const char *name, uint8_t to[18])
{
    const uint8_t head[5] = {0, 0, 0, 0xFC, 0};
    memcpy(to, head, sizeof head);
    memset(to + 5, ' ', 13);
    unsigned n = 0;
    for (; n < 13 && name[n]; n++)
        to[5 + n] = (uint8_t)(name[n] >= ' ' && name[n] <= '~' ? name[n] : '?');
    if (n < 13)
        to[5 + n] = 0x0A;
}

static void put_checksum(uint8_t block[EDID_BLOCK])
{
    uint8_t sum = 0;
    for (int i = 0; i < EDID_BLOCK - 1; i++)
        sum = (uint8_t)(sum + block[i]);
    block[EDID_BLOCK - 1] = (uint8_t)-sum;
}

static void put_base(enum edid_preset which, const char *name, uint8_t to[EDID_BLOCK])
{
    const struct preset *preset = &presets[which];
    const unsigned maker = ('L' - '@') << 10 | ('S' - '@') << 5 | ('O' - '@'), product = FIRST_PRODUCT + which;
    const uint8_t head[38] = {
        0x00,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0x00,
        (uint8_t)(maker >> 8),
        (uint8_t)maker,
        (uint8_t)product,
        (uint8_t)(product >> 8),
        0,
        0,
        0,
        0, /* no serial number: systems then keep one arrangement for all gateways */
        0,
        36,
        1,
        3,    /* 2026; EDID 1.3 */
        0x80, /* digital */
        (uint8_t)((millimetres(preset->preferred->width) + 5) / 10),
        (uint8_t)((millimetres(preset->preferred->height) + 5) / 10),
        120,  /* gamma 2.2 */
        0x0E, /* RGB colour, sRGB, the first timing is preferred */
        0xEE,
        0x91,
        0xA3,
        0x54,
        0x4C,
        0x99,
        0x26,
        0x0F,
        0x50,
        0x54, /* sRGB's primaries */
        0xA1,
        0x08,
        0, /* 720x400 at 70 Hz, 640x480, 800x600 and 1024x768 at 60 */
    };
    memcpy(to, head, sizeof head);
    for (int i = 0; i < 8; i++) {
        const uint8_t *standard = preset->standard[i];
        to[38 + 2 * i] = standard[0] ? standard[0] : 1;
        to[39 + 2 * i] = standard[0] ? standard[1] : 1;
    }
    put_timing(preset->preferred, preset->preferred, to + 54);
    put_timing(preset->second, preset->preferred, to + 72);
    put_range(preset->preferred, to + 90);
    put_name(name, to + 108);
    to[126] = 1;
    put_checksum(to);
}

/* CTA-861: video data block, video capability data block (quantization can be selected, so that sources may send full
 * range and say so; nothing is cut off at the edges), and HDMI's vendor-specific one (HDMI 1.4b, 8.3.2; physical
 * address 1.0.0.0). */
static void put_extension(const struct preset *preset, uint8_t to[EDID_BLOCK])
{
    const uint8_t others[9] = {7 << 5 | 2, 0x00, 0x4A, 3 << 5 | 5, 0x03, 0x0C, 0x00, 0x10, 0x00};
    const unsigned n = (unsigned)strlen((const char *)preset->vics);
    memset(to, 0, EDID_BLOCK);
    to[0] = 2;
    to[1] = 3;
    to[2] = (uint8_t)(4 + 1 + n + sizeof others); /* where detailed timings would begin */
    to[3] = 0x81;                                 /* no overscan; the first detailed timing is the native one */
    to[4] = (uint8_t)(2 << 5 | n);
    memcpy(to + 5, preset->vics, n);
    memcpy(to + 5 + n, others, sizeof others);
    put_checksum(to);
}

void edid_make(enum edid_preset preset, const char *name, struct edid *ret)
{
    *ret = (struct edid){.size = 2 * EDID_BLOCK};
    put_base(preset, name ? name : BASIC_NAME, ret->bytes);
    put_extension(&presets[preset], ret->bytes + EDID_BLOCK);
}
