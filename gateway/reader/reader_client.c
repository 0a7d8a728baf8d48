#include "gateway/reader/reader_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/log.h"

#define MOST_WAITING 4
#define COMES_US 5000000                       /* the reader's start */
#define ANSWERS_US (READER_LIMIT_US + 5000000) /* it gives up by itself before */

struct question {
    struct reader_ask ask;
    int picture;
    reader_done_fn *done;
    void *data;
};

/* The first question is the one under way, if `serial` is not 0. */
struct reader_client {
    struct loop *loop;
    const struct reader_client_owner *owner;
    void *data;
    struct ipc *channel;
    struct loop_timer *patience;
    struct question waiting[MOST_WAITING];
    unsigned n;
    uint32_t serial, last_serial;
};

static void go_on(struct reader_client *self);

static void finish_first(struct reader_client *self, int error, const char *text)
{
    struct question first = self->waiting[0];
    self->n--;
    memmove(self->waiting, self->waiting + 1, self->n * sizeof first);
    self->serial = 0;
    loop_timer_disarm(self->patience);
    close(first.picture);
    first.done(first.data, error, text);
}

static void send_first(struct reader_client *self)
{
    uint8_t room[64];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    reader_write_ask(&w, &self->waiting[0].ask);
    self->last_serial = (self->last_serial + 1) & 0xffffff;
    self->serial = self->last_serial + 1;
    int r = ipc_send(self->channel, READER_ASK, self->serial, room, wire_written(&w), &self->waiting[0].picture, 1);
    loop_timer_arm_in(self->patience, ANSWERS_US);
    if (r < 0)
        finish_first(self, -EIO, "The picture could not be given to the process that reads it.");
}

static void go_on(struct reader_client *self)
{
    while (self->n && !self->serial) {
        if (self->channel) {
            send_first(self);
            continue;
        }
        int r = self->owner->want(self->data);
        loop_timer_arm_in(self->patience, COMES_US);
        if (r == 0)
            return;
        finish_first(self, -EIO, "The process that recognises text cannot be asked for.");
    }
}

static void on_patience(void *data)
{
    struct reader_client *self = data;
    bool asked = self->serial != 0;
    self->channel = ipc_destroy(self->channel); /* the next question gets a new one */
    if (self->n)
        finish_first(self, asked ? -ETIMEDOUT : -EIO,
                     asked ? "Recognising took too long; choose a smaller region."
                           : "The process that recognises text did not start; the log says why.");
    go_on(self);
}

static void on_message(void *data, struct ipc_message *message)
{
    static struct reader_answer answer;
    struct reader_client *self = data;
    if (message->type != READER_ANSWER || !self->serial || message->serial != self->serial)
        return; /* of a question that nobody waits for any more */
    if (reader_read_answer(message->body, message->body_size, &answer))
        finish_first(self, answer.error, answer.text);
    else
        finish_first(self, -EIO, "The process that recognises text gave an answer that makes no sense.");
    go_on(self);
}

static void on_closed(void *data, int error)
{
    struct reader_client *self = data;
    (void)error;
    self->channel = ipc_destroy(self->channel);
    if (self->serial)
        finish_first(self, -EIO, "The process that recognises text ended while it was at this picture.");
    go_on(self);
}

int reader_client_create(struct loop *loop, const struct reader_client_owner *owner, void *data,
                         struct reader_client **ret)
{
    _cleanup_free_ struct reader_client *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct reader_client){.loop = loop, .owner = owner, .data = data};
    int r = loop_timer_add(loop, on_patience, self, &self->patience);
    if (r == 0)
        *ret = take(self);
    return r;
}

struct reader_client *reader_client_destroy(struct reader_client *self)
{
    if (!self)
        return NULL;
    self->channel = ipc_destroy(self->channel);
    while (self->n)
        finish_first(self, -ECANCELED, "The gateway is ending.");
    loop_timer_remove(self->patience);
    free(self);
    return NULL;
}

int reader_client_connect(struct reader_client *self, int fd)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    bool interrupted = self->serial != 0;
    self->channel = ipc_destroy(self->channel);
    int r = ipc_create(self->loop, fd, &listener, self, &self->channel);
    if (interrupted)
        finish_first(self, -EIO, "The process that recognises text was started anew; try again.");
    go_on(self);
    return r;
}

void reader_client_ask(struct reader_client *self, const struct reader_ask *ask, int picture, reader_done_fn *done,
                       void *data)
{
    int copy = self && self->n < MOST_WAITING ? fcntl(picture, F_DUPFD_CLOEXEC, 3) : -1;
    if (copy < 0) {
        done(data, -EBUSY, "Other pictures are being read; try again.");
        return;
    }
    self->waiting[self->n++] = (struct question){.ask = *ask, .picture = copy, .done = done, .data = data};
    if (self->n == 1)
        go_on(self);
}
