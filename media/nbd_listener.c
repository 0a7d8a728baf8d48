#include "media/nbd_listener.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/cleanup.h"
#include "core/near.h"

#define BACKLOG 16
#define ACCEPTS 8              /* in one callback */
#define ACCEPT_PAUSE_US 200000 /* after running out of descriptors */

struct nbd_listener {
    int fd;
    nbd_listener_fn *accepted;
    void *data;
    struct loop_io *io;
    struct loop_timer *pause;
    char path[];
};

static void on_accept(void *data, int fd, uint32_t events)
{
    struct nbd_listener *self = data;
    (void)events;
    for (unsigned i = 0; i < ACCEPTS; i++) {
        int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (peer >= 0) {
            self->accepted(self->data, peer);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            /* it would be reported as readable without end */
            loop_io_set_events(self->io, 0);
            loop_timer_arm_in(self->pause, ACCEPT_PAUSE_US);
        }
        return;
    }
}

static void on_pause_over(void *data)
{
    struct nbd_listener *self = data;
    loop_io_set_events(self->io, EPOLLIN);
}

/* A socket that nobody answers on was left by a server that was killed. */
static int remove_stale(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EADDRINUSE;
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect_near(fd, address->sun_path) != -ECONNREFUSED)
        return -EADDRINUSE;
    return unlink(address->sun_path) < 0 ? -errno : 0;
}

/* A bound and listening socket of mode 0600. */
static int bind_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int r = remove_stale(&address);
    if (r < 0)
        return r;
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* before bind: the socket file gets this mode from the start */
    if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    if (listen(fd, BACKLOG) < 0)
        return -errno;
    return take_fd(&fd);
}

int nbd_listener_create(struct loop *loop, const char *path, nbd_listener_fn *accepted, void *data,
                        struct nbd_listener **ret)
{
    int fd = bind_socket(path);
    if (fd < 0)
        return fd;
    size_t path_size = strlen(path) + 1;
    struct nbd_listener *self = calloc(1, sizeof *self + path_size);
    if (!self) {
        close(fd);
        unlink(path);
        return -ENOMEM;
    }
    self->fd = fd;
    self->accepted = accepted;
    self->data = data;
    memcpy(self->path, path, path_size);
    int r = loop_timer_add(loop, on_pause_over, self, &self->pause);
    if (r == 0)
        r = loop_io_add(loop, fd, EPOLLIN, on_accept, self, &self->io);
    if (r < 0) {
        nbd_listener_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct nbd_listener *nbd_listener_destroy(struct nbd_listener *self)
{
    if (!self)
        return NULL;
    loop_io_remove(self->io);
    loop_timer_remove(self->pause);
    close(self->fd);
    unlink(self->path);
    free(self);
    return NULL;
}
