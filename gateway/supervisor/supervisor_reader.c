#include "gateway/supervisor/supervisor_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/reader/reader_wire.h"
#include "gateway/supervisor/process.h"

#define AGAIN_US 500000 /* a gateway that wants one channel after another gets them slowly */

struct reader_link {
    const struct reader_link_owner *owner;
    void *data;
    bool wanted, stopping;
    uint64_t given_us;
    struct process process;
    struct loop_timer *again;
};

static int give(struct reader_link *self)
{
    _cleanup_close_ int for_gateway = -1;
    int r = process_connect(&self->process, READER_PEER, &for_gateway);
    if (r < 0)
        return r;
    self->given_us = clock_now_us();
    return self->owner->give(self->data, for_gateway) ? 0 : -ENOTCONN;
}

/* Starts it where it does not run: its start comes back here. */
static void go_on(struct reader_link *self)
{
    if (!self->wanted || self->stopping)
        return;
    if (self->given_us && clock_now_us() - self->given_us < AGAIN_US) {
        loop_timer_arm_in(self->again, AGAIN_US);
        return;
    }
    if (!self->process.channel) {
        int r = self->process.child || self->process.link ? 0 : process_start(&self->process);
        if (r < 0) {
            log_error("supervisor", "the reader cannot be started: %s", strerror(-r));
            self->wanted = false;
        }
        return;
    }
    self->wanted = false;
    int r = give(self);
    if (r < 0)
        log_error("supervisor", "the reader's channel is not given: %s", strerror(-r));
}

static void on_again(void *data)
{
    go_on(data);
}

static void on_started(void *data)
{
    go_on(data);
}

static void on_message(void *data, struct ipc_message *message)
{
    struct reader_link *self = data;
    if (message->type == READER_READY)
        self->process.served = true;
    else if (message->type == READER_ENDS)
        self->process.explained = true;
    else
        log_error("supervisor", "the reader sent message %u, which makes no sense", message->type);
}

/* Never by itself: who wants another asks. */
static bool on_ended(void *data, int status)
{
    struct reader_link *self = data;
    (void)status;
    if (self->wanted && !self->stopping)
        loop_timer_arm_in(self->again, AGAIN_US);
    return false;
}

int reader_link_create(struct loop *loop, const struct uid_choice *user, const char *units,
                       const struct reader_link_owner *owner, void *data, struct reader_link **ret)
{
    static const struct process_owner process = {.started = on_started, .message = on_message, .ended = on_ended};
    struct reader_link *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct reader_link){.owner = owner, .data = data};
    int r = loop_timer_add(loop, on_again, self, &self->again);
    r = r ? r : process_init(&self->process, loop, "reader", user, &process, self);
    if (r < 0) {
        reader_link_destroy(self);
        return r;
    }
    self->process.units = units;
    *ret = self;
    return 0;
}

void reader_link_want(struct reader_link *self)
{
    if (!self)
        return;
    self->wanted = true;
    go_on(self);
}

void reader_link_stop(struct reader_link *self, int timeout_ms)
{
    if (!self)
        return;
    self->stopping = true;
    process_stop(&self->process, timeout_ms);
}

struct reader_link *reader_link_destroy(struct reader_link *self)
{
    if (!self)
        return NULL;
    process_finish(&self->process);
    loop_timer_remove(self->again);
    free(self);
    return NULL;
}
