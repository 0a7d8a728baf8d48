/* The system calls of the V4L2 screen, so that a test can put a driver of its own behind them. */
#pragma once

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct v4l2_io {
    /* 0 or -errno; interrupted calls are repeated here. */
    int (*ioctl)(const struct v4l2_io *self, int fd, unsigned long request, void *arg);
    /* Readable and shared; NULL: cannot be mapped. */
    void *(*map)(const struct v4l2_io *self, int fd, size_t size, uint64_t offset);
    void (*unmap)(const struct v4l2_io *self, void *memory, size_t size);
    /* Puts a copy in the place of mapped memory, which readers do not notice: nothing then holds the device any more.
     */
    void (*detach)(const struct v4l2_io *self, void *memory, size_t size);
    /* As ppoll: the number of ready descriptors, 0, or -errno. timeout NULL: for ever. */
    int (*poll)(const struct v4l2_io *self, struct pollfd *fds, unsigned n, const struct timespec *timeout);
    void (*close)(const struct v4l2_io *self, int fd);
    /* Device number of an open device node. */
    int (*number)(const struct v4l2_io *self, int fd, unsigned *ret_major, unsigned *ret_minor);
    /* Bytes per second at which the CPU reads this memory the second time (capture/v4l2_memory.h). */
    uint64_t (*read_speed)(const struct v4l2_io *self, const uint8_t *memory, size_t size);
};

extern const struct v4l2_io v4l2_kernel;
