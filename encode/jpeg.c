#include "encode/jpeg.h"

#include <errno.h>
#include <turbojpeg.h>

struct jpeg_writer {
    tjhandle handle;
    uint8_t *room;
    unsigned long size;
};

struct jpeg_reader {
    tjhandle handle;
};

static void destroy_compressor(tjhandle *handle)
{
    if (*handle)
        tjDestroy(*handle);
}

int jpeg_encode(const struct frame *frame, int quality, uint8_t **ret, size_t *ret_size)
{
    if (frame->fourcc != FOURCC_BGRX || quality < 1 || quality > 100)
        return -EINVAL;
    int sampling = quality >= 90 ? TJSAMP_444 : TJSAMP_420;
    /* With NOREALLOC the library trusts that the buffer has the size for the worst case. */
    unsigned long size = tjBufSize(frame->width, frame->height, sampling);
    tjhandle handle attr_cleanup(destroy_compressor) = tjInitCompress();
    uint8_t *bytes _cleanup_free_ = malloc(size);
    if (!handle || !bytes)
        return -ENOMEM;
    if (tjCompress2(handle, frame->planes[0].data, frame->width, (int)frame->planes[0].stride, frame->height, TJPF_BGRX,
                    &bytes, &size, sampling, quality, TJFLAG_NOREALLOC) < 0)
        return -EIO;
    uint8_t *small = realloc(bytes, size);
    if (small)
        bytes = small;
    *ret = take(bytes);
    *ret_size = size;
    return 0;
}

int jpeg_writer_create(struct jpeg_writer **ret)
{
    struct jpeg_writer *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->handle = tjInitCompress();
    if (!self->handle) {
        free(self);
        return -ENOMEM;
    }
    *ret = self;
    return 0;
}

struct jpeg_writer *jpeg_writer_destroy(struct jpeg_writer *self)
{
    if (self) {
        tjDestroy(self->handle);
        free(self->room);
        free(self);
    }
    return NULL;
}

int jpeg_writer_encode(struct jpeg_writer *self, const struct jpeg_picture *picture, int quality, bool full_colour,
                       const uint8_t **ret, size_t *ret_size)
{
    int sampling = full_colour ? TJSAMP_444 : TJSAMP_420;
    unsigned long size = tjBufSize(picture->width, picture->height, sampling);
    if (size > self->size) {
        free(self->room);
        self->room = malloc(size);
        self->size = self->room ? size : 0;
        if (!self->room)
            return -ENOMEM;
    }
    if (tjCompress2(self->handle, picture->pixels, picture->width, (int)picture->stride, picture->height, TJPF_BGRX,
                    &self->room, &size, sampling, quality, TJFLAG_NOREALLOC) < 0)
        return -EIO;
    *ret = self->room;
    *ret_size = size;
    return 0;
}

int jpeg_reader_create(struct jpeg_reader **ret)
{
    struct jpeg_reader *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->handle = tjInitDecompress();
    if (!self->handle) {
        free(self);
        return -ENOMEM;
    }
    *ret = self;
    return 0;
}

struct jpeg_reader *jpeg_reader_destroy(struct jpeg_reader *self)
{
    if (self) {
        tjDestroy(self->handle);
        free(self);
    }
    return NULL;
}

bool jpeg_reader_decode(struct jpeg_reader *self, const uint8_t *bytes, size_t size, int width, int height,
                        uint8_t *rgba)
{
    int has_width, has_height, sampling, space;
    return tjDecompressHeader3(self->handle, bytes, size, &has_width, &has_height, &sampling, &space) == 0 &&
           has_width == width && has_height == height &&
           tjDecompress2(self->handle, bytes, size, rgba, width, width * 4, height, TJPF_RGBA, TJFLAG_STOPONWARNING) ==
               0;
}
