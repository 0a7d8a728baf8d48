#include "capture/replay_header.h"

#include <string.h>

#include "core/wire.h"
#include "video/cell_row.h"

static const char magic[] = "LSRAW1\n";
#define MAGIC_SIZE (sizeof magic - 1)
#define MAX_FPS 1000

static enum screen_signal refuse(enum screen_signal signal, const char *why, const char **ret_why)
{
    *ret_why = why;
    return signal;
}

enum screen_signal replay_header_parse(const uint8_t *bytes, struct replay_header *ret, const char **ret_why)
{
    struct wire_reader r = wire_reader_init(bytes, REPLAY_HEADER_SIZE);
    if (memcmp(wire_read_bytes(&r, MAGIC_SIZE), magic, MAGIC_SIZE) != 0)
        return refuse(SCREEN_NO_LOCK, "This is not a recording: it does not begin with LSRAW1.", ret_why);
    uint32_t width = wire_read_le32(&r), height = wire_read_le32(&r), fps = wire_read_le32(&r);
    uint32_t fourcc = wire_read_le32(&r);
    if (width < 1 || height < 1 || width > FRAME_MAX_SIZE || height > FRAME_MAX_SIZE)
        return refuse(SCREEN_OUT_OF_RANGE, "The recording's pictures are larger than 8192 pixels, or empty.", ret_why);
    if (fps > MAX_FPS)
        return refuse(SCREEN_OUT_OF_RANGE, "The recording wants more than 1000 pictures per second.", ret_why);
    if (!cell_layout_of(fourcc))
        return refuse(
            SCREEN_UNSUPPORTED,
            "The recording's pixel format is none of XR24, YUYV, UYVY, NV12, NV16, YU12, 422P, 444P, RGB3 and "
            "BGR3.",
            ret_why);
    *ret = (struct replay_header){.width = (int)width, .height = (int)height, .fps = fps, .fourcc = fourcc};
    return SCREEN_OK;
}

void replay_header_write(const struct replay_header *header, uint8_t ret[REPLAY_HEADER_SIZE])
{
    struct wire_writer w = wire_writer_init(ret, REPLAY_HEADER_SIZE);
    wire_write_bytes(&w, magic, MAGIC_SIZE);
    wire_write_le32(&w, (uint32_t)header->width);
    wire_write_le32(&w, (uint32_t)header->height);
    wire_write_le32(&w, header->fps);
    wire_write_le32(&w, header->fourcc);
}
