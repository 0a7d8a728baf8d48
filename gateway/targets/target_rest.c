#include "gateway/targets/target_rest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/testcard.h"
#include "core/log.h"

#define REST_US 10000000    /* thumbnails are asked for more often than that */
#define PATIENCE_US 3000000 /* for the first picture */

struct waiter {
    struct waiter *next;
    void (*go)(void *data);
    void *data;
};

struct target_rest {
    struct gateway_target *target;
    struct loop_timer *timer, *patience;
    struct waiter *first, **end;
    bool resting;
};

static void on_timer(void *data)
{
    struct target_rest *self = data;
    if (self->target->target.viewers > 0 || self->target->target.recording || self->first) {
        loop_timer_arm_in(self->timer, REST_US);
        return;
    }
    int r = feed_rest(self->target->feed);
    self->resting = r == 0;
    if (r < 0)
        log_warn("gateway", "target %s: its screen cannot rest: %s", self->target->target.name, strerror(-r));
}

static void wake(struct target_rest *self)
{
    loop_timer_arm_in(self->timer, REST_US);
    if (!self->resting)
        return;
    int r = feed_resume(self->target->feed);
    self->resting = r < 0;
    if (r < 0)
        log_error("gateway", "target %s: its screen does not begin: %s", self->target->target.name, strerror(-r));
}

static void let_go(struct target_rest *self)
{
    struct waiter *w = take(self->first);
    self->end = &self->first;
    loop_timer_disarm(self->patience);
    while (w) {
        struct waiter gone = *w;
        free(w);
        gone.go(gone.data);
        w = gone.next;
    }
}

static void on_patience_over(void *data)
{
    let_go(data);
}

int target_rest_create(struct gateway_target *target, struct target_rest **ret)
{
    if (target->setup.machine != CONFIG_TESTCARD || !target->feed)
        return 0;
    struct target_rest *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct target_rest){.target = target, .resting = true};
    self->end = &self->first;
    int r = loop_timer_add(target->gateway->loop, on_timer, self, &self->timer);
    r = r ? r : loop_timer_add(target->gateway->loop, on_patience_over, self, &self->patience);
    if (r < 0) {
        target_rest_destroy(self);
        return r;
    }
    /* nobody has looked yet, and it always gives a picture */
    target->target.signal = SCREEN_OK;
    testcard_size(target->screen, &target->target.width, &target->target.height);
    *ret = self;
    return 0;
}

struct target_rest *target_rest_destroy(struct target_rest *self)
{
    if (!self)
        return NULL;
    let_go(self);
    loop_timer_remove(self->timer);
    loop_timer_remove(self->patience);
    free(self);
    return NULL;
}

void target_rest_watched(struct gateway_target *target)
{
    if (target->rest && (target->target.viewers > 0 || target->target.recording))
        wake(target->rest);
}

void target_rest_when_seen(struct gateway_target *target, void (*go)(void *data), void *data)
{
    struct target_rest *self = target->rest;
    attr_cleanup(picture_unrefp) struct picture *picture = target->feed ? feed_picture(target->feed) : NULL;
    struct waiter *w = NULL;
    if (self)
        wake(self);
    if (self && !picture && !self->resting && target->target.signal == SCREEN_OK)
        w = calloc(1, sizeof *w);
    if (!w) {
        go(data);
        return;
    }
    *w = (struct waiter){.go = go, .data = data};
    if (!self->first)
        loop_timer_arm_in(self->patience, PATIENCE_US);
    *self->end = w;
    self->end = &w->next;
}

void target_rest_picture(struct gateway_target *target)
{
    if (!target->rest || !target->rest->first)
        return;
    attr_cleanup(picture_unrefp) struct picture *picture = feed_picture(target->feed);
    if (picture || target->target.signal != SCREEN_OK)
        let_go(target->rest);
}

void target_rest_let_go(struct gateway_target *target)
{
    if (target->rest)
        let_go(target->rest);
}
