#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "core/loop_internal.h"

/* One eventfd each: a signal is then one write, which is all that a signal handler may do. */
struct loop_wake {
    int fd;
    struct loop_io *io;
    loop_wake_fn *fn;
    void *data;
};

static void on_signalled(void *data, int fd, attr_unused uint32_t events)
{
    struct loop_wake *self = data;
    uint64_t count;

    if (read(fd, &count, sizeof(count)) == sizeof(count))
        self->fn(self->data);
}

int loop_wake_add(struct loop *self, loop_wake_fn *fn, void *data, struct loop_wake **ret)
{
    struct loop_wake *wake = calloc(1, sizeof(*wake));
    if (!wake)
        return -ENOMEM;

    int r;
    *wake = (struct loop_wake){.fn = fn, .data = data};
    wake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake->fd < 0) {
        r = -errno;
        free(wake);
        return r;
    }
    r = loop_io_add(self, wake->fd, EPOLLIN, on_signalled, wake, &wake->io);
    if (r < 0) {
        close(wake->fd);
        free(wake);
        return r;
    }
    *ret = wake;
    return 0;
}

void loop_wake_signal(struct loop_wake *self)
{
    uint64_t one = 1;
    int saved = errno; /* a signal handler must leave it alone */
    ssize_t written = write(self->fd, &one, sizeof(one));
    (void)written; /* a full counter is a signal given already */
    errno = saved;
}

struct loop_wake *loop_wake_remove(struct loop_wake *self)
{
    if (!self)
        return NULL;
    loop_io_remove(self->io);
    close(self->fd);
    free(self);
    return NULL;
}
