#include "gateway/pictures/grey_picture.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/cleanup.h"
#include "core/fd_write.h"

/* Weights of BT.601 in 256 parts. */
static uint8_t grey_of(const struct frame *frame, const uint8_t *p)
{
    if (frame->fourcc == FOURCC_VYUX)
        return p[1];
    return (uint8_t)((p[0] * 29 + p[1] * 150 + p[2] * 77) >> 8);
}

int grey_picture_create(const struct frame *frame, struct rect *part, size_t most, int *ret_fd)
{
    *part =
        part->w > 0 ? rect_clip(*part, frame->width, frame->height) : (struct rect){0, 0, frame->width, frame->height};
    const size_t size = (size_t)part->w * (size_t)part->h;
    if (!size || size > most || (frame->fourcc != FOURCC_BGRX && frame->fourcc != FOURCC_VYUX))
        return -EINVAL;
    _cleanup_free_ uint8_t *greys = malloc(size);
    if (!greys)
        return -ENOMEM;
    uint8_t *at = greys;
    for (int y = part->y; y < part->y + part->h; y++) {
        const uint8_t *row = frame->planes[0].data + (size_t)y * frame->planes[0].stride;
        for (int x = part->x; x < part->x + part->w; x++)
            *at++ = grey_of(frame, row + (size_t)x * 4);
    }
    _cleanup_close_ int fd = memfd_create("picture", MFD_CLOEXEC);
    int r = fd < 0 ? -errno : fd_write_all(fd, greys, size);
    if (r < 0)
        return r;
    *ret_fd = take_fd(&fd);
    return 0;
}
