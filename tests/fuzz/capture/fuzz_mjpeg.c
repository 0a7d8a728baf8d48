/* Frames of a capture stick: whatever comes, a picture of the size that was asked for, or none. The first byte chooses
 * the size that is expected. */
#include <stdlib.h>

#include "capture/mjpeg.h"
#include "video/cell_row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct frame *frame)
{
    const struct cell_layout *layout = cell_layout_of(frame->fourcc);
    static volatile uint8_t sum;
    for (int p = 0; p < CELL_ROW_PLANES && layout->bytes[p]; p++)
        for (int y = 0; y < cell_layout_lines(layout, p, frame->height); y++)
            for (size_t x = 0; x < cell_layout_line_bytes(layout, p, frame->width); x++)
                sum = (uint8_t)(sum + frame->planes[p].data[(size_t)y * frame->planes[p].stride + x]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int sizes[4][2] = {{50, 35}, {1, 1}, {64, 48}, {333, 17}};
    static struct mjpeg *mjpeg;
    struct frame *frame = NULL;
    if (size < 1 || (!mjpeg && mjpeg_create(&mjpeg) < 0))
        return 0;
    const int *wanted = sizes[data[0] & 3];
    if (mjpeg_decode(mjpeg, data + 1, size - 1, wanted[0], wanted[1], &frame) < 0)
        return 0;
    if (frame->width != wanted[0] || frame->height != wanted[1])
        abort();
    read_all(frame);
    frame_unref(frame);
    return 0;
}
