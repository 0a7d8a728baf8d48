#include "gateway/outward/outward_errands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/outward/directory.h"
#include "auth/outward/syslog.h"
#include "core/clock.h"
#include "core/ipc.h"
#include "core/log.h"
#include "core/text.h"

#define THREADS 4
#define JOBS_MAX 16 /* as many as a keeper may have under way */

struct outward_errands {
    struct loop *loop;
    struct ipc *keeper; /* NULL: none */
    unsigned generation;
    void (*lost)(void *data);
    void *data;
    struct worker_pool *threads;
    struct directory_memory memory;
    struct syslog_out *syslog;
    unsigned n_jobs;
};

struct job {
    struct outward_errands *errands;
    unsigned generation; /* of the channel: an answer for an older one is dropped */
    uint32_t serial;
    uint16_t type;
    uint64_t since_us;
    struct errand_question question;
    struct errand_entry entry;
};

static void close_channel(struct outward_errands *self)
{
    self->keeper = ipc_destroy(self->keeper);
    self->generation++;
}

static void lose_channel(struct outward_errands *self)
{
    close_channel(self);
    if (self->lost)
        self->lost(self->data);
}

static void answer(struct outward_errands *self, uint32_t serial, const struct errand_entry *entry)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    errand_write_entry(&w, entry);
    int r =
        w.full ? -EMSGSIZE : ipc_send(self->keeper, ERRAND_DIRECTORY_ENTRY, serial, room, wire_written(&w), NULL, 0);
    if (r < 0) {
        log_error("outward", "the keeper does not take an answer: %s", strerror(-r));
        lose_channel(self);
    }
}

/* ---- directories ---- */

static void ask(void *data)
{
    struct job *job = data;
    directory_ask(job->type, &job->question, job->since_us, &job->errands->memory, &job->entry);
    explicit_bzero(&job->question, sizeof job->question);
}

static void asked(void *data)
{
    struct job *job = data;
    struct outward_errands *self = job->errands;
    if (job->generation == self->generation && self->keeper)
        answer(self, job->serial, &job->entry);
    self->n_jobs--;
    explicit_bzero(&job->question, sizeof job->question); /* it may never have had its turn */
    free(job);
}

static void refuse(struct outward_errands *self, uint32_t serial, const char *why)
{
    static struct errand_entry entry;
    entry = (struct errand_entry){.error = -EHOSTUNREACH};
    text_copy(entry.why, sizeof entry.why, why);
    answer(self, serial, &entry);
}

static bool on_question(struct outward_errands *self, const struct ipc_message *message)
{
    struct job *job = self->n_jobs < JOBS_MAX ? calloc(1, sizeof *job) : NULL;
    if (!job) {
        refuse(self, message->serial, "Too many questions to directories are under way.");
        return true;
    }
    *job = (struct job){.errands = self,
                        .generation = self->generation,
                        .serial = message->serial,
                        .type = message->type,
                        .since_us = clock_now_us()};
    job->entry.error = -EHOSTUNREACH;
    bool good = errand_read_question(message->body, message->body_size, message->type, &job->question);
    if (good && worker_pool_submit(self->threads, ask, asked, job) == 0) {
        self->n_jobs++;
        return true;
    }
    explicit_bzero(&job->question, sizeof job->question);
    free(job);
    if (good)
        refuse(self, message->serial, "There is no memory for a question to a directory.");
    return good;
}

/* ---- the syslog server ---- */

static void on_syslog_state(void *data, const struct errand_syslog_state *state)
{
    struct outward_errands *self = data;
    uint8_t room[sizeof *state + 16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    errand_write_syslog_state(&w, state);
    if (self->keeper && ipc_send(self->keeper, ERRAND_SYSLOG_STATE, 0, room, wire_written(&w), NULL, 0) < 0)
        lose_channel(self);
}

static bool on_syslog(struct outward_errands *self, const struct ipc_message *message)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    struct errand_syslog server;
    if (!errand_read_syslog(&r, &server) || r.left == 0 || r.left > ERRAND_MAX_SYSLOG)
        return false;
    syslog_out_send(self->syslog, &server, r.at, r.left);
    return true;
}

/* ---- the channel ---- */

static void on_message(void *data, struct ipc_message *message)
{
    struct outward_errands *self = data;
    bool good = false;
    if (message->n_fds == 0 && message->serial != 0)
        good = (message->type == ERRAND_DIRECTORY_LOGIN || message->type == ERRAND_DIRECTORY_LOOK) &&
               on_question(self, message);
    else if (message->n_fds == 0 && message->type == ERRAND_SYSLOG)
        good = on_syslog(self, message);
    if (good || !self->keeper)
        return;
    log_error("outward", "the keeper sent a message that makes no sense (type %u, %zu bytes): its channel is closed",
              message->type, message->body_size);
    lose_channel(self);
}

static void on_closed(void *data, int error)
{
    (void)error;
    lose_channel(data);
}

int outward_errands_connect(struct outward_errands *self, int fd)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    close_channel(self);
    /* counts of what a channel brought begin anew with it; its keeper gives again what was not acknowledged */
    struct syslog_out *fresh = NULL;
    if (syslog_out_create(self->loop, self->threads, on_syslog_state, self, &fresh) == 0) {
        syslog_out_destroy(self->syslog);
        self->syslog = fresh;
    }
    int r = ipc_create(self->loop, fd, &listener, self, &self->keeper);
    if (r < 0)
        close(fd);
    return r;
}

int outward_errands_create(struct loop *loop, void (*lost)(void *data), void *data, struct outward_errands **ret)
{
    struct outward_errands *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct outward_errands){.loop = loop, .lost = lost, .data = data};
    int r = worker_pool_create(loop, "directory", THREADS, &self->threads);
    if (r >= 0)
        r = syslog_out_create(loop, self->threads, on_syslog_state, self, &self->syslog);
    if (r < 0) {
        worker_pool_destroy(self->threads);
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct outward_errands *outward_errands_destroy(struct outward_errands *self)
{
    if (!self)
        return NULL;
    close_channel(self);
    syslog_out_destroy(self->syslog);
    worker_pool_destroy(self->threads);
    free(self);
    return NULL;
}
