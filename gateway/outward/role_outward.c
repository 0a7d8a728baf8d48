/* The outward process: the only one that connects to other machines. It is told what it may do, then confines itself,
 * then meets the network. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "auth/outward/directory.h"
#include "core/cleanup.h"
#include "core/fd_read.h"
#include "core/heartbeat.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/outward/outward_errands.h"
#include "gateway/outward/outward_jobs.h"
#include "gateway/outward/outward_setup.h"
#include "gateway/role.h"
#include "gateway/sandbox/sandbox.h"
#include "gateway/signal_watch.h"

#define MOST_CA (1u << 20)
#define RESOLVERS 4 /* a name server that does not answer holds one for some seconds */
#define LAST_TURNS 100

struct outward {
    struct loop *loop;
    struct ipc *supervisor;
    struct heartbeat *heartbeat;
    struct signal_watch signals;
    struct remote_settings settings;
    bool told;
    struct outward_jobs *jobs;
    struct outward_errands *errands;
    int early, early_errands; /* the channels, when they come before what serves them; -1 */
};

static int take_message_fd(struct ipc_message *message)
{
    return message->n_fds > 0 ? take_fd(&message->fds[0]) : -1;
}

static char *read_text(int fd)
{
    _cleanup_free_ char *text = malloc(MOST_CA + 1);
    ssize_t n = text ? fd_read_up_to(fd, text, MOST_CA) : -ENOMEM;
    if (n <= 0 || (size_t)n == MOST_CA || memchr(text, 0, (size_t)n))
        return NULL;
    text[n] = 0;
    return take(text);
}

static void on_setup(struct outward *self, struct ipc_message *message)
{
    static struct outward_setup setup;
    _cleanup_close_ int ca = take_message_fd(message);
    if (self->told || !outward_read_setup(message->body, message->body_size, &setup)) {
        log_error("outward", "the configuration came in no form that makes sense");
        return;
    }
    self->settings.policy = setup.policy;
    text_copy(self->settings.proxy, sizeof self->settings.proxy, setup.proxy);
    if (ca >= 0) {
        self->settings.ca = read_text(ca);
        if (!self->settings.ca)
            log_error("outward", "the file of outward-ca cannot be used: it is empty, no text, or longer than 1 MiB");
    }
    self->told = true;
}

/* Takes fd. */
static void meet_gateway(struct outward *self, int fd)
{
    int r = outward_jobs_connect(self->jobs, fd);
    if (r < 0) {
        log_error("outward", "the gateway's channel cannot be used: %s", strerror(-r));
        close(fd);
    }
}

/* It may stand right behind the configuration, and is then read with it: it waits for the sandbox. */
static void on_gateway(struct outward *self, struct ipc_message *message)
{
    int fd = take_message_fd(message);
    if (fd < 0)
        log_error("outward", "a channel to the gateway came without its socket");
    else if (self->jobs)
        meet_gateway(self, fd);
    else {
        if (self->early >= 0)
            close(self->early);
        self->early = fd;
    }
}

/* Takes fd. */
static void meet_keeper(struct outward *self, int fd)
{
    int r = outward_errands_connect(self->errands, fd);
    if (r < 0)
        log_error("outward", "the keeper's channel cannot be used: %s", strerror(-r));
}

static void on_keeper(struct outward *self, struct ipc_message *message)
{
    int fd = take_message_fd(message);
    if (fd < 0) {
        log_error("outward", "a channel to the keeper came without its socket");
    } else if (self->errands) {
        meet_keeper(self, fd);
    } else {
        if (self->early_errands >= 0)
            close(self->early_errands);
        self->early_errands = fd;
    }
}

static void on_message(void *data, struct ipc_message *message)
{
    struct outward *self = data;
    if (message->type == OUTWARD_SETUP)
        on_setup(self, message);
    else if (message->type == OUTWARD_GATEWAY)
        on_gateway(self, message);
    else if (message->type == OUTWARD_ERRANDS)
        on_keeper(self, message);
    else
        log_error("outward", "message %u of the supervisor makes no sense here", message->type);
}

/* A new supervisor starts an outward of its own. */
static void on_closed(void *data, int error)
{
    struct outward *self = data;
    self->supervisor = ipc_destroy(self->supervisor);
    loop_stop(self->loop, error);
}

static void on_signal(void *data, int number)
{
    struct outward *self = data;
    (void)number;
    loop_stop(self->loop, 0);
}

static void on_lost(void *data)
{
    struct outward *self = data;
    if (self->supervisor && ipc_send(self->supervisor, OUTWARD_LOST, 0, NULL, 0, NULL, 0) < 0)
        log_error("outward", "another channel to the gateway cannot be asked for");
}

static void on_lost_errands(void *data)
{
    struct outward *self = data;
    if (self->supervisor && ipc_send(self->supervisor, OUTWARD_LOST_ERRANDS, 0, NULL, 0, NULL, 0) < 0)
        log_error("outward", "another channel to the keeper cannot be asked for");
}

static int enter_sandbox(void)
{
    const struct sandbox_path paths[] = {
        /* Name servers, hosts, authorities: files that others replace by new ones at any time, so the folder they are
         * in. The process's user cannot read secrets there. */
        {"/etc", SANDBOX_READ, false},
        {"/run/systemd/resolve", SANDBOX_READ, true}, /* where /etc/resolv.conf may lead */
        {"/run/NetworkManager", SANDBOX_READ, true},
        {"/run/resolvconf", SANDBOX_READ, true},
    };
    return sandbox_enter(SANDBOX_OUTWARD, paths, ARRAY_SIZE(paths));
}

static int begin(struct outward *self)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    directory_prepare();
    int r = loop_create(&self->loop);
    r = r ? r : signal_watch_begin(&self->signals, self->loop, signal_watch_stops, on_signal, self);
    r = r ? r : ipc_create(self->loop, OUTWARD_FD_SUPERVISOR, &listener, self, &self->supervisor);
    while (r == 0 && !self->told && self->supervisor)
        r = loop_dispatch(self->loop, 1000);
    r = r ? r : self->told ? 0 : -ECONNRESET;
    r = r ? r : enter_sandbox();
    r = r ? r : worker_pool_create(self->loop, "resolve", RESOLVERS, &self->settings.resolver);
    r = r ? r
          : outward_jobs_create(self->loop, &self->settings, OUTWARD_KEEP_S * 1000000ull, on_lost, self, &self->jobs);
    r = r ? r : outward_errands_create(self->loop, on_lost_errands, self, &self->errands);
    if (r == 0 && self->early_errands >= 0)
        meet_keeper(self, take_fd(&self->early_errands));
    if (r == 0 && self->early >= 0)
        meet_gateway(self, take_fd(&self->early));
    r = r ? r : heartbeat_create(self->loop, &self->supervisor, &self->heartbeat);
    return r ? r : ipc_send(self->supervisor, OUTWARD_READY, 0, NULL, 0, NULL, 0);
}

static void end(struct outward *self)
{
    self->heartbeat = heartbeat_destroy(self->heartbeat);
    self->jobs = outward_jobs_destroy(self->jobs);
    self->errands = outward_errands_destroy(self->errands);
    for (int i = 0; self->loop && i < LAST_TURNS; i++) /* what sources still have to put away */
        loop_dispatch(self->loop, 0);
    self->settings.resolver = worker_pool_destroy(self->settings.resolver);
    self->supervisor = ipc_destroy(self->supervisor);
    signal_watch_end(&self->signals);
    if (self->early >= 0)
        close(self->early);
    if (self->early_errands >= 0)
        close(self->early_errands);
    self->loop = loop_destroy(self->loop);
    free(self->settings.ca);
}

int outward_role_main(const struct options *options)
{
    static struct outward outward = {.early = -1, .early_errands = -1};
    (void)options;
    log_init("outward");
    int r = begin(&outward);
    if (r < 0)
        log_error("outward", "cannot start: %s", strerror(-r));
    else
        loop_run(outward.loop);
    end(&outward);
    return r < 0 ? EXIT_FAILED : EXIT_FINE;
}
