#include "capture/v4l2_io.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "capture/v4l2_memory.h"

static int kernel_ioctl(const struct v4l2_io *self, int fd, unsigned long request, void *arg)
{
    (void)self;
    int r;
    do
        r = ioctl(fd, request, arg);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : 0;
}

static void *kernel_map(const struct v4l2_io *self, int fd, size_t size, uint64_t offset)
{
    (void)self;
    /* also writable: some drivers refuse less, and that of a CPU-cached buffer costs nothing */
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    if (memory == MAP_FAILED)
        memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)offset);
    return memory == MAP_FAILED ? NULL : memory;
}

static void kernel_unmap(const struct v4l2_io *self, void *memory, size_t size)
{
    (void)self;
    munmap(memory, size);
}

static void kernel_detach(const struct v4l2_io *self, void *memory, size_t size)
{
    (void)self;
    void *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return; /* then the device is held a while longer */
    memcpy(copy, memory, size);
    /* who reads meanwhile waits in a page fault */
    if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, memory) == MAP_FAILED)
        munmap(copy, size);
}

static int kernel_poll(const struct v4l2_io *self, struct pollfd *fds, unsigned n, const struct timespec *timeout)
{
    (void)self;
    int r = ppoll(fds, n, timeout, NULL);
    return r < 0 ? -errno : r;
}

static void kernel_close(const struct v4l2_io *self, int fd)
{
    (void)self;
    close(fd);
}

static int kernel_number(const struct v4l2_io *self, int fd, unsigned *ret_major, unsigned *ret_minor)
{
    (void)self;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    *ret_major = major(status.st_rdev);
    *ret_minor = minor(status.st_rdev);
    return 0;
}

static uint64_t kernel_read_speed(const struct v4l2_io *self, const uint8_t *memory, size_t size)
{
    (void)self;
    return memory_read_speed(memory, size);
}

const struct v4l2_io v4l2_kernel = {
    .ioctl = kernel_ioctl,
    .map = kernel_map,
    .unmap = kernel_unmap,
    .detach = kernel_detach,
    .poll = kernel_poll,
    .close = kernel_close,
    .number = kernel_number,
    .read_speed = kernel_read_speed,
};
