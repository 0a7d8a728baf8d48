#include "capture/v4l2_dmabuf.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>

int dmabuf_allocate(const struct v4l2_io *io, int heap, size_t size)
{
    struct dma_heap_allocation_data request = {.len = size, .fd_flags = O_RDWR | O_CLOEXEC};
    int r = io->ioctl(io, heap, DMA_HEAP_IOCTL_ALLOC, &request);
    return r < 0 ? r : (int)request.fd;
}

static int sync(const struct v4l2_io *io, int fd, uint64_t flags)
{
    struct dma_buf_sync request = {.flags = flags | DMA_BUF_SYNC_READ};
    return io->ioctl(io, fd, DMA_BUF_IOCTL_SYNC, &request);
}

int dmabuf_begin_read(const struct v4l2_io *io, int fd)
{
    return sync(io, fd, DMA_BUF_SYNC_START);
}

int dmabuf_end_read(const struct v4l2_io *io, int fd)
{
    return sync(io, fd, DMA_BUF_SYNC_END);
}
