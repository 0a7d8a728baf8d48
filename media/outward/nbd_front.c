#include "media/outward/nbd_front.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/ref.h"
#include "core/text.h"
#include "media/outward/nbd_starttls.h"
#include "media/outward/nbd_tls_client.h"

#define LANE 16384 /* a TLS record */
#define TURNS 64   /* records each way in one callback: others wait meanwhile */

enum phase { TALKING, SHAKING, RELAYING, OVER };

/* Bytes on their way in one direction; nothing is taken before all of them have left. */
struct lane {
    size_t at, end;
    uint8_t bytes[LANE];
};

struct nbd_front {
    struct ref ref; /* the owner's, and one for each callback of the loop's */
    const struct nbd_front_owner *owner;
    void *data;
    enum phase phase;
    bool closing;
    int fd, plain;
    struct loop *loop;
    struct loop_io *io, *plain_io;
    struct loop_timer *timer; /* until it relays: the longest that may take; then: another turn */
    SSL *ssl;
    struct nbd_starttls start;
    uint32_t read_events, write_events; /* what TLS waits for on the socket */
    size_t flags;                       /* bytes of the client's flags that came: they were sent before */
    struct lane up, down;
    char host[256];
};

static void unref(struct nbd_front *self)
{
    if (ref_put(&self->ref))
        free(self);
}

static void shut(struct nbd_front *self)
{
    self->phase = OVER;
    self->io = loop_io_remove(self->io);
    self->plain_io = loop_io_remove(self->plain_io);
    self->timer = loop_timer_remove(self->timer);
    ERR_clear_error();
    if (self->ssl && SSL_is_init_finished(self->ssl))
        SSL_shutdown(self->ssl); /* says good-bye if it can */
    ERR_clear_error();
    SSL_free(take(self->ssl));
    if (self->fd >= 0)
        close(take_fd(&self->fd));
    if (self->plain >= 0)
        close(take_fd(&self->plain));
    OPENSSL_cleanse(&self->up, sizeof self->up);
    OPENSSL_cleanse(&self->down, sizeof self->down);
}

struct nbd_front *nbd_front_destroy(struct nbd_front *self)
{
    if (!self || self->closing)
        return NULL;
    self->closing = true;
    shut(self);
    unref(self);
    return NULL;
}

static void fail(struct nbd_front *self, int error, const char *why)
{
    char words[256];
    text_copy(words, sizeof words, why);
    shut(self);
    self->owner->failed(self->data, error, words);
}

/* --- inside TLS --- */

/* What a call of OpenSSL that moved nothing waits for; 0: the connection is over. */
static uint32_t waits_for(struct nbd_front *self, int result)
{
    int error = SSL_get_error(self->ssl, result);
    return error == SSL_ERROR_WANT_READ ? EPOLLIN : error == SSL_ERROR_WANT_WRITE ? EPOLLOUT : 0;
}

static bool may_wait(int error)
{
    return error == EAGAIN || error == EINTR;
}

static bool read_tls(struct nbd_front *self)
{
    ERR_clear_error();
    int n = SSL_read(self->ssl, self->down.bytes, LANE);
    if (n <= 0) {
        self->read_events = waits_for(self, n);
        if (!self->read_events)
            shut(self);
        return false;
    }
    self->read_events = EPOLLIN;
    self->down.at = 0;
    self->down.end = (size_t)n;
    return true;
}

/* True: bytes have left. */
static bool bring_down(struct nbd_front *self)
{
    struct lane *down = &self->down;
    if (down->at == down->end && !read_tls(self))
        return false;
    ssize_t n = send(self->plain, down->bytes + down->at, down->end - down->at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && !may_wait(errno))
        shut(self);
    down->at += n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* The client says its flags; the server has them from us. Others would be another negotiation than the server's. */
static bool skip_flags(struct nbd_front *self)
{
    uint8_t said[NBD_FLAGS_SIZE];
    nbd_starttls_flags(&self->start, said);
    size_t n = MIN(NBD_FLAGS_SIZE - self->flags, self->up.end);
    bool same = memcmp(said + self->flags, self->up.bytes, n) == 0;
    self->flags += n;
    self->up.at = n;
    return same;
}

static bool read_plain(struct nbd_front *self)
{
    ssize_t n = recv(self->plain, self->up.bytes, LANE, MSG_DONTWAIT);
    if (n < 0 && may_wait(errno))
        return false;
    self->up.at = 0;
    self->up.end = n > 0 ? (size_t)n : 0;
    if (n <= 0 || (self->flags < NBD_FLAGS_SIZE && !skip_flags(self))) {
        shut(self);
        return false;
    }
    return true;
}

static bool bring_up(struct nbd_front *self)
{
    struct lane *up = &self->up;
    if (up->at == up->end && !read_plain(self))
        return false;
    if (up->at == up->end)
        return true;
    ERR_clear_error();
    int n = SSL_write(self->ssl, up->bytes + up->at, (int)(up->end - up->at));
    self->write_events = n > 0 ? EPOLLOUT : waits_for(self, n);
    if (!self->write_events)
        shut(self);
    up->at += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static void relay(struct nbd_front *self, bool broken)
{
    bool moved = true;
    unsigned turns = 0;
    for (; moved && turns < TURNS && self->phase == RELAYING; turns++) {
        moved = bring_down(self);
        if (self->phase == RELAYING)
            moved = bring_up(self) || moved;
    }
    if (self->phase != RELAYING)
        return;
    if (broken && turns == 1 && !moved) { /* or it would be reported without end */
        shut(self);
        return;
    }
    bool down = self->down.at < self->down.end, up = self->up.at < self->up.end;
    loop_io_set_events(self->io, (down ? 0 : self->read_events) | (up ? self->write_events : 0));
    loop_io_set_events(self->plain_io, (down ? EPOLLOUT : 0u) | (up ? 0 : EPOLLIN));
    if (moved)
        loop_timer_arm_in(self->timer, 0);
}

static void on_plain(void *data, int fd, uint32_t events)
{
    struct nbd_front *self = data;
    (void)fd;
    relay(self, events & (EPOLLHUP | EPOLLERR));
}

/* --- until then --- */

static void begin_relay(struct nbd_front *self)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
        fail(self, -errno, "There are no sockets for another NBD connection.");
        return;
    }
    self->plain = pair[0];
    _cleanup_close_ int theirs = pair[1];
    if (loop_io_add(self->loop, self->plain, EPOLLIN, on_plain, self, &self->plain_io) < 0) {
        fail(self, -ENOMEM, "There is no memory for another NBD connection.");
        return;
    }
    nbd_starttls_greeting(&self->start, self->down.bytes);
    self->down.end = NBD_GREETING_SIZE;
    self->phase = RELAYING;
    loop_timer_arm_in(self->timer, 0);
    self->owner->ready(self->data, take_fd(&theirs));
}

static void shake(struct nbd_front *self)
{
    ERR_clear_error();
    int r = SSL_do_handshake(self->ssl);
    if (r == 1 && SSL_get_verify_result(self->ssl) == X509_V_OK && SSL_get0_peer_certificate(self->ssl)) {
        begin_relay(self);
        return;
    }
    uint32_t events = r == 1 ? 0 : waits_for(self, r);
    if (events) {
        loop_io_set_events(self->io, events);
        return;
    }
    char why[256];
    nbd_tls_client_why(self->ssl, self->host, why, sizeof why);
    fail(self, -EACCES, why);
}

static void say(struct nbd_front *self)
{
    uint8_t words[NBD_STARTTLS_SIZE];
    nbd_starttls_words(&self->start, words);
    /* the first bytes into an empty socket */
    if (send(self->fd, words, sizeof words, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof words)
        fail(self, -ECONNRESET, "The connection to the NBD server broke.");
}

static void talk(struct nbd_front *self)
{
    while (self->phase == TALKING) {
        size_t size;
        uint8_t *room = nbd_starttls_room(&self->start, &size);
        ssize_t n = recv(self->fd, room, size, MSG_DONTWAIT);
        if (n < 0 && may_wait(errno))
            return;
        if (n <= 0) {
            fail(self, -ECONNRESET, "The NBD server closed the connection before TLS began.");
            return;
        }
        const char *why = NULL;
        int event = nbd_starttls_filled(&self->start, (size_t)n, &why);
        if (event < 0)
            fail(self, event, why);
        else if (event == NBD_STARTTLS_SAY)
            say(self);
        else if (event == NBD_STARTTLS_AGREED)
            self->phase = SHAKING;
    }
    if (self->phase == SHAKING)
        shake(self);
}

static void on_socket(void *data, int fd, uint32_t events)
{
    struct nbd_front *self = data;
    (void)fd;
    ref_get(&self->ref);
    if (self->phase == TALKING)
        talk(self);
    else if (self->phase == SHAKING)
        shake(self);
    else
        relay(self, events & (EPOLLHUP | EPOLLERR));
    unref(self);
}

static void on_timer(void *data)
{
    struct nbd_front *self = data;
    ref_get(&self->ref);
    if (self->phase == RELAYING)
        relay(self, false);
    else
        fail(self, -ETIMEDOUT, "The NBD server does not answer.");
    unref(self);
}

int nbd_front_create(struct loop *loop, int fd, const char *host, const char *ca, unsigned stall_s,
                     const struct nbd_front_owner *owner, void *data, struct nbd_front **ret, char *why,
                     size_t why_size)
{
    struct nbd_front *self = calloc(1, sizeof *self);
    text_copy(why, why_size, "There is no memory for another NBD connection.");
    if (!self)
        return -ENOMEM;
    ref_init(&self->ref);
    self->owner = owner;
    self->data = data;
    self->loop = loop;
    self->fd = self->plain = -1;
    self->read_events = EPOLLIN;
    int r = text_copy(self->host, sizeof self->host, host) ? 0 : -EINVAL;
    r = r ? r : nbd_tls_client_create(fd, host, ca, &self->ssl, why, why_size);
    r = r ? r : loop_timer_add(loop, on_timer, self, &self->timer);
    r = r ? r : loop_io_add(loop, fd, EPOLLIN, on_socket, self, &self->io);
    if (r < 0) {
        nbd_front_destroy(self);
        return r;
    }
    self->fd = fd;
    loop_timer_arm_in(self->timer, stall_s * 1000000ull);
    *ret = self;
    return 0;
}
