/* Buffers with a descriptor of their own (Linux, Documentation/driver-api/dma-buf): memory of a DMA heap, which the CPU
 * may cache, and the calls that must stand around every reading of it. */
#pragma once

#include <stddef.h>

#include "capture/v4l2_io.h"

/* From /dev/dma_heap/... A descriptor, or -errno. */
int dmabuf_allocate(const struct v4l2_io *io, int heap, size_t size);

/* What the device wrote becomes visible; until dmabuf_end_read the buffer may not go back to it. 0, -errno. */
int dmabuf_begin_read(const struct v4l2_io *io, int fd);
int dmabuf_end_read(const struct v4l2_io *io, int fd);
