#include "capture/mjpeg_header.h"

#include <errno.h>

#include "core/wire.h"

enum marker { SOF0 = 0xC0, SOF1 = 0xC1, DHT = 0xC4, SOF15 = 0xCF, RST0 = 0xD0, SOI = 0xD8, EOI = 0xD9, SOS = 0xDA };

struct look {
    int width, height;
    unsigned components; /* 0: no frame header yet */
};

/* The next marker's second byte; fill bytes in front of it are allowed. 0: none. */
static uint8_t next_marker(struct wire_reader *r)
{
    uint8_t byte = wire_read_u8(r);
    if (byte != 0xFF)
        return 0;
    while (byte == 0xFF && !r->bad)
        byte = wire_read_u8(r);
    return byte;
}

/* Frame header: B.2.2. */
static int read_frame(struct wire_reader segment, struct look *look)
{
    const uint8_t precision = wire_read_u8(&segment);
    const int height = wire_read_be16(&segment), width = wire_read_be16(&segment);
    const uint8_t components = wire_read_u8(&segment);
    if (segment.bad || look->components || precision != 8 || width != look->width || height != look->height ||
        (components != 1 && components != 3))
        return -EBADMSG;
    look->components = components;
    return 0;
}

/* Scan header: B.2.3. */
static int read_scan(struct wire_reader segment, const struct look *look)
{
    const uint8_t components = wire_read_u8(&segment);
    return segment.bad || !look->components || components != look->components ? -EBADMSG : 0;
}

int mjpeg_header_check(const uint8_t *bytes, size_t size, int width, int height)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    struct look look = {.width = width, .height = height};
    if (wire_read_be16(&r) != (0xFF00 | SOI))
        return -EBADMSG;
    for (;;) {
        const uint8_t marker = next_marker(&r);
        if (marker < SOF0 || (marker >= RST0 && marker <= EOI))
            return -EBADMSG;
        const uint16_t length = wire_read_be16(&r);
        struct wire_reader segment = wire_read_sub(&r, length < 2 ? SIZE_MAX : (size_t)length - 2);
        if (segment.bad)
            return -EBADMSG;
        if (marker == SOS)
            return read_scan(segment, &look);
        /* Others of these are progressive, lossless, hierarchical or arithmetic. */
        if (marker <= SOF15 && marker != DHT && ((marker != SOF0 && marker != SOF1) || read_frame(segment, &look) < 0))
            return -EBADMSG;
    }
}
