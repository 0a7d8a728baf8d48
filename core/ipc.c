#include "core/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/clock.h"
#include "core/ipc_internal.h"

#define MESSAGES_A_TURN 16 /* so that a busy peer leaves time for the others */

/* What the io waits for follows the queue. */
static void update_events(struct ipc *self)
{
    bool wanted = self->unsent.first != NULL;

    if (!self->io || wanted == self->wants_out)
        return;
    self->wants_out = wanted;
    loop_io_set_events(self->io, EPOLLIN | (wanted ? EPOLLOUT : 0));
}

/* False when the listener destroyed us. */
static bool deliver(struct ipc *self, struct ipc_message *message)
{
    bool destroyed = false;
    bool *outer = self->destroyed;

    self->destroyed = &destroyed;
    self->listener->message(self->data, message);
    ipc_close_fds(message->fds, message->n_fds);
    if (destroyed) {
        if (outer)
            *outer = true;
        return false;
    }
    self->destroyed = outer;
    return true;
}

static bool deliver_held(struct ipc *self)
{
    struct ipc_held *held;

    while ((held = ipc_queue_take(&self->unread))) {
        struct ipc_message message;
        int r = ipc_parse(held->bytes, held->size, &message);
        assert(r == 0 && message.n_fds == held->n_fds);
        (void)r;
        memcpy(message.fds, held->fds, sizeof(int) * held->n_fds);
        bool alive = deliver(self, &message);
        ipc_held_free(held);
        if (!alive)
            return false;
    }
    return true;
}

static void tell_closed(struct ipc *self)
{
    if (self->closed_told)
        return;
    self->closed_told = true;
    self->io = loop_io_remove(self->io);
    ipc_queue_clear(&self->unsent);
    if (self->listener && self->listener->closed)
        self->listener->closed(self->data, self->error == 1 ? 0 : self->error);
}

static void on_later(void *data)
{
    struct ipc *self = data;

    if (deliver_held(self) && self->error)
        tell_closed(self);
}

/* A datagram on the stack, of which nothing stays there. */
static void wipe(uint8_t (*room)[IPC_DATAGRAM])
{
    explicit_bzero(*room, sizeof(*room));
}

static void on_ready(void *data, attr_unused int fd, attr_unused uint32_t events)
{
    struct ipc *self = data;
    attr_cleanup(wipe) uint8_t room[IPC_DATAGRAM];
    struct ipc_message message;

    if (!deliver_held(self))
        return;
    /* A send that fails is no reason to lose what the other side had said before: receiving finds its end. */
    if (ipc_flush(self) < 0)
        ipc_queue_clear(&self->unsent);
    update_events(self);

    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        int r = ipc_receive(self, room, &message);
        if (r == -EAGAIN)
            return;
        if (r > 0) {
            tell_closed(self);
            return;
        }
        if (!deliver(self, &message) || self->closed_told)
            return;
        if (self->unread.first && !deliver_held(self)) /* the listener made an ipc_call */
            return;
    }
}

int ipc_create(struct loop *loop, int fd, const struct ipc_listener *listener, void *data, struct ipc **ret)
{
    assert(!loop || (listener && listener->message));

    struct ipc *self = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    *self = (struct ipc){.fd = fd, .listener = listener, .data = data};
    ipc_queue_init(&self->unsent);
    ipc_queue_init(&self->unread);
    if (loop) {
        int r = loop_timer_add(loop, on_later, self, &self->later);
        if (r >= 0)
            r = loop_io_add(loop, fd, EPOLLIN, on_ready, self, &self->io);
        if (r < 0) {
            loop_timer_remove(self->later);
            free(self);
            return r;
        }
    }
    *ret = self;
    return 0;
}

struct ipc *ipc_destroy(struct ipc *self)
{
    if (!self)
        return NULL;
    if (self->destroyed)
        *self->destroyed = true;
    loop_io_remove(self->io);
    loop_timer_remove(self->later);
    ipc_queue_clear(&self->unsent);
    ipc_queue_clear(&self->unread);
    close(self->fd);
    free(self);
    return NULL;
}

static int duplicate(const int *fds, unsigned n, int *ret_fds)
{
    for (unsigned i = 0; i < n; i++) {
        ret_fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        if (ret_fds[i] < 0) {
            int r = -errno;
            ipc_close_fds(ret_fds, i);
            return r;
        }
    }
    return 0;
}

void ipc_let_wait(struct ipc *self, unsigned messages, size_t bytes)
{
    self->unsent.most = messages;
    self->unsent.most_bytes = bytes;
}

int ipc_send(struct ipc *self, uint16_t type, uint32_t serial, const void *body, size_t size, const int *fds,
             unsigned n_fds)
{
    attr_cleanup(wipe) uint8_t bytes[IPC_DATAGRAM];
    struct wire_writer w = wire_writer_init(bytes, sizeof(bytes));
    int copies[IPC_MAX_FDS];

    if (size > IPC_MAX_BODY || n_fds > IPC_MAX_FDS)
        return -EMSGSIZE;
    if (self->error)
        return -ECONNRESET;
    wire_write_le32(&w, IPC_MAGIC);
    wire_write_le16(&w, IPC_VERSION);
    wire_write_le16(&w, type);
    wire_write_le32(&w, serial);
    wire_write_le16(&w, (uint16_t)size);
    wire_write_le16(&w, (uint16_t)n_fds);
    wire_write_bytes(&w, body, size);

    int r = duplicate(fds, n_fds, copies);
    if (r < 0)
        return r;
    r = ipc_queue_add(&self->unsent, bytes, wire_written(&w), copies, n_fds);
    if (r < 0) {
        ipc_close_fds(copies, n_fds);
        return r;
    }
    r = ipc_flush(self);
    if (r < 0)
        ipc_queue_clear(&self->unsent);
    update_events(self);
    return r;
}

/* Waits until the socket may have moved. 0, -ETIMEDOUT or -errno. */
static int wait_for_socket(struct ipc *self, uint64_t deadline_us)
{
    uint64_t now = clock_now_us();
    struct pollfd poll_fd = {.fd = self->fd, .events = POLLIN};

    if (now >= deadline_us)
        return -ETIMEDOUT;
    if (self->unsent.first)
        poll_fd.events |= POLLOUT;
    int r = poll(&poll_fd, 1, (int)MIN((deadline_us - now) / 1000 + 1, 60000));
    return r < 0 && errno != EINTR ? -errno : 0;
}

/* Reads until the answer is there; other messages are kept for the listener. *ret_answer lies in room. */
static int wait_for_answer(struct ipc *self, uint32_t serial, uint64_t deadline_us, uint8_t room[IPC_DATAGRAM],
                           struct ipc_message *ret_answer)
{
    for (;;) {
        struct ipc_message message;
        int r = ipc_receive(self, room, &message);
        if (r > 0)
            return self->error == -EPROTO ? -EPROTO : -ECONNRESET;
        if (r == 0 && message.serial == serial) {
            *ret_answer = message;
            return 0;
        }
        if (r == 0) {
            r = ipc_queue_add(&self->unread, room, IPC_HEADER_SIZE + message.body_size, message.fds, message.n_fds);
            ipc_close_fds(message.fds, message.n_fds);
            if (r < 0) {
                self->error = r;
                return r;
            }
            continue;
        }
        if (ipc_flush(self) < 0)
            ipc_queue_clear(&self->unsent);
        r = wait_for_socket(self, deadline_us);
        if (r < 0)
            return r;
    }
}

int ipc_call(struct ipc *self, uint16_t type, const void *body, size_t size, int timeout_ms, uint16_t *ret_type,
             void *answer, size_t answer_size, size_t *ret_size)
{
    attr_cleanup(wipe) uint8_t room[IPC_DATAGRAM];
    struct ipc_message message;
    uint32_t serial = IPC_CALL_SERIAL | ++self->last_call;
    uint64_t deadline = clock_now_us() + (uint64_t)MAX(timeout_ms, 0) * 1000;

    int r = ipc_send(self, type, serial, body, size, NULL, 0);
    if (r == -EPIPE)
        r = -ECONNRESET;
    if (r >= 0)
        r = wait_for_answer(self, serial, deadline, room, &message);
    update_events(self);
    if (self->later && (self->unread.first || self->error))
        loop_timer_arm_in(self->later, 0);
    else if (!self->later)
        ipc_queue_clear(&self->unread); /* nobody will ask for them */
    if (r < 0)
        return r;

    ipc_close_fds(message.fds, message.n_fds);
    *ret_type = message.type;
    *ret_size = message.body_size;
    if (message.body_size > 0)
        memcpy(answer, message.body, MIN(message.body_size, answer_size));
    return message.body_size > answer_size ? -EMSGSIZE : 0;
}
