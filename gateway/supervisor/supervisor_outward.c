#include "gateway/supervisor/supervisor_outward.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/log.h"
#include "core/text.h"
#include "gateway/outward/outward_setup.h"
#include "gateway/supervisor/process.h"

#define AGAIN_US 500000 /* whoever breaks one channel after another gets them slowly */

struct outward_link {
    const struct config *config;
    const struct outward_link_owner *owner;
    void *data;
    struct config_outward told; /* what the process has */
    bool stopping;
    struct process process;
    struct loop_timer *again, *errands_again;
};

static void tell_setup(struct outward_link *self)
{
    const struct config_outward *config = &self->config->outward;
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct outward_setup setup = {.policy = config->policy};
    _cleanup_close_ int ca = -1;
    memcpy(&self->told, config, sizeof self->told);
    text_copy(setup.proxy, sizeof setup.proxy, config->proxy);
    outward_write_setup(&w, &setup);
    if (config->ca[0]) {
        ca = open(config->ca, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (ca < 0)
            log_error("supervisor", "outward-ca %s cannot be opened: %s; only the system's authorities are trusted",
                      config->ca, strerror(errno));
    }
    int r = w.full ? -EMSGSIZE
                   : ipc_send(self->process.channel, OUTWARD_SETUP, 0, room, wire_written(&w), &ca, ca >= 0 ? 1 : 0);
    if (r < 0)
        log_error("supervisor", "outward does not take its configuration: %s", strerror(-r));
}

static void offer(struct outward_link *self, enum outward_setup_type type, bool (*give)(void *data, int fd))
{
    int pair[2];
    if (!self->process.channel || self->stopping)
        return; /* its start comes back here */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return;
    _cleanup_close_ int for_other = pair[0], for_outward = pair[1];
    if (!give(self->data, for_other))
        return; /* the other's next start does */
    int r = ipc_send(self->process.channel, (uint16_t)type, 0, NULL, 0, &for_outward, 1);
    if (r < 0)
        log_error("supervisor", "outward does not take the %s's channel: %s",
                  type == OUTWARD_GATEWAY ? "gateway" : "keeper", strerror(-r));
}

void outward_link_offer(struct outward_link *self)
{
    loop_timer_disarm(self->again);
    offer(self, OUTWARD_GATEWAY, self->owner->give);
}

void outward_link_offer_errands(struct outward_link *self)
{
    loop_timer_disarm(self->errands_again);
    offer(self, OUTWARD_ERRANDS, self->owner->give_errands);
}

void outward_link_tell(struct outward_link *self)
{
    if (!self->process.channel || memcmp(&self->told, &self->config->outward, sizeof self->told) == 0)
        return; /* its start tells it */
    log_info("supervisor", "outward begins anew with other settings");
    self->process.explained = true;
    if (self->process.child)
        child_signal(self->process.child, SIGTERM);
}

static void on_again(void *data)
{
    outward_link_offer(data);
}

static void on_errands_again(void *data)
{
    outward_link_offer_errands(data);
}

static void on_started(void *data)
{
    struct outward_link *self = data;
    tell_setup(self);
    outward_link_offer(self);
    outward_link_offer_errands(self);
}

static void on_message(void *data, struct ipc_message *message)
{
    struct outward_link *self = data;
    if (message->type == OUTWARD_READY) {
        self->process.served = true;
        log_info("supervisor", "outward is ready (process %d)", (int)child_pid(self->process.child));
        outward_link_tell(self); /* what came while it could not be ended yet */
    } else if (message->type == OUTWARD_LOST) {
        loop_timer_arm_in(self->again, AGAIN_US); /* unless a new gateway comes first */
    } else if (message->type == OUTWARD_LOST_ERRANDS) {
        loop_timer_arm_in(self->errands_again, AGAIN_US);
    } else {
        log_error("supervisor", "outward sent message %u, which makes no sense", message->type);
    }
}

static bool on_ended(void *data, int status)
{
    struct outward_link *self = data;
    (void)status;
    return !self->stopping;
}

int outward_link_create(struct loop *loop, const struct config *config, const struct state *state,
                        const struct uid_choice *user, const char *units, const struct outward_link_owner *owner,
                        void *data, struct outward_link **ret)
{
    static const struct process_owner process = {.started = on_started, .message = on_message, .ended = on_ended};
    struct outward_link *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct outward_link){.config = config, .owner = owner, .data = data};
    int r = loop_timer_add(loop, on_again, self, &self->again);
    r = r ? r : loop_timer_add(loop, on_errands_again, self, &self->errands_again);
    r = r ? r : process_init(&self->process, loop, "outward", user, &process, self);
    self->process.state = state->path;
    self->process.units = units;
    r = r ? r : process_start(&self->process);
    if (r < 0) {
        outward_link_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

void outward_link_stop(struct outward_link *self, int timeout_ms)
{
    if (!self)
        return;
    self->stopping = true;
    process_stop(&self->process, timeout_ms);
}

struct outward_link *outward_link_destroy(struct outward_link *self)
{
    if (!self)
        return NULL;
    process_finish(&self->process);
    loop_timer_remove(self->again);
    loop_timer_remove(self->errands_again);
    free(self);
    return NULL;
}
