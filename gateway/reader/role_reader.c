/* The reader's process: recognises text in pictures that no console font has drawn, by a large library that looks at
 * whatever stands on a target's screen. It has nothing but those pictures: no network, no file of ours, no state; it is
 * started when it is wanted and ends when it is not. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/heartbeat.h"
#include "core/log.h"
#include "core/worker.h"
#include "gateway/reader/reader_engine.h"
#include "gateway/reader/reader_wire.h"
#include "gateway/role.h"
#include "gateway/sandbox/sandbox.h"
#include "gateway/signal_watch.h"

#define MOST_MEMORY ((rlim_t)1 << 30) /* of addresses */

struct reader {
    struct loop *loop;
    struct ipc *supervisor, *gateway;
    struct heartbeat *heartbeat;
    struct signal_watch signals;
    struct reader_engine *engine;
    struct worker_pool *pool;
    struct loop_timer *limit, *rest;

    /* The picture under way. */
    bool busy;
    uint32_t serial;
    struct reader_ask ask;
    uint8_t *pixels;
    int error;
    const char *why;
    char *text;
};

static void answer(struct reader *self, uint32_t serial, int error, const char *text)
{
    static uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    reader_write_answer(&w, error, text);
    if (self->gateway && ipc_send(self->gateway, READER_ANSWER, serial, room, wire_written(&w), NULL, 0) < 0)
        log_error("reader", "an answer is lost");
}

static void say_ends(struct reader *self)
{
    if (self->supervisor)
        ipc_send(self->supervisor, READER_ENDS, 0, NULL, 0, NULL, 0);
}

/* --- one picture --- */

/* Copied, because its owner could change or cut it while it is read. */
static uint8_t *read_pixels(int fd, const struct reader_ask *ask)
{
    const size_t size = (size_t)ask->width * ask->height;
    struct stat st;
    uint8_t *pixels = fstat(fd, &st) == 0 && (size_t)st.st_size == size ? malloc(size) : NULL;
    size_t at = 0;
    while (pixels && at < size) {
        ssize_t n = pread(fd, pixels + at, size - at, (off_t)at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    if (pixels && at == size)
        return pixels;
    free(pixels);
    return NULL;
}

static void work(void *data)
{
    struct reader *self = data;
    self->error = reader_engine_read(self->engine, self->pixels, self->ask.width, self->ask.height, self->ask.language,
                                     &self->text, &self->why);
}

static void done(void *data)
{
    struct reader *self = data;
    loop_timer_disarm(self->limit);
    answer(self, self->serial, self->error, self->error < 0 ? self->why : self->text);
    free(self->text);
    free(self->pixels);
    self->text = NULL;
    self->pixels = NULL;
    self->busy = false;
    loop_timer_arm_in(self->rest, READER_REST_US);
}

static void begin_picture(struct reader *self, struct ipc_message *message)
{
    _cleanup_close_ int fd = message->n_fds == 1 ? take_fd(&message->fds[0]) : -1;
    if (self->busy) {
        answer(self, message->serial, -EBUSY, "Another picture is being read; try again.");
        return;
    }
    if (fd < 0 || !reader_read_ask(message->body, message->body_size, &self->ask)) {
        answer(self, message->serial, -EINVAL, "The picture cannot be read.");
        return;
    }
    self->pixels = read_pixels(fd, &self->ask);
    self->serial = message->serial;
    self->error = -ECANCELED;
    self->why = "The picture cannot be read.";
    if (!self->pixels || worker_pool_submit(self->pool, work, done, self) < 0) {
        free(self->pixels);
        self->pixels = NULL;
        answer(self, message->serial, -EINVAL, self->why);
        return;
    }
    self->busy = true;
    loop_timer_disarm(self->rest);
    loop_timer_arm_in(self->limit, READER_LIMIT_US);
}

/* The thread cannot be stopped, so the process is. */
static void on_limit(void *data)
{
    struct reader *self = data;
    answer(self, self->serial, -ETIMEDOUT, "Recognising took too long; choose a smaller region.");
    say_ends(self);
    _exit(EXIT_FINE);
}

static void on_rest(void *data)
{
    struct reader *self = data;
    say_ends(self);
    loop_stop(self->loop, 0);
}

/* --- the channels --- */

static void on_gateway_message(void *data, struct ipc_message *message)
{
    if (message->type == READER_ASK)
        begin_picture(data, message);
    else
        log_error("reader", "message %u of the gateway makes no sense here", message->type);
}

static void on_gateway_closed(void *data, int error)
{
    struct reader *self = data;
    (void)error;
    self->gateway = ipc_destroy(self->gateway);
}

static void on_message(void *data, struct ipc_message *message)
{
    static const struct ipc_listener listener = {.message = on_gateway_message, .closed = on_gateway_closed};
    struct reader *self = data;
    if (message->type != READER_PEER || message->n_fds != 1) {
        log_error("reader", "message %u of the supervisor makes no sense here", message->type);
        return;
    }
    self->gateway = ipc_destroy(self->gateway);
    if (ipc_create(self->loop, take_fd(&message->fds[0]), &listener, self, &self->gateway) < 0)
        log_error("reader", "the gateway's channel cannot be used");
}

static void on_closed(void *data, int error)
{
    struct reader *self = data;
    self->supervisor = ipc_destroy(self->supervisor);
    loop_stop(self->loop, error);
}

static void on_signal(void *data, int number)
{
    struct reader *self = data;
    (void)number;
    loop_stop(self->loop, 0);
}

static int limit_memory(void)
{
#ifdef LIGHTSOUT_SANITIZED
    return 0; /* the shadow takes terabytes of addresses */
#else
    struct rlimit limit = {.rlim_cur = MOST_MEMORY, .rlim_max = MOST_MEMORY};
    return setrlimit(RLIMIT_AS, &limit) < 0 ? -errno : 0;
#endif
}

static int begin(struct reader *self)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    int r = reader_engine_create(&self->engine);
    r = r ? r : limit_memory();
    r = r ? r : loop_create(&self->loop);
    r = r ? r : signal_watch_begin(&self->signals, self->loop, signal_watch_stops, on_signal, self);
    r = r ? r : sandbox_enter(SANDBOX_READER, NULL, 0);
    r = r ? r : worker_pool_create(self->loop, "recognise", 1, &self->pool);
    r = r ? r : loop_timer_add(self->loop, on_limit, self, &self->limit);
    r = r ? r : loop_timer_add(self->loop, on_rest, self, &self->rest);
    r = r ? r : ipc_create(self->loop, READER_FD_SUPERVISOR, &listener, self, &self->supervisor);
    r = r ? r : heartbeat_create(self->loop, &self->supervisor, &self->heartbeat);
    if (r == 0)
        loop_timer_arm_in(self->rest, READER_REST_US);
    return r ? r : ipc_send(self->supervisor, READER_READY, 0, NULL, 0, NULL, 0);
}

int reader_role_main(const struct options *options)
{
    static struct reader reader;
    (void)options;
    log_init("reader");
    int r = begin(&reader);
    if (r < 0)
        log_error("reader", "cannot start: %s", strerror(-r));
    else
        loop_run(reader.loop);
    if (reader.busy)
        _exit(EXIT_FINE); /* its thread would be waited for */
    reader.heartbeat = heartbeat_destroy(reader.heartbeat);
    reader.gateway = ipc_destroy(reader.gateway);
    reader.supervisor = ipc_destroy(reader.supervisor);
    reader.pool = worker_pool_destroy(reader.pool);
    reader.limit = loop_timer_remove(reader.limit);
    reader.rest = loop_timer_remove(reader.rest);
    signal_watch_end(&reader.signals);
    reader.loop = loop_destroy(reader.loop);
    reader.engine = reader_engine_destroy(reader.engine);
    return r < 0 ? EXIT_FAILED : EXIT_FINE;
}
