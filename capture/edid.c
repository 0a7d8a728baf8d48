/* Reading what others wrote: nothing is looked at before its block has proved whole. */
#include "capture/edid.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"

static const uint8_t header[8] = {0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00};

#define DESCRIPTORS 4
#define DESCRIPTOR_SIZE 18
#define TAG_SERIAL 0xFF
#define TAG_NAME 0xFC

static int refuse(char *why, size_t size, const char *format, ...) attr_printf(3, 4);

static int refuse(char *why, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, size, format, args);
    va_end(args);
    return -EINVAL;
}

static const uint8_t *descriptor_at(const uint8_t *block, int i)
{
    return block + 54 + i * DESCRIPTOR_SIZE;
}

struct mode {
    int width, height;
    double refresh;
};

/* A detailed timing; false for one without pixels, or without a clock, which makes it a text. */
static bool read_timing(const uint8_t *d, struct mode *ret)
{
    const unsigned clock = (unsigned)d[0] | (unsigned)d[1] << 8;
    const int width = d[2] | (d[4] & 0xF0) << 4, h_blank = d[3] | (d[4] & 0x0F) << 8;
    const int height = d[5] | (d[7] & 0xF0) << 4, v_blank = d[6] | (d[7] & 0x0F) << 8;
    const bool interlaced = d[17] & 0x80;
    if (!clock || !width || !height)
        return false;
    *ret = (struct mode){width, interlaced ? 2 * height : height,
                         clock * 10000.0 / ((double)(width + h_blank) * (height + v_blank + (interlaced ? 0.5 : 0)))};
    return true;
}

static bool read_standard(const uint8_t s[2], struct mode *ret)
{
    static const int across[] = {16, 4, 5, 16}, down[] = {10, 3, 4, 9};
    if ((s[0] == 1 && s[1] == 1) || !s[0])
        return false;
    const int width = (s[0] + 31) * 8, aspect = s[1] >> 6;
    *ret = (struct mode){width, width * down[aspect] / across[aspect], (s[1] & 63) + 60};
    return true;
}

static bool read_established(const uint8_t bits[3], struct mode *ret)
{
    static const struct {
        uint8_t byte, bit;
        struct mode mode;
    } best_first[] = {
        {1, 0, {1280, 1024, 75}}, {2, 7, {1152, 870, 75}}, {1, 1, {1024, 768, 75}}, {1, 2, {1024, 768, 70}},
        {1, 3, {1024, 768, 60}},  {1, 4, {1024, 768, 87}}, {1, 5, {832, 624, 75}},  {1, 6, {800, 600, 75}},
        {1, 7, {800, 600, 72}},   {0, 0, {800, 600, 60}},  {0, 1, {800, 600, 56}},  {0, 2, {640, 480, 75}},
        {0, 3, {640, 480, 72}},   {0, 4, {640, 480, 67}},  {0, 5, {640, 480, 60}},  {0, 6, {720, 400, 88}},
        {0, 7, {720, 400, 70}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(best_first); i++)
        if (bits[best_first[i].byte] >> best_first[i].bit & 1) {
            *ret = best_first[i].mode;
            return true;
        }
    return false;
}

static bool preferred_mode(const uint8_t *base, struct mode *ret)
{
    for (int i = 0; i < DESCRIPTORS; i++)
        if (read_timing(descriptor_at(base, i), ret))
            return true;
    for (int i = 0; i < 8; i++)
        if (read_standard(base + 38 + 2 * i, ret))
            return true;
    return read_established(base + 35, ret);
}

static bool sums_up(const uint8_t *block)
{
    uint8_t sum = 0;
    for (int i = 0; i < EDID_BLOCK; i++)
        sum = (uint8_t)(sum + block[i]);
    return sum == 0;
}

static int check(const struct edid *self, char *why, size_t why_size)
{
    const size_t blocks = self->size / EDID_BLOCK;
    struct mode mode;
    if (self->size == 0 || self->size % EDID_BLOCK != 0 || blocks > EDID_MAX_BLOCKS)
        return refuse(why, why_size, "An EDID has 128, 256, 384 or 512 bytes; this one has %zu.", self->size);
    if (memcmp(self->bytes, header, sizeof header) != 0)
        return refuse(why, why_size, "This is no EDID: it does not begin with 00 FF FF FF FF FF FF 00.");
    if (self->bytes[18] != 1)
        return refuse(why, why_size, "Its version is %u.%u; 1.0 to 1.4 can be used.", self->bytes[18], self->bytes[19]);
    for (size_t i = 0; i < blocks; i++)
        if (!sums_up(self->bytes + i * EDID_BLOCK))
            return refuse(why, why_size, "The checksum of block %zu is wrong: the file is damaged or was edited.", i);
    if (self->bytes[126] + 1u != blocks)
        return refuse(why, why_size, "It says that %u extension blocks follow, but there are %zu.", self->bytes[126],
                      blocks - 1);
    if (!preferred_mode(self->bytes, &mode))
        return refuse(why, why_size, "It names no picture size that a source could choose.");
    return 0;
}

static int digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* -EINVAL: not hexadecimal digits and blanks, or more than the longest EDID has. A byte may not be torn by a blank. */
static int read_hex(const uint8_t *text, size_t size, struct edid *ret)
{
    struct edid read = {.size = 0};
    for (size_t i = 0; i < size; i++) {
        if (isspace(text[i]))
            continue;
        const int high = digit(text[i]), low = i + 1 < size ? digit(text[i + 1]) : -1;
        if (high < 0 || low < 0 || read.size == sizeof read.bytes)
            return -EINVAL;
        read.bytes[read.size++] = (uint8_t)(high << 4 | low);
        i++;
    }
    *ret = read;
    return 0;
}

int edid_parse(const uint8_t *bytes, size_t size, struct edid *ret, char *why, size_t why_size)
{
    struct edid read = {.size = size};
    const bool binary = size >= sizeof header && memcmp(bytes, header, sizeof header) == 0;
    if (binary || read_hex(bytes, size, &read) < 0) {
        if (size > sizeof read.bytes)
            return refuse(why, why_size, "An EDID has 128, 256, 384 or 512 bytes; this has %zu.", size);
        if (size)
            memcpy(read.bytes, bytes, size);
        read.size = size;
    }
    int r = check(&read, why, why_size);
    if (r < 0)
        return r;
    *ret = read;
    return 0;
}

/* The text of the first descriptor with this tag, printable and without its end. */
static void read_text(const uint8_t *base, uint8_t tag, char ret[14])
{
    ret[0] = '\0';
    for (int i = 0; i < DESCRIPTORS; i++) {
        const uint8_t *d = descriptor_at(base, i);
        if (d[0] || d[1] || d[2] || d[3] != tag)
            continue;
        size_t n = 0;
        for (; n < 13 && d[5 + n] != 0x0A && d[5 + n]; n++)
            ret[n] = (char)(d[5 + n] >= ' ' && d[5 + n] <= '~' ? d[5 + n] : '?');
        while (n > 0 && ret[n - 1] == ' ')
            n--;
        ret[n] = '\0';
        return;
    }
}

static void read_maker(const uint8_t *base, char ret[4])
{
    const unsigned packed = (unsigned)base[8] << 8 | base[9];
    for (int i = 0; i < 3; i++) {
        unsigned letter = packed >> (10 - 5 * i) & 31;
        ret[i] = letter >= 1 && letter <= 26 ? (char)('@' + letter) : '?';
    }
    ret[3] = '\0';
}

/* CTA-861, 7.5: data blocks lie between byte 4 and the first detailed timing. */
static void read_extension(const uint8_t *block, struct edid_facts *ret)
{
    if (block[0] != 2 || block[1] < 2)
        return;
    ret->audio |= (block[3] & 0x40) != 0;
    const unsigned end = block[1] >= 3 ? MIN(block[2], EDID_BLOCK - 1) : 0;
    for (unsigned at = 4; at < end;) {
        const unsigned tag = block[at] >> 5, length = block[at] & 31;
        const uint8_t *data = block + at + 1;
        at += 1 + length;
        if (at > end)
            return;
        ret->audio |= tag == 1 && length >= 3;
        ret->hdmi |= tag == 3 && length >= 5 && data[0] == 0x03 && data[1] == 0x0C && data[2] == 0x00;
    }
}

/* By making each of ours with its name. */
static const char *preset_of(const struct edid *self, const char *name)
{
    struct edid ours;
    for (unsigned i = 0; i < EDID_PRESETS; i++) {
        edid_make((enum edid_preset)i, name, &ours);
        if (ours.size == self->size && memcmp(ours.bytes, self->bytes, ours.size) == 0)
            return edid_preset_name((enum edid_preset)i);
    }
    return "";
}

void edid_describe(const struct edid *self, struct edid_facts *ret)
{
    *ret = (struct edid_facts){.width = 0};
    if (self->size < EDID_BLOCK || self->size > sizeof self->bytes)
        return;
    struct mode mode = {0, 0, 0};
    const uint8_t *base = self->bytes;
    read_maker(base, ret->manufacturer);
    read_text(base, TAG_NAME, ret->name);
    read_text(base, TAG_SERIAL, ret->serial);
    const uint32_t number =
        (uint32_t)base[12] | (uint32_t)base[13] << 8 | (uint32_t)base[14] << 16 | (uint32_t)base[15] << 24;
    if (!ret->serial[0] && number)
        snprintf(ret->serial, sizeof ret->serial, "%u", number);
    preferred_mode(base, &mode);
    ret->width = mode.width;
    ret->height = mode.height;
    ret->refresh = mode.refresh;
    for (size_t at = EDID_BLOCK; at + EDID_BLOCK <= self->size; at += EDID_BLOCK)
        read_extension(base + at, ret);
    snprintf(ret->preset, sizeof ret->preset, "%s", preset_of(self, ret->name));
}
