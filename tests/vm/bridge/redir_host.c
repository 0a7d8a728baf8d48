#include "tests/vm/bridge/redir_host.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/log.h"
#include "core/text.h"

struct redir_host {
    const struct redir_host_owner *owner;
    void *data;
    struct usbredirparser *parser;
    struct loop_io *io;
    int fd;
    bool paused, ended;
};

/* The parser hands its `priv` to all functions, so the owner's data has to lead to us: a loop runs one connection. */
static struct redir_host *current;

static void log_line(attr_unused void *data, int level, const char *text)
{
    if (level <= usbredirparser_warning)
        log_warn("bridge", "usbredir: %s", text);
}

static int read_some(attr_unused void *data, uint8_t *bytes, int n)
{
    struct redir_host *self = current;
    if (self->paused)
        return 0;
    ssize_t got = recv(self->fd, bytes, (size_t)n, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    self->ended = got <= 0;
    return got <= 0 ? -1 : (int)got;
}

static int write_some(attr_unused void *data, uint8_t *bytes, int n)
{
    ssize_t sent = send(current->fd, bytes, (size_t)n, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return sent < 0 ? -1 : (int)sent;
}

static void update_events(struct redir_host *self)
{
    uint32_t events = self->paused ? 0 : EPOLLIN;
    if (usbredirparser_has_data_to_write(self->parser) > 0)
        events |= EPOLLOUT;
    (void)loop_io_set_events(self->io, events);
}

void redir_host_flush(struct redir_host *self)
{
    current = self;
    /* A broken connection shows itself to the loop, where the owner may destroy us. */
    (void)usbredirparser_do_write(self->parser);
    update_events(self);
}

void redir_host_pause(struct redir_host *self, bool paused)
{
    self->paused = paused;
    update_events(self);
}

struct usbredirparser *redir_host_parser(struct redir_host *self)
{
    return self->parser;
}

static void ready(void *data, attr_unused int fd, uint32_t events)
{
    struct redir_host *self = data;
    current = self;
    if (events & EPOLLIN && !self->paused) {
        int r = usbredirparser_do_read(self->parser);
        if (r == usbredirparser_read_io_error && self->ended) {
            self->owner->closed(self->data, "the machine left");
            return;
        }
    } else if (events & (EPOLLHUP | EPOLLERR)) {
        self->owner->closed(self->data, "the machine left");
        return;
    }
    redir_host_flush(self);
}

static int connect_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!text_copy(address.sun_path, sizeof address.sun_path, path))
        return -ENAMETOOLONG;
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    return take_fd(&fd);
}

static void start_parser(struct redir_host *self)
{
    static const int wanted[] = {
        usb_redir_cap_connect_device_version,  usb_redir_cap_device_disconnect_ack,
        usb_redir_cap_ep_info_max_packet_size, usb_redir_cap_64bits_ids,
        usb_redir_cap_32bits_bulk_length,
    };
    uint32_t capabilities[USB_REDIR_CAPS_SIZE] = {0};
    char name[] = "lightsout test bridge";

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        usbredirparser_caps_set_cap(capabilities, wanted[i]);
    self->parser->priv = self->data;
    self->parser->log_func = log_line;
    self->parser->read_func = read_some;
    self->parser->write_func = write_some;
    self->owner->set_functions(self->parser);
    usbredirparser_init(self->parser, name, capabilities, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
}

int redir_host_create(struct loop *loop, const char *path, const struct redir_host_owner *owner, void *data,
                      struct redir_host **ret)
{
    int fd = connect_path(path);
    if (fd < 0)
        return fd;
    struct redir_host *self = calloc(1, sizeof *self);
    struct usbredirparser *parser = usbredirparser_create();
    if (!self || !parser) {
        free(self);
        if (parser)
            usbredirparser_destroy(parser);
        close(fd);
        return -ENOMEM;
    }
    *self = (struct redir_host){.owner = owner, .data = data, .parser = parser, .fd = fd};
    start_parser(self);
    int r = loop_io_add(loop, fd, EPOLLIN, ready, self, &self->io);
    if (r < 0) {
        redir_host_destroy(self);
        return r;
    }
    redir_host_flush(self);
    *ret = self;
    return 0;
}

struct redir_host *redir_host_destroy(struct redir_host *self)
{
    if (!self)
        return NULL;
    loop_io_remove(self->io);
    usbredirparser_destroy(self->parser);
    close(self->fd);
    free(self);
    return NULL;
}
