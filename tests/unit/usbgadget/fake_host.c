#include "fake_host.h"

#include <errno.h>
#include <limits.h>
#include <linux/nbd.h>
#include <linux/usb/functionfs.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/wire.h"

#define PACKET 512
#define PATIENCE_MS 20000

/* --- the device's end --- */

struct fake_pipe {
    struct big_cd_pipe pipe;
    struct fake_cable *cable;
    int in, out;
    size_t asked;
    uint8_t room[BIG_CD_PIPE_READ];
};

static struct fake_pipe *to_fake(struct big_cd_pipe *pipe)
{
    return container_of(pipe, struct fake_pipe, pipe);
}

static int send_piece(struct big_cd_pipe *pipe, const void *bytes, size_t size)
{
    ssize_t n = send(to_fake(pipe)->in, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0)
        return 1;
    return errno == EAGAIN ? -EAGAIN : -ESHUTDOWN;
}

static int fake_write(struct big_cd_pipe *pipe, const void *bytes, size_t size)
{
    size = MIN(size, 16384u);
    int r = send_piece(pipe, bytes, size);
    return r < 0 ? r : (int)size;
}

static int fake_write_empty(struct big_cd_pipe *pipe)
{
    return send_piece(pipe, "", 0);
}

static int fake_read(struct big_cd_pipe *pipe, size_t size)
{
    to_fake(pipe)->asked = MIN(size, BIG_CD_PIPE_READ);
    pipe->receiving = true;
    return 1;
}

static enum big_cd_pipe_event fake_reap(struct big_cd_pipe *pipe)
{
    struct fake_pipe *self = to_fake(pipe);
    if (!pipe->receiving)
        return PIPE_NOTHING;
    ssize_t n = recv(self->out, self->room, self->asked, MSG_DONTWAIT);
    if (n < 0)
        return PIPE_NOTHING;
    pipe->receiving = false;
    pipe->received = self->room;
    pipe->received_size = (size_t)n;
    pipe->received_short = (size_t)n < self->asked;
    return PIPE_RECEIVED;
}

static void fake_cancel(struct big_cd_pipe *pipe)
{
    pipe->receiving = false;
}

static int fake_halt(struct big_cd_pipe *pipe)
{
    to_fake(pipe)->cable->halts++;
    return 1;
}

static void fake_enabled(struct big_cd_pipe *pipe)
{
    pipe->packet = PACKET;
}

static void fake_destroy(struct big_cd_pipe *pipe)
{
    close(to_fake(pipe)->in);
    close(to_fake(pipe)->out);
    free(to_fake(pipe));
}

static const struct big_cd_pipe_ops fake_ops = {
    .write = fake_write,
    .write_empty = fake_write_empty,
    .read = fake_read,
    .reap = fake_reap,
    .cancel = fake_cancel,
    .halt = fake_halt,
    .enabled = fake_enabled,
    .destroy = fake_destroy,
};

/* --- the host's end --- */

void fake_cable_init(struct fake_cable *self)
{
    int ep0[2], in[2], out[2];
    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ep0), errno);
    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, in), errno);
    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out), errno);
    struct fake_pipe *pipe = calloc(1, sizeof *pipe);
    assert_non_null(pipe);
    *self = (struct fake_cable){.ep0 = ep0[0], .device_ep0 = ep0[1], .in = in[0], .out = out[0], .pipe = &pipe->pipe};
    pipe->pipe = (struct big_cd_pipe){.ops = &fake_ops, .packet = PACKET, .event_fd = out[1]};
    pipe->cable = self;
    pipe->in = in[1];
    pipe->out = out[1];
}

void fake_cable_finish(struct fake_cable *self)
{
    close(self->ep0);
    close(self->in);
    close(self->out);
}

static void send_event(struct fake_cable *self, const struct usb_functionfs_event *event)
{
    assert_int_equal(send(self->ep0, event, sizeof *event, MSG_NOSIGNAL), sizeof *event);
}

void fake_event(struct fake_cable *self, int type)
{
    send_event(self, &(struct usb_functionfs_event){.type = (uint8_t)type});
}

void fake_setup(struct fake_cable *self, uint8_t type, uint8_t request, uint16_t length)
{
    struct usb_functionfs_event event = {.type = FUNCTIONFS_SETUP};
    event.u.setup.bRequestType = type;
    event.u.setup.bRequest = request;
    event.u.setup.wLength = length;
    send_event(self, &event);
}

static size_t receive(struct fake_cable *self, void *room, size_t size)
{
    struct pollfd p = {.fd = self->in, .events = POLLIN};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    ssize_t n = recv(self->in, room, size, MSG_TRUNC);
    assert_return_code(n, errno);
    assert_true((size_t)n <= size);
    return (size_t)n;
}

#define TAG 0x1234

void fake_begin(struct fake_cable *self, const uint8_t *cdb, uint32_t expected)
{
    uint8_t cbw[31];
    struct wire_writer w = wire_writer_init(cbw, sizeof cbw);
    wire_write_bytes(&w, "USBC", 4);
    wire_write_le32(&w, TAG);
    wire_write_le32(&w, expected);
    wire_write_u8(&w, 0x80);
    wire_write_u8(&w, 0);
    wire_write_u8(&w, 16);
    wire_write_bytes(&w, cdb, 16);
    assert_int_equal(send(self->out, cbw, sizeof cbw, MSG_NOSIGNAL), sizeof cbw);
}

struct fake_result fake_end(struct fake_cable *self, void *room, uint32_t expected)
{
    struct fake_result result = {0};
    while (result.size < expected) {
        size_t n = receive(self, (uint8_t *)room + result.size, expected - result.size);
        result.size += (uint32_t)n;
        if (!n || n % PACKET)
            break;
    }
    uint8_t csw[64];
    assert_int_equal(receive(self, csw, sizeof csw), 13);
    struct wire_reader r = wire_reader_init(csw, 13);
    assert_memory_equal(wire_read_bytes(&r, 4), "USBS", 4);
    assert_int_equal(wire_read_le32(&r), TAG);
    result.residue = wire_read_le32(&r);
    result.status = wire_read_u8(&r);
    return result;
}

struct fake_result fake_command(struct fake_cable *self, const uint8_t *cdb, void *room, uint32_t expected)
{
    fake_begin(self, cdb, expected);
    return fake_end(self, room, expected);
}

unsigned fake_sense(struct fake_cable *self, uint32_t *ret_lba)
{
    static const uint8_t request_sense[16] = {0x03, 0, 0, 0, 18};
    uint8_t sense[18];
    struct fake_result result = fake_command(self, request_sense, sense, sizeof sense);
    assert_int_equal(result.status, 0);
    assert_int_equal(result.size, sizeof sense);
    if (ret_lba)
        *ret_lba = (uint32_t)sense[3] << 24 | (uint32_t)sense[4] << 16 | (uint32_t)sense[5] << 8 | sense[6];
    return (unsigned)(sense[2] << 16 | sense[12] << 8 | sense[13]);
}

/* --- the medium's server --- */

uint8_t medium_byte(uint64_t offset)
{
    uint64_t x = (offset / 8 + 1) * 0x9E3779B97F4A7C15u;
    return (uint8_t)(x >> (56 - offset % 8 * 4));
}

static bool read_all(int fd, void *room, size_t size)
{
    return recv(fd, room, size, MSG_WAITALL) == (ssize_t)size;
}

static bool answer(struct fake_server *self, uint64_t cookie, uint64_t offset, uint32_t length)
{
    bool bad = self->bad_offset >= offset && self->bad_offset - offset < length;
    uint8_t *reply = malloc(16 + (size_t)length);
    assert_non_null(reply);
    struct wire_writer w = wire_writer_init(reply, 16);
    wire_write_be32(&w, NBD_REPLY_MAGIC);
    wire_write_be32(&w, bad ? EIO : 0);
    wire_write_be64(&w, self->wrong_cookie_after == 0 ? cookie + 1 : cookie);
    if (self->wrong_cookie_after >= 0)
        self->wrong_cookie_after--;
    for (uint32_t i = 0; i < length; i++)
        reply[16 + i] = medium_byte(offset + i);
    size_t size = bad ? 16 : 16 + (size_t)length;
    bool good = send(self->fd, reply, size, MSG_NOSIGNAL) == (ssize_t)size;
    free(reply);
    return good;
}

static void *serve(void *data)
{
    struct fake_server *self = data;
    uint8_t request[28];
    while (read_all(self->fd, request, sizeof request)) {
        self->requests++;
        struct wire_reader r = wire_reader_init(request, sizeof request);
        bool good = wire_read_be32(&r) == NBD_REQUEST_MAGIC && wire_read_be32(&r) == NBD_CMD_READ;
        uint64_t cookie = wire_read_be64(&r), offset = wire_read_be64(&r);
        uint32_t length = wire_read_be32(&r);
        if (!good || (!self->silent && !answer(self, cookie, offset, length)))
            break;
    }
    shutdown(self->fd, SHUT_RDWR);
    return NULL;
}

void fake_server_start(struct fake_server *self)
{
    int fds[2];
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), errno);
    self->fd = fds[0];
    self->peer = fds[1];
    self->silent = false;
    self->bad_offset = ULLONG_MAX;
    self->wrong_cookie_after = -1;
    self->requests = 0;
    assert_int_equal(pthread_create(&self->thread, NULL, serve, self), 0);
}

void fake_server_stop(struct fake_server *self)
{
    shutdown(self->fd, SHUT_RDWR);
    pthread_join(self->thread, NULL);
    close(self->fd);
}
