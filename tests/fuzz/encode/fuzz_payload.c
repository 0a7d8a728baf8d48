/* Any bytes as a JPEG or as frames of a video, decoded to a picture of a chosen size between bytes that must stay. The
 * first three bytes choose the kind and the size; video frames are cut off by their lengths, two bytes each. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "encode/jpeg.h"
#include "encode/vpx.h"

#define GUARD 64

static void check_guard(const uint8_t *guard)
{
    for (int i = 0; i < GUARD; i++)
        if (guard[i] != 0xA5)
            abort();
}

static void read_jpeg(const uint8_t *data, size_t size, int width, int height, uint8_t *picture)
{
    struct jpeg_reader *reader;
    if (jpeg_reader_create(&reader) < 0)
        abort();
    jpeg_reader_decode(reader, data, size, width, height, picture);
    jpeg_reader_destroy(reader);
}

static void read_video(enum update_payload_kind kind, const uint8_t *data, size_t size, int width, int height,
                       uint8_t *picture)
{
    struct vpx_decoder *decoder;
    if (vpx_decoder_create(kind, &decoder) < 0)
        abort();
    while (size > 2) {
        size_t frame = (size_t)(data[0] | data[1] << 8);
        data += 2;
        size -= 2;
        if (frame == 0 || frame > size)
            frame = size;
        vpx_decoder_decode(decoder, data, frame, width, height, picture);
        data += frame;
        size -= frame;
    }
    vpx_decoder_destroy(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    int width = 16 * (1 + data[1] % 12), height = 16 * (1 + data[2] % 12);
    size_t room = (size_t)(width * height) * 4;
    uint8_t *bytes = malloc(room + 2 * GUARD);
    if (!bytes)
        abort();
    memset(bytes, 0xA5, room + 2 * GUARD);
    if (data[0] % 3 == UPDATE_JPEG)
        read_jpeg(data + 3, size - 3, width, height, bytes + GUARD);
    else
        read_video((enum update_payload_kind)(data[0] % 3), data + 3, size - 3, width, height, bytes + GUARD);
    check_guard(bytes);
    check_guard(bytes + GUARD + room);
    free(bytes);
    return 0;
}
