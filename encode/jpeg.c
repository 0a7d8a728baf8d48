#include "encode/jpeg.h"

#include <errno.h>
#include <turbojpeg.h>

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
