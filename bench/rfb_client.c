#include "bench/rfb_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rectangle {
    unsigned x, y, w, h;
};

static bool fill(struct rfb_client *self, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = self->fd, .events = POLLIN};
    if (poll(&poll_fd, 1, timeout_ms) != 1)
        return false;
    ssize_t n = read(self->fd, self->buffer, sizeof self->buffer);
    self->from = 0;
    self->have = n > 0 ? (unsigned)n : 0;
    return n > 0;
}

/* to may be NULL: then they are only counted. */
static bool take(struct rfb_client *self, uint8_t *to, size_t size)
{
    self->bytes += size;
    while (size > 0) {
        if (self->from == self->have && !fill(self, 5000))
            return false;
        size_t n = self->have - self->from < size ? self->have - self->from : size;
        if (to) {
            memcpy(to, self->buffer + self->from, n);
            to += n;
        }
        self->from += (unsigned)n;
        size -= n;
    }
    return true;
}

/* -1: not there */
static int64_t take_number(struct rfb_client *self, unsigned size)
{
    uint8_t bytes[4];
    if (!take(self, bytes, size))
        return -1;
    int64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool skip(struct rfb_client *self, int64_t size)
{
    return size >= 0 && take(self, NULL, (size_t)size);
}

/* Tight's length: 7, 7 and 8 bits, the lowest first. */
static bool skip_compact(struct rfb_client *self)
{
    int64_t size = 0;
    for (unsigned i = 0; i < 3; i++) {
        int64_t byte = take_number(self, 1);
        if (byte < 0)
            return false;
        size |= (i == 2 ? byte : byte & 0x7F) << (7 * i);
        if (i == 2 || !(byte & 0x80))
            return skip(self, size);
    }
    return false;
}

static bool skip_tight(struct rfb_client *self, const struct rectangle *r)
{
    int64_t control = take_number(self, 1), pixel_bits = 24;
    if (control < 0)
        return false;
    unsigned kind = (unsigned)control >> 4;
    if (kind == 8)
        return skip(self, 3);
    if (kind == 9)
        return skip_compact(self);
    if (kind > 9)
        return false;
    if (kind & 4 && take_number(self, 1) == 1) { /* a palette */
        int64_t colours = take_number(self, 1) + 1;
        if (colours < 1 || !skip(self, 3 * colours))
            return false;
        pixel_bits = colours <= 2 ? 1 : 8;
    }
    int64_t size = ((int64_t)r->w * pixel_bits + 7) / 8 * r->h;
    return size < 12 ? skip(self, size) : skip_compact(self);
}

static void arrived(struct rfb_client *self, const struct rectangle *r)
{
    for (unsigned y = r->y; y < r->y + r->h && y < (unsigned)self->height && self->missing > 0; y++) {
        for (unsigned x = r->x; x < r->x + r->w && x < (unsigned)self->width; x++) {
            uint8_t *pixel = self->awaited + (size_t)y * (size_t)self->width + x;
            self->missing -= *pixel;
            *pixel = 0;
        }
    }
}

static bool take_rectangle(struct rfb_client *self)
{
    struct rectangle r = {(unsigned)take_number(self, 2), (unsigned)take_number(self, 2),
                          (unsigned)take_number(self, 2), (unsigned)take_number(self, 2)};
    bool good = false;
    switch (take_number(self, 4)) {
    case 0: /* raw */
        good = skip(self, (int64_t)r.w * r.h * 4);
        break;
    case RFB_TIGHT:
        good = skip_tight(self, &r);
        break;
    case RFB_ZRLE:
        good = skip(self, take_number(self, 4));
        break;
    }
    if (good)
        arrived(self, &r);
    return good;
}

static bool ask(struct rfb_client *self, bool incremental)
{
    uint8_t request[10] = {3,
                           incremental,
                           0,
                           0,
                           0,
                           0,
                           (uint8_t)(self->width >> 8),
                           (uint8_t)self->width,
                           (uint8_t)(self->height >> 8),
                           (uint8_t)self->height};
    return write(self->fd, request, sizeof request) == sizeof request;
}

static bool take_update(struct rfb_client *self)
{
    if (!skip(self, 1))
        return false;
    int64_t count = take_number(self, 2);
    for (int64_t i = 0; i < count; i++)
        if (!take_rectangle(self))
            return false;
    return count >= 0 && ask(self, true);
}

static bool take_message(struct rfb_client *self)
{
    uint64_t before = self->bytes;
    bool good = false;
    switch (take_number(self, 1)) {
    case 0:
        return take_update(self);
    case 1: /* colours of a map: none of ours */
        good = skip(self, 3) && skip(self, 6 * take_number(self, 2));
        break;
    case 2: /* bell */
        good = true;
        break;
    case 3: /* text */
        good = skip(self, 3) && skip(self, take_number(self, 4));
        break;
    }
    self->bytes = before;
    return good;
}

bool rfb_client_receive(struct rfb_client *self, int timeout_ms)
{
    while (self->missing > 0) {
        if (self->from == self->have && !fill(self, timeout_ms))
            return false;
        if (!take_message(self))
            return false;
    }
    return true;
}

static bool greet(struct rfb_client *self, int encoding)
{
    uint8_t types[256], name[256];
    if (!take(self, types, 12) || memcmp(types, "RFB 003.008\n", 12) != 0 || write(self->fd, types, 12) != 12)
        return false;
    int64_t count = take_number(self, 1);
    if (count < 1 || !take(self, types, (size_t)count) || !memchr(types, 1, (size_t)count))
        return false;
    if (write(self->fd, "\1", 1) != 1 || take_number(self, 4) != 0 || write(self->fd, "\1", 1) != 1)
        return false;
    self->width = (int)take_number(self, 2);
    self->height = (int)take_number(self, 2);
    if (self->width < 1 || self->height < 1 || !take(self, name, 16) || name[0] != 32 || name[1] != 24)
        return false;
    if (!skip(self, take_number(self, 4)))
        return false;
    uint8_t encodings[8] = {2, 0, 0, 1, 0, 0, 0, (uint8_t)encoding};
    return write(self->fd, encodings, sizeof encodings) == sizeof encodings && ask(self, false);
}

static int connect_loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

bool rfb_client_open(struct rfb_client *self, int port, int encoding)
{
    *self = (struct rfb_client){.fd = connect_loopback(port)};
    if (self->fd >= 0 && greet(self, encoding))
        self->awaited = calloc((size_t)self->width, (size_t)self->height);
    if (!self->awaited) {
        fprintf(stderr, "the VNC server on port %d does not speak RFB 3.8 without security\n", port);
        rfb_client_close(self);
        return false;
    }
    self->bytes = 0;
    return true;
}

void rfb_client_close(struct rfb_client *self)
{
    if (self->fd >= 0)
        close(self->fd);
    free(self->awaited);
    *self = (struct rfb_client){.fd = -1};
}
