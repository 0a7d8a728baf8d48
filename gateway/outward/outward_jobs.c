#include "gateway/outward/outward_jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/text.h"
#include "media/nbd_server.h"

#define EXPORT "medium" /* each job has a server of its own, so that none takes the others' connections */

struct job {
    struct job *next;
    struct outward_jobs *jobs;
    uint8_t token[OUTWARD_TOKEN_SIZE];
    struct remote *remote;     /* being opened */
    struct nbd_server *server; /* open */
    struct remote_info info;
    uint8_t link; /* enum outward_link */
    char why[256];
    bool adopted;    /* by the gateway that is there */
    uint32_t serial; /* of the question that waits for the opening; 0: none */
    int fd;          /* the socket that came with it; -1 */
};

struct outward_jobs {
    struct loop *loop;
    const struct remote_settings *settings;
    void (*lost)(void *data);
    void *data;
    struct ipc *gateway; /* NULL: none */
    struct loop_timer *keep;
    uint64_t keep_us;
    struct job *jobs;
    unsigned n;
};

static struct job *find(struct outward_jobs *self, const uint8_t token[OUTWARD_TOKEN_SIZE])
{
    for (struct job *job = self->jobs; job; job = job->next)
        if (memcmp(job->token, token, OUTWARD_TOKEN_SIZE) == 0)
            return job;
    return NULL;
}

static void remove_job(struct job *job)
{
    struct outward_jobs *self = job->jobs;
    struct job **at = &self->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    self->n--;
    if (job->remote)
        remote_cancel(job->remote);
    nbd_server_destroy(job->server);
    if (job->fd >= 0)
        close(job->fd);
    free(job);
}

/* --- to the gateway --- */

static void tell(struct outward_jobs *self, uint16_t type, uint32_t serial, const struct wire_writer *w)
{
    if (!self->gateway)
        return;
    int r = w->full ? -EMSGSIZE : ipc_send(self->gateway, type, serial, w->start, wire_written(w), NULL, 0);
    if (r < 0)
        log_error("outward", "message %u to the gateway is lost: %s", type, strerror(-r));
}

static void answer(struct outward_jobs *self, uint32_t serial, int error, const char *why,
                   const struct remote_info *info)
{
    struct outward_opened opened = {.error = error};
    uint8_t room[2048];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (error == 0) {
        opened.size = info->size;
        opened.read_only = info->read_only;
        text_copy(opened.name, sizeof opened.name, info->name);
        text_copy(opened.validator, sizeof opened.validator, info->validator);
    } else if (!text_copy(opened.why, sizeof opened.why, why)) {
        text_copy(opened.why, sizeof opened.why, "It failed, for a reason that is too long to tell.");
    }
    outward_write_opened(&w, &opened);
    tell(self, OUTWARD_OPENED, serial, &w);
}

static void tell_state(struct job *job)
{
    struct outward_state state = {.link = job->link};
    uint8_t room[512];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    memcpy(state.token, job->token, sizeof state.token);
    text_copy(state.why, sizeof state.why, job->why);
    outward_write_state(&w, &state);
    tell(job->jobs, OUTWARD_STATE, 0, &w);
}

/* --- a job --- */

static bool nobody(void *data, pid_t pid, uid_t uid, const char *export)
{
    (void)data, (void)pid, (void)uid, (void)export;
    return false; /* there is no door to knock at: sockets are handed over */
}

static const struct nbd_server_host nbd_host = {.admit = nobody};

/* Takes fd. */
static int serve(struct job *job, int fd)
{
    int r = nbd_server_serve(job->server, EXPORT, fd, NULL);
    if (r < 0)
        close(fd);
    return r;
}

static void on_opened(void *data, int error, const char *why, const struct remote_info *info, struct source *source)
{
    struct job *job = data;
    struct outward_jobs *self = job->jobs;
    uint32_t serial = job->serial;
    job->remote = NULL;
    job->serial = 0;
    if (error == 0) {
        error = nbd_server_create(self->loop, &nbd_host, job, &job->server);
        error = error ? error : nbd_server_add(job->server, EXPORT, source);
        if (error < 0)
            source_close(source);
        else if (job->fd >= 0)
            error = serve(job, take_fd(&job->fd));
        why = "There is no memory for another medium.";
    }
    if (serial)
        answer(self, serial, error, why, info);
    if (error == 0)
        job->info = *info;
    else
        remove_job(job);
}

static void on_link(void *data, enum remote_link link, const char *why)
{
    static const uint8_t links[] = {
        [REMOTE_GOOD] = OUTWARD_GOOD, [REMOTE_AWAY] = OUTWARD_AWAY, [REMOTE_CHANGED] = OUTWARD_CHANGED};
    struct job *job = data;
    job->link = links[link];
    text_copy(job->why, sizeof job->why, why);
    tell_state(job);
}

static const struct remote_listener remote_listener = {.opened = on_opened, .link = on_link};

static int take_message_fd(struct ipc_message *message)
{
    return message->n_fds > 0 ? take_fd(&message->fds[0]) : -1;
}

static int make_job(struct outward_jobs *self, const struct outward_open *open, struct job **ret, char *why,
                    size_t why_size)
{
    struct remote_spec spec = {
        .url = open->url, .user = open->user, .secret = open->secret, .ca = open->ca, .writable = open->writable};
    text_copy(why, why_size, "There is no room for another medium of other machines.");
    if (self->n == OUTWARD_MAX_JOBS)
        return -EBUSY;
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return -ENOMEM;
    *job = (struct job){.jobs = self, .adopted = true, .fd = -1, .next = self->jobs};
    memcpy(job->token, open->token, sizeof job->token);
    self->jobs = job;
    self->n++;
    int r = remote_open(self->loop, self->settings, &spec, &remote_listener, job, &job->remote, why, why_size);
    if (r < 0) {
        job->remote = NULL;
        remove_job(job);
        return r;
    }
    *ret = job;
    return 0;
}

static bool do_open(struct outward_jobs *self, struct ipc_message *message)
{
    static struct outward_open open;
    char why[256];
    struct job *job;
    if (!outward_read_open(message->body, message->body_size, &open) || message->n_fds != 1)
        return false;
    struct job *before = find(self, open.token);
    if (before)
        remove_job(before);
    int r = make_job(self, &open, &job, why, sizeof why);
    explicit_bzero(&open, sizeof open);
    if (r < 0) {
        answer(self, message->serial, r, why, NULL);
        return true;
    }
    job->fd = take_message_fd(message);
    job->serial = message->serial;
    return true;
}

static bool do_adopt(struct outward_jobs *self, struct ipc_message *message)
{
    uint8_t token[OUTWARD_TOKEN_SIZE];
    if (!outward_read_token(message->body, message->body_size, token) || message->n_fds != 1)
        return false;
    struct job *job = find(self, token);
    if (!job) {
        answer(self, message->serial, -ENOENT, "This medium is not known any more.", NULL);
        return true;
    }
    job->adopted = true;
    if (job->remote) { /* who asked first is gone */
        if (job->fd >= 0)
            close(job->fd);
        job->fd = take_message_fd(message);
        job->serial = message->serial;
        return true;
    }
    int r = serve(job, take_message_fd(message));
    answer(self, message->serial, r, "There are too many connections to it.", &job->info);
    if (r == 0 && job->link != OUTWARD_GOOD)
        tell_state(job);
    return true;
}

static bool do_close(struct outward_jobs *self, const struct ipc_message *message)
{
    uint8_t token[OUTWARD_TOKEN_SIZE];
    if (!outward_read_token(message->body, message->body_size, token))
        return false;
    struct job *job = find(self, token);
    if (job)
        remove_job(job);
    return true;
}

/* --- the gateway --- */

static void gateway_gone(struct outward_jobs *self)
{
    self->gateway = ipc_destroy(self->gateway);
    for (struct job *job = self->jobs; job; job = job->next) {
        job->adopted = false;
        job->serial = 0;
    }
    loop_timer_arm_in(self->keep, self->keep_us);
}

static void on_kept(void *data)
{
    struct outward_jobs *self = data;
    for (struct job *job = self->jobs, *next; job; job = next) {
        next = job->next;
        if (!job->adopted)
            remove_job(job);
    }
}

static void on_message(void *data, struct ipc_message *message)
{
    struct outward_jobs *self = data;
    bool good = false;
    if (message->type == OUTWARD_OPEN)
        good = do_open(self, message);
    else if (message->type == OUTWARD_ADOPT)
        good = do_adopt(self, message);
    else if (message->type == OUTWARD_CLOSE)
        good = do_close(self, message);
    if (!good)
        log_error("outward", "message %u of the gateway makes no sense", message->type);
}

static void on_closed(void *data, int error)
{
    struct outward_jobs *self = data;
    if (error < 0)
        log_warn("outward", "the gateway's channel broke: %s", strerror(-error));
    gateway_gone(self);
    if (self->lost)
        self->lost(self->data);
}

int outward_jobs_create(struct loop *loop, const struct remote_settings *settings, uint64_t keep_us,
                        void (*lost)(void *data), void *data, struct outward_jobs **ret)
{
    struct outward_jobs *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct outward_jobs){.loop = loop, .settings = settings, .keep_us = keep_us, .lost = lost, .data = data};
    int r = loop_timer_add(loop, on_kept, self, &self->keep);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

int outward_jobs_connect(struct outward_jobs *self, int fd)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    if (self->gateway)
        gateway_gone(self);
    return ipc_create(self->loop, fd, &listener, self, &self->gateway);
}

unsigned outward_jobs_count(const struct outward_jobs *self)
{
    return self->n;
}

struct outward_jobs *outward_jobs_destroy(struct outward_jobs *self)
{
    if (!self)
        return NULL;
    ipc_destroy(self->gateway);
    while (self->jobs)
        remove_job(self->jobs);
    loop_timer_remove(self->keep);
    free(self);
    return NULL;
}
