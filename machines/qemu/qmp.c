#include "machines/qemu/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/attrs.h"
#include "core/log.h"
#include "core/near.h"
#include "core/text.h"
#include "machines/qemu/qmp_stream.h"

#define RETRY_MIN_US 100000
#define RETRY_MAX_US 5000000

enum state { WAITING, GREETING, NEGOTIATING, READY };

struct command {
    struct command *next;
    char *line;
    size_t size, sent;
    int fd;
    uint64_t id;
    qmp_done_fn *done;
    void *data;
};

struct qmp {
    struct loop *loop;
    struct sockaddr_un address;
    struct qmp_listener listener;
    void *data;

    enum state state;
    int fd;
    struct loop_io *io;
    struct loop_timer *retry, *timeout;
    uint64_t retry_us;
    struct qmp_stream stream;

    struct command *first, **last; /* the first one is on the wire */
    unsigned queued;
    uint64_t next_id;
    char told[256]; /* the last loss that was told, "" once ready again */
    bool dispatching;
};

static struct command *command_free(struct command *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->line);
    free(c);
    return NULL;
}

static struct command *queue_pop(struct qmp *self)
{
    struct command *c = self->first;
    if (!c)
        return NULL;
    self->first = c->next;
    if (!self->first)
        self->last = &self->first;
    self->queued--;
    return c;
}

static void finish(struct command *c, int error, const json_t *answer, const char *why)
{
    if (c->done)
        c->done(c->data, error, answer, why);
    command_free(c);
}

/* Commands that a done adds while we end the old ones are refused, because the state is WAITING by then. */
static void fail_all(struct qmp *self, int error, const char *why)
{
    struct command *c;
    while ((c = queue_pop(self)))
        finish(c, error, NULL, why);
}

static void hang_up(struct qmp *self)
{
    self->io = loop_io_remove(self->io);
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
    self->state = WAITING;
    loop_timer_disarm(self->timeout);
    qmp_stream_finish(&self->stream);
}

static void lose(struct qmp *self, const char *why)
{
    hang_up(self);
    loop_timer_arm_in(self->retry, self->retry_us);
    self->retry_us = MIN(2 * self->retry_us, (uint64_t)RETRY_MAX_US);
    fail_all(self, -ENOTCONN, why);
    if (strcmp(self->told, why)) {
        snprintf(self->told, sizeof self->told, "%s", why);
        self->listener.lost(self->data, self->told);
    }
}

void qmp_drop(struct qmp *self, const char *why)
{
    if (self->state == WAITING)
        return;
    log_warn("qemu", "%s: %s", self->address.sun_path, why);
    lose(self, why);
}

static void on_timeout(void *data)
{
    qmp_drop(data, "QEMU's monitor did not answer in time");
}

/* ---- sending ---- */

static ssize_t send_piece(struct qmp *self, struct command *c)
{
    struct iovec io = {.iov_base = c->line + c->sent, .iov_len = c->size - c->sent};
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
    if (c->fd >= 0) {
        m.msg_control = &control;
        m.msg_controllen = sizeof control;
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_len = CMSG_LEN(sizeof(int));
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        memcpy(CMSG_DATA(h), &c->fd, sizeof c->fd);
    }
    return sendmsg(self->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Writes what the socket takes of the command whose turn it is. */
static void flush(struct qmp *self)
{
    struct command *c = self->first;
    while (c && c->sent < c->size) {
        ssize_t n = send_piece(self, c);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            loop_io_set_events(self->io, EPOLLIN | EPOLLOUT);
            return;
        }
        if (n < 0)
            return; /* the reading side will find the same and say it */
        if (c->fd >= 0) {
            close(c->fd);
            c->fd = -1;
        }
        c->sent += (size_t)n;
    }
    loop_io_set_events(self->io, EPOLLIN);
}

static void begin_first(struct qmp *self)
{
    if (!self->first) {
        loop_timer_disarm(self->timeout);
        return;
    }
    loop_timer_arm_in(self->timeout, QMP_TIMEOUT_MS * 1000ull);
    flush(self);
}

/* The line of one command, or NULL. Takes arguments. */
static char *print_command(const char *command, json_t *arguments, uint64_t id, size_t *ret_size)
{
    json_t *root = json_pack("{s:s, s:I}", "execute", command, "id", (json_int_t)id);
    if (!root || (arguments && json_object_set_new(root, "arguments", arguments) < 0)) {
        if (!root)
            json_decref(arguments);
        json_decref(root);
        return NULL;
    }
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    size_t n = text ? strlen(text) : 0;
    char *line = text ? realloc(text, n + 2) : NULL;
    if (!line) {
        free(text);
        return NULL;
    }
    line[n] = '\n';
    *ret_size = n + 1;
    return line;
}

static int enqueue(struct qmp *self, const char *command, json_t *arguments, int fd, qmp_done_fn *done, void *data)
{
    struct command *c = calloc(1, sizeof *c);
    if (!c) {
        json_decref(arguments);
        return -ENOMEM;
    }
    c->id = ++self->next_id;
    c->fd = -1;
    c->line = print_command(command, arguments, c->id, &c->size);
    if (c->line && fd >= 0)
        c->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (!c->line || (fd >= 0 && c->fd < 0)) {
        command_free(c);
        return -ENOMEM;
    }
    c->done = done;
    c->data = data;
    *self->last = c;
    self->last = &c->next;
    if (self->queued++ == 0)
        begin_first(self);
    return 0;
}

int qmp_call(struct qmp *self, const char *command, json_t *arguments, int fd, qmp_done_fn *done, void *data)
{
    if (self->state != READY || self->queued >= QMP_QUEUE_MAX) {
        json_decref(arguments);
        return self->state != READY ? -ENOTCONN : -ENOBUFS;
    }
    return enqueue(self, command, arguments, fd, done, data);
}

/* ---- receiving ---- */

static void on_capabilities(void *data, int error, const json_t *answer, const char *why)
{
    struct qmp *self = data;
    (void)answer;
    (void)why;
    if (error)
        return; /* a refusal is dealt with by take_answer, a loss has been told */
    self->state = READY;
    self->retry_us = RETRY_MIN_US;
    self->told[0] = '\0';
    self->listener.ready(self->data);
}

static const char *take_answer(struct qmp *self, const struct qmp_message *m)
{
    struct command *c = self->first;
    if (!c || c->sent < c->size || m->id != c->id)
        return "QEMU's monitor answered what nobody asked";
    if (self->state == NEGOTIATING && m->kind == QMP_ERROR)
        return "QEMU's monitor refused to agree on capabilities";
    queue_pop(self);
    begin_first(self);
    if (m->kind == QMP_RETURN)
        finish(c, 0, m->body, NULL);
    else
        finish(c, -EREMOTEIO, NULL, m->text);
    return NULL;
}

static const char *take_message(struct qmp *self, const struct qmp_message *m)
{
    switch (m->kind) {
    case QMP_GREETING:
        if (self->state != GREETING)
            return "QEMU's monitor greeted twice";
        self->state = NEGOTIATING;
        return enqueue(self, "qmp_capabilities", NULL, -1, on_capabilities, self) < 0 ? "out of memory" : NULL;
    case QMP_EVENT:
        if (self->state == READY)
            self->listener.event(self->data, m->text, m->body);
        return NULL;
    default:
        return take_answer(self, m);
    }
}

static bool on_message(void *data, const struct qmp_message *m)
{
    struct qmp *self = data;
    const char *wrong = take_message(self, m);
    /* a callback may have dropped the connection; the stream is finished then */
    if (wrong)
        qmp_drop(self, wrong);
    return self->state != WAITING;
}

static void read_some(struct qmp *self)
{
    char bytes[16384];
    ssize_t n = recv(self->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        lose(self,
             n == 0 ? "QEMU closed its monitor: the process has ended" : "the connection to QEMU's monitor broke");
        return;
    }
    /* The stream moves to the stack, so that a drop inside a callback cannot free the line being read. */
    struct qmp_stream stream = self->stream;
    self->stream = (struct qmp_stream){0};
    const char *why = "out of memory";
    self->dispatching = true;
    int r = qmp_stream_feed(&stream, bytes, (size_t)n, on_message, self, &why);
    self->dispatching = false;
    if (r == 0 && self->state != WAITING) {
        self->stream = stream;
        return;
    }
    qmp_stream_finish(&stream);
    if (r != -ECANCELED) {
        char text[128];
        snprintf(text, sizeof text, "QEMU's monitor sent %s", why);
        qmp_drop(self, text);
    }
}

static void on_io(void *data, int fd, uint32_t events)
{
    struct qmp *self = data;
    (void)fd;
    if (events & EPOLLOUT)
        flush(self);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_some(self);
}

/* ---- connecting ---- */

static void on_retry(void *data)
{
    struct qmp *self = data;
    char why[256];
    self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* a unix socket connects at once, or its queue is full (EAGAIN): then it is retried like any other refusal */
    int r = self->fd < 0 ? -errno : connect_near(self->fd, self->address.sun_path);
    r = r ? r : loop_io_add(self->loop, self->fd, EPOLLIN, on_io, self, &self->io);
    if (r < 0) {
        snprintf(why, sizeof why, "QEMU's monitor socket %s is not there: %s", self->address.sun_path, strerror(-r));
        lose(self, why);
        return;
    }
    self->state = GREETING;
    qmp_stream_init(&self->stream);
    loop_timer_arm_in(self->timeout, QMP_TIMEOUT_MS * 1000ull);
}

void qmp_retry_now(struct qmp *self)
{
    self->told[0] = '\0'; /* whoever asks has forgotten the last loss, and must hear of the next one like it */
    if (self->state != WAITING)
        return;
    self->retry_us = RETRY_MIN_US;
    loop_timer_arm_in(self->retry, 0);
}

bool qmp_is_ready(const struct qmp *self)
{
    return self->state == READY;
}

int qmp_create(struct loop *loop, const char *path, const struct qmp_listener *listener, void *data, struct qmp **ret)
{
    if (strlen(path) >= sizeof(struct sockaddr_un){0}.sun_path)
        return -ENAMETOOLONG;
    struct qmp *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct qmp){.loop = loop, .listener = *listener, .data = data, .fd = -1, .retry_us = RETRY_MIN_US};
    self->last = &self->first;
    self->address.sun_family = AF_UNIX;
    text_copy(self->address.sun_path, sizeof self->address.sun_path, path);
    int r = loop_timer_add(loop, on_retry, self, &self->retry);
    if (r == 0)
        r = loop_timer_add(loop, on_timeout, self, &self->timeout);
    if (r < 0) {
        loop_timer_remove(self->retry);
        free(self);
        return r;
    }
    loop_timer_arm_in(self->retry, 0);
    *ret = self;
    return 0;
}

struct qmp *qmp_destroy(struct qmp *self)
{
    if (!self)
        return NULL;
    assert(!self->dispatching);
    hang_up(self);
    fail_all(self, -ECANCELED, "the machine is going away");
    loop_timer_remove(self->retry);
    loop_timer_remove(self->timeout);
    free(self);
    return NULL;
}
