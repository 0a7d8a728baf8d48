#include "auth/keeper/errands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"

#define GONE "The process that reaches other machines went away."

struct errand {
    struct errand *next;
    uint32_t serial; /* 0: it was never sent */
    uint64_t deadline_us;
    errand_done_fn *done;
    void *data;
};

struct errands {
    struct loop *loop;
    struct ipc *channel; /* NULL: outward is gone */
    struct errand *first;
    unsigned n;
    uint32_t serial;
    bool ending;
    struct loop_timer *timer;
    errands_syslog_fn *syslog;
    void *syslog_data;
    struct errand_entry entry; /* being read */
};

static void arm(struct errands *self)
{
    uint64_t soonest = UINT64_MAX;
    for (const struct errand *e = self->first; e; e = e->next)
        soonest = MIN(soonest, e->deadline_us);
    if (self->first)
        loop_timer_arm_at(self->timer, soonest);
    else
        loop_timer_disarm(self->timer);
}

static void finish(struct errands *self, struct errand *errand, const struct errand_entry *entry)
{
    struct errand **at = &self->first;
    while (*at != errand)
        at = &(*at)->next;
    *at = errand->next;
    self->n--;
    errand->done(errand->data, entry);
    free(errand);
}

static void give_up(struct errands *self, struct errand *errand, const char *why)
{
    struct errand_entry *entry = &self->entry;
    *entry = (struct errand_entry){.error = -EHOSTUNREACH};
    text_copy(entry->why, sizeof entry->why, why);
    finish(self, errand, entry);
}

static void on_timer(void *data)
{
    struct errands *self = data;
    uint64_t now = clock_now_us();
    for (struct errand *e = self->first, *next; e; e = next) {
        next = e->next;
        if (e->deadline_us <= now)
            give_up(self, e,
                    e->serial ? "The directory was not asked in time."
                              : "The process that reaches other machines is not there just now.");
    }
    arm(self);
}

static struct errand *first_sent(const struct errands *self)
{
    struct errand *errand = self->first;
    while (errand && !errand->serial)
        errand = errand->next;
    return errand;
}

/* Whoever hears of it may ask again: that one waits for the timer. */
static void close_channel(struct errands *self)
{
    struct errand *errand;
    self->channel = ipc_destroy(self->channel);
    while ((errand = first_sent(self)))
        give_up(self, errand, GONE);
    arm(self);
    if (self->syslog) {
        const struct errand_syslog_state gone = {.why = GONE};
        self->syslog(self->syslog_data, &gone);
    }
}

/* ---- from outward ---- */

static bool on_entry(struct errands *self, const struct ipc_message *message)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    if (!errand_read_entry(&r, &self->entry))
        return false;
    for (struct errand *e = self->first; e; e = e->next)
        if (e->serial == message->serial && message->serial) {
            finish(self, e, &self->entry);
            arm(self);
            return true;
        }
    return message->serial != 0; /* it came too late */
}

static bool on_state(struct errands *self, const struct ipc_message *message)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    struct errand_syslog_state state;
    if (!errand_read_syslog_state(&r, &state))
        return false;
    if (self->syslog)
        self->syslog(self->syslog_data, &state);
    return true;
}

static void on_message(void *data, struct ipc_message *message)
{
    struct errands *self = data;
    bool good = message->n_fds == 0 && (message->type == ERRAND_DIRECTORY_ENTRY ? on_entry(self, message)
                                        : message->type == ERRAND_SYSLOG_STATE  ? on_state(self, message)
                                                                                : false);
    if (good)
        return;
    log_error("keeper", "outward sent a message that makes no sense (type %u, %zu bytes): its channel is closed",
              message->type, message->body_size);
    close_channel(self);
}

static void on_closed(void *data, int error)
{
    (void)error; /* the supervisor brings a new one */
    close_channel(data);
}

/* ---- to outward ---- */

static uint32_t next_serial(struct errands *self)
{
    self->serial = (self->serial + 1) & ~IPC_CALL_SERIAL;
    self->serial += self->serial == 0;
    return self->serial;
}

int errands_ask(struct errands *self, uint16_t type, const struct errand_directory *directory, const char *user,
                const char *secret, errand_done_fn *done, void *data)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (self->n >= ERRANDS_MAX || self->ending)
        return -EAGAIN;
    struct errand *errand = malloc(sizeof *errand);
    if (!errand)
        return -ENOMEM;
    errand_write_question(&w, type, directory, user, secret);
    uint32_t serial = next_serial(self);
    int r = w.full          ? -EINVAL
            : self->channel ? ipc_send(self->channel, type, serial, room, wire_written(&w), NULL, 0)
                            : 0;
    bool sent = self->channel && r == 0;
    explicit_bzero(room, sizeof room);
    if (r == -EINVAL) {
        free(errand);
        return r;
    }
    uint64_t patience_ms = MIN(directory->patience_ms + ERRANDS_GRACE_MS, ERRANDS_LONGEST_MS);
    *errand = (struct errand){.next = self->first,
                              .serial = sent ? serial : 0,
                              .deadline_us = clock_now_us() + (sent ? patience_ms * 1000 : 0),
                              .done = done,
                              .data = data};
    self->first = errand;
    self->n++;
    arm(self);
    return 0;
}

int errands_syslog(struct errands *self, const struct errand_syslog *server, const void *message, size_t size)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (!self->channel)
        return -ENOTCONN;
    errand_write_syslog(&w, server);
    wire_write_bytes(&w, message, size);
    if (w.full || size > ERRAND_MAX_SYSLOG)
        return -EINVAL;
    return ipc_send(self->channel, ERRAND_SYSLOG, 0, room, wire_written(&w), NULL, 0);
}

void errands_listen(struct errands *self, errands_syslog_fn *fn, void *data)
{
    self->syslog = fn;
    self->syslog_data = data;
}

/* ---- life ---- */

static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};

int errands_connect(struct errands *self, int fd)
{
    if (self->channel)
        close_channel(self);
    int r = ipc_create(self->loop, fd, &listener, self, &self->channel);
    if (r < 0)
        close(fd);
    return r;
}

void errands_begin_anew(struct errands *self)
{
    if (self->channel)
        close_channel(self);
}

bool errands_connected(const struct errands *self)
{
    return self->channel != NULL;
}

int errands_create(struct loop *loop, struct errands **ret)
{
    attr_cleanup(errands_destroyp) struct errands *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

struct errands *errands_destroy(struct errands *self)
{
    if (!self)
        return NULL;
    self->syslog = NULL;
    self->ending = true;
    if (self->timer)
        close_channel(self);
    while (self->first)
        give_up(self, self->first, GONE);
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}
