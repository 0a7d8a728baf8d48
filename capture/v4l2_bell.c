#include "capture/v4l2_bell.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/ref.h"

struct v4l2_bell {
    struct ref ref;
    int fd;
};

int v4l2_bell_create(struct v4l2_bell **ret)
{
    struct v4l2_bell *self = malloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    self->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->fd < 0) {
        int error = -errno;
        free(self);
        return error;
    }
    ref_init(&self->ref);
    *ret = self;
    return 0;
}

struct v4l2_bell *v4l2_bell_ref(struct v4l2_bell *self)
{
    ref_get(&self->ref);
    return self;
}

struct v4l2_bell *v4l2_bell_unref(struct v4l2_bell *self)
{
    if (self && ref_put(&self->ref)) {
        close(self->fd);
        free(self);
    }
    return NULL;
}

void v4l2_bell_ring(struct v4l2_bell *self)
{
    uint64_t one = 1;
    ssize_t n = write(self->fd, &one, sizeof one); /* full means that it rings already */
    (void)n;
}

int v4l2_bell_fd(const struct v4l2_bell *self)
{
    return self->fd;
}

void v4l2_bell_hush(struct v4l2_bell *self)
{
    uint64_t count;
    ssize_t n = read(self->fd, &count, sizeof count);
    (void)n;
}
