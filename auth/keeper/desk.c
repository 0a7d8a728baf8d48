#include "auth/keeper/desk.h"

#include <errno.h>
#include <string.h>

#include "auth/keeper/tls_desk.h"
#include "auth/keeper_account.h"
#include "auth/keeper_tls_wire.h"
#include "core/clock.h"
#include "core/ipc.h"
#include "core/log.h"
#include "core/worker.h"

/* What a gateway may have under way. Beyond it: "try again", and audit lines are lost. */
#define REQUESTS_MAX 64
#define AUDITS_MAX 512
#define HASHES_MAX 16
#define HASH_THREADS 2

#define TICK_US (10 * 1000000ull)
#define TICK_SOON_US (250 * 1000ull) /* after an audit line */
#define DRAIN_US (10 * 1000000ull)

struct desk {
    struct loop *loop;
    struct book *book;
    struct tls_identities *identities;
    struct ipc *channel;
    unsigned generation; /* of the channel: answers for an older one are dropped */
    struct worker_pool *store, *hashing;
    unsigned n_requests, n_audits, n_hashes;
    struct loop_timer *tick;
    bool ticking, tick_soon, audit_lost;
    bool needs_setup;
    bool audit_refuses;
    desk_setup_fn *setup;
    void *setup_data;
    unsigned n_runs;
    desk_directory_fn *directory; /* NULL: there is none */
    void *directory_data;
};

/* A request on its way. */
struct job {
    struct desk *desk;
    struct request *request;
    unsigned generation;
    enum { STAGE_BEGIN, STAGE_FINISH, STAGE_TICK, STAGE_RUN } stage;
    enum book_next next;
    bool worked; /* false: the pool ended before its turn */
    desk_work_fn *run;
    desk_ran_fn *ran;
    void *run_data;
};

static void channel_close(struct desk *self)
{
    self->channel = ipc_destroy(self->channel);
    self->generation++;
}

static void send(struct desk *self, uint16_t type, uint32_t serial, const void *body, size_t size)
{
    if (!self->channel)
        return;
    int r = ipc_send(self->channel, type, serial, body, size, NULL, 0);
    if (r < 0) {
        log_warn("keeper", "the gateway does not take its answers (%s): its channel is closed", strerror(-r));
        channel_close(self);
    }
}

static void send_setup_state(struct desk *self)
{
    uint8_t body = self->needs_setup;
    send(self, KEEPER_SETUP_STATE, 0, &body, 1);
}

static void send_audit_refuses(struct desk *self)
{
    uint8_t body = self->audit_refuses;
    send(self, KEEPER_AUDIT_REFUSING, 0, &body, 1);
}

/* ---- jobs ---- */

static void job_free(struct job *job)
{
    struct desk *self = job->desk;
    if (job->stage == STAGE_TICK)
        self->ticking = false;
    else if (job->stage == STAGE_RUN)
        self->n_runs--;
    else if (job->request->type == KEEPER_AUDIT)
        self->n_audits--;
    else
        self->n_requests--;
    keeper_request_destroy(job->request);
    free(job);
}

static void store_work(void *data)
{
    struct job *job = data;
    struct book *book = job->desk->book;
    job->next = BOOK_ANSWER;
    if (job->stage == STAGE_BEGIN)
        job->next = book_begin(book, job->request, instant_now());
    else if (job->stage == STAGE_FINISH)
        job->next = book_finish(book, job->request, instant_now());
    else if (job->stage == STAGE_RUN)
        job->run(job->run_data, book, job->request, instant_now());
    else
        book_tick(book, job->request, instant_now());
    job->worked = true;
}

static void tick_arm(struct desk *self, bool soon)
{
    if (soon && self->tick_soon)
        return;
    self->tick_soon = soon;
    loop_timer_arm_in(self->tick, soon ? TICK_SOON_US : TICK_US);
}

/* What everybody has to know, whoever caused it. */
static void tell_events(struct desk *self, const struct request *request)
{
    for (unsigned i = 0; i < request->n_ended; i++) {
        uint8_t body[8];
        struct wire_writer w = wire_writer_init(body, sizeof body);
        wire_write_le64(&w, request->ended[i]);
        send(self, KEEPER_SESSION_ENDED, 0, body, sizeof body);
    }
    for (const struct request_news *news = request->news; news; news = news->next)
        send(self, KEEPER_SESSION_CHANGED, 0, news->body, news->size);
    if (request->unsaved)
        tick_arm(self, true);
    if (request->audit_refuses != self->audit_refuses) {
        self->audit_refuses = request->audit_refuses;
        send_audit_refuses(self);
    }
    bool changed = request->needs_setup != self->needs_setup;
    self->needs_setup = request->needs_setup;
    if (changed)
        send_setup_state(self);
    if (self->setup && (changed || request->new_secret[0]))
        self->setup(self->setup_data, request->new_secret);
}

static void answer(struct job *job)
{
    struct request *request = job->request;
    if (job->generation == job->desk->generation && job->stage != STAGE_TICK && request->type != KEEPER_AUDIT)
        send(job->desk, KEEPER_ANSWER, request->serial, request->body, wire_written(&request->answer));
    job_free(job);
}

static void answer_busy(struct job *job)
{
    request_answer(job->request, -EAGAIN, 1, "Too much at once: try again.");
    answer(job);
}

static void hash_start(struct job *job);
static void directory_start(struct job *job);
static void finish_start(struct job *job);

static void store_done(void *data)
{
    struct job *job = data;
    if (job->worked && job->request->collected)
        tell_events(job->desk, job->request);
    if (job->stage == STAGE_RUN)
        job->ran(job->run_data);
    if (!job->worked || job->stage == STAGE_RUN) {
        job_free(job);
        return;
    }
    if (job->next == BOOK_HASH)
        hash_start(job);
    else if (job->next == BOOK_DIRECTORY)
        directory_start(job);
    else
        answer(job);
}

static void hash_work(void *data)
{
    struct job *job = data;
    request_hash(job->request);
    job->worked = true;
}

static void hash_done(void *data)
{
    struct job *job = data;
    struct desk *self = job->desk;
    self->n_hashes--;
    /* nobody would get the token any more: no session then */
    if (!job->worked || job->generation != self->generation) {
        job_free(job);
        return;
    }
    finish_start(job);
}

static void directory_done(void *data)
{
    struct job *job = data;
    if (job->generation != job->desk->generation)
        job_free(job);
    else
        finish_start(job);
}

/* With nobody to ask, or too many asking, the book refuses. */
static void directory_start(struct job *job)
{
    struct desk *self = job->desk;
    if (!self->directory || self->directory(self->directory_data, job->request, directory_done, job) < 0)
        finish_start(job);
}

static void finish_start(struct job *job)
{
    job->stage = STAGE_FINISH;
    job->worked = false;
    if (worker_pool_submit(job->desk->store, store_work, store_done, job) < 0)
        answer_busy(job);
}

static void hash_start(struct job *job)
{
    struct desk *self = job->desk;
    job->worked = false;
    if (self->n_hashes >= HASHES_MAX || worker_pool_submit(self->hashing, hash_work, hash_done, job) < 0) {
        job->request->hash_error = -EAGAIN; /* the book says so, and counts no try */
        finish_start(job);
        return;
    }
    self->n_hashes++;
}

static void on_tick(void *data)
{
    struct desk *self = data;
    tick_arm(self, false);
    if (self->ticking)
        return;
    struct job *job = calloc(1, sizeof *job);
    struct request *request = request_create();
    if (!job || !request) {
        free(job);
        keeper_request_destroy(request);
        return;
    }
    *job = (struct job){.desk = self, .request = request, .stage = STAGE_TICK};
    self->ticking = true;
    if (worker_pool_submit(self->store, store_work, store_done, job) < 0)
        job_free(job);
}

int desk_run(struct desk *self, desk_work_fn *work, desk_ran_fn *ran, void *data)
{
    struct job *job = calloc(1, sizeof *job);
    struct request *request = request_create();
    if (job && request) {
        *job = (struct job){
            .desk = self, .request = request, .stage = STAGE_RUN, .run = work, .ran = ran, .run_data = data};
        if (worker_pool_submit(self->store, store_work, store_done, job) == 0) {
            self->n_runs++;
            return 0;
        }
    }
    free(job);
    keeper_request_destroy(request);
    return -ENOMEM;
}

void desk_ask_directory(struct desk *self, desk_directory_fn *fn, void *data)
{
    self->directory = fn;
    self->directory_data = data;
}

/* ---- the channel ---- */

static void refuse_at_once(struct desk *self, uint32_t serial, int error)
{
    uint8_t body[16];
    struct wire_writer w = wire_writer_init(body, sizeof body);
    wire_write_le32(&w, (uint32_t)-error);
    wire_write_le32(&w, error == -EAGAIN);
    ipc_write_string(&w, "");
    send(self, KEEPER_ANSWER, serial, body, wire_written(&w));
}

static void note_audit_lost(struct desk *self)
{
    if (!self->audit_lost)
        log_error("keeper", "the gateway sends audit lines faster than they can be written: some are lost");
    self->audit_lost = true;
}

static int hand_in(struct desk *self, struct request *request)
{
    struct job *job = malloc(sizeof *job);
    if (!job)
        return -ENOMEM;
    *job = (struct job){.desk = self, .request = request, .generation = self->generation};
    if (worker_pool_submit(self->store, store_work, store_done, job) < 0) {
        free(job);
        return -ENOMEM;
    }
    if (request->type == KEEPER_AUDIT)
        self->n_audits++;
    else
        self->n_requests++;
    return 0;
}

static int on_request(struct desk *self, const struct ipc_message *message)
{
    attr_cleanup(keeper_request_destroyp) struct request *request = request_create();
    if (!request)
        return -ENOMEM;
    int r = request_parse(request, message->type, message->serial, message->body, message->body_size);
    if (r < 0)
        return r;
    if (message->type == KEEPER_AUDIT) {
        if (self->n_audits >= AUDITS_MAX) {
            note_audit_lost(self);
            return 0;
        }
        self->audit_lost = false;
        tick_arm(self, true);
    } else if (self->n_requests >= REQUESTS_MAX) {
        refuse_at_once(self, message->serial, -EAGAIN);
        return 0;
    }
    r = hand_in(self, request);
    if (r == 0)
        request = NULL; /* the job has it */
    return r;
}

static int on_tls(struct desk *self, const struct ipc_message *message)
{
    uint8_t body[IPC_MAX_BODY];
    size_t size;
    bool changed = false;
    int r = tls_desk_answer(self->identities, message, body, &size, &changed);
    if (r < 0)
        return r;
    if (changed) /* first, so that who asked finds the new one when it is answered */
        send(self, KEEPER_CERTIFICATE_CHANGED, 0, NULL, 0);
    send(self, KEEPER_ANSWER, message->serial, body, size);
    return 0;
}

void desk_certificate_changed(struct desk *self)
{
    send(self, KEEPER_CERTIFICATE_CHANGED, 0, NULL, 0);
}

static int on_media_key(struct desk *self, const struct ipc_message *message)
{
    uint8_t body[10 + KEEPER_MEDIA_KEY_SIZE];
    struct wire_writer w = wire_writer_init(body, sizeof body);
    if (message->body_size)
        return -EPROTO;
    wire_write_le64(&w, 0);
    ipc_write_string(&w, "");
    int r = book_media_key(self->book, w.at);
    if (r < 0)
        refuse_at_once(self, message->serial, r);
    else
        send(self, KEEPER_ANSWER, message->serial, body, sizeof body);
    explicit_bzero(body, sizeof body);
    return 0;
}

static void on_message(void *data, struct ipc_message *message)
{
    struct desk *self = data;
    int r;
    if (message->n_fds > 0 || (message->serial == 0 && message->type != KEEPER_AUDIT))
        r = -EPROTO;
    else if (tls_desk_takes(message->type))
        r = on_tls(self, message);
    else if (message->type == KEEPER_MEDIA_KEY)
        r = on_media_key(self, message);
    else
        r = on_request(self, message);
    if (r < 0) {
        log_error("keeper",
                  "the gateway sent a message that makes no sense (type %u, %zu bytes): its channel is closed",
                  message->type, message->body_size);
        channel_close(self);
    }
}

static void on_closed(void *data, int error)
{
    struct desk *self = data;
    if (error)
        log_error("keeper", "the gateway's channel failed: %s", strerror(-error));
    channel_close(self);
    /* not the gateway's doing: the next keeper is given to the gateway that is there */
    if (error && error != -EPROTO && error != -ECONNRESET && error != -EPIPE)
        loop_stop(self->loop, 1);
}

static const struct ipc_listener gateway_listener = {.message = on_message, .closed = on_closed};

int desk_set_gateway(struct desk *self, int fd)
{
    channel_close(self);
    int r = ipc_create(self->loop, fd, &gateway_listener, self, &self->channel);
    if (r < 0) {
        close(fd);
        return r;
    }
    send_setup_state(self);
    if (self->audit_refuses)
        send_audit_refuses(self);
    return 0;
}

int desk_submit(struct desk *self, worker_fn *work, worker_fn *done, void *data)
{
    return worker_pool_submit(self->store, work, done, data);
}

void desk_listen(struct desk *self, desk_setup_fn *fn, void *data)
{
    self->setup = fn;
    self->setup_data = data;
}

int desk_create(struct loop *loop, struct book *book, struct tls_identities *identities, struct desk **ret)
{
    attr_cleanup(desk_destroyp) struct desk *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    self->book = book;
    self->identities = identities;
    self->needs_setup = book_needs_setup(book);
    int r = loop_timer_add(loop, on_tick, self, &self->tick);
    if (r >= 0)
        r = worker_pool_create(loop, "store", 1, &self->store);
    if (r >= 0)
        r = worker_pool_create(loop, "hash", HASH_THREADS, &self->hashing);
    if (r < 0)
        return r;
    tick_arm(self, false);
    *ret = take(self);
    return 0;
}

struct desk *desk_destroy(struct desk *self)
{
    if (!self)
        return NULL;
    channel_close(self);
    uint64_t deadline = clock_now_us() + DRAIN_US;
    while ((self->n_requests || self->n_audits || self->n_runs || self->ticking) && clock_now_us() < deadline &&
           loop_dispatch(self->loop, 100) >= 0)
        ;
    worker_pool_destroy(self->hashing);
    worker_pool_destroy(self->store);
    loop_timer_remove(self->tick);
    if (self->store)
        book_stop(self->book, instant_now()); /* its thread is gone: the book is ours */
    free(self);
    return NULL;
}
