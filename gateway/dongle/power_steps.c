#include "gateway/dongle/power_steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"

#define ANSWER_MS 5000 /* for those who press and wake, beyond the press itself */

/* One thing somebody else was asked to do. It outlives the steps when the answer comes too late. */
struct errand {
    struct power_steps *steps; /* NULL: nobody waits any more */
};

struct power_steps {
    struct loop_timer *timer;
    const struct power_hands *hands;
    void *data;
    struct power_step steps[POWER_STEPS_MAX];
    unsigned n, at;
    bool busy;
    struct errand *errand;
    power_done_fn *done;
    void *done_data;
};

bool power_steps_busy(const struct power_steps *self)
{
    return self->busy;
}

static void finish(struct power_steps *self, int error, const char *why)
{
    loop_timer_disarm(self->timer);
    if (self->errand)
        self->errand->steps = NULL;
    self->errand = NULL;
    self->busy = false;
    self->done(self->done_data, error, why);
}

static void go_on(struct power_steps *self);

static void on_errand_done(void *data, int error, const char *why)
{
    struct errand *errand = data;
    struct power_steps *self = errand->steps;
    free(errand);
    if (!self)
        return;
    self->errand = NULL;
    if (error < 0) {
        finish(self, error, why);
        return;
    }
    self->at++;
    go_on(self);
}

static void send_out(struct power_steps *self, const struct power_step *step)
{
    struct errand *errand = calloc(1, sizeof *errand);
    if (!errand) {
        finish(self, -ENOMEM, "There is no memory for this.");
        return;
    }
    errand->steps = self;
    self->errand = errand;
    bool press = step->kind == POWER_STEP_PRESS;
    loop_timer_arm_in(self->timer, (ANSWER_MS + (press ? step->milliseconds : 0)) * 1000ull);
    if (press)
        self->hands->press(self->data, step->button, step->milliseconds, on_errand_done, errand);
    else
        self->hands->wake(self->data, on_errand_done, errand);
}

/* True: the step is over at once. */
static bool begin_step(struct power_steps *self, const struct power_step *step)
{
    switch (step->kind) {
    case POWER_STEP_STARTS:
        self->hands->starts(self->data);
        return true;
    case POWER_STEP_TRY:
    case POWER_STEP_AWAIT:
        if (self->hands->state(self->data) == step->state) {
            self->at = step->kind == POWER_STEP_TRY ? self->n : self->at;
            return true;
        }
        break;
    case POWER_STEP_PAUSE:
        break;
    default:
        send_out(self, step);
        return false;
    }
    loop_timer_arm_in(self->timer, step->milliseconds * 1000ull);
    return false;
}

static void go_on(struct power_steps *self)
{
    loop_timer_disarm(self->timer);
    while (self->at < self->n) {
        if (!begin_step(self, &self->steps[self->at]))
            return;
        self->at++;
    }
    finish(self, 0, NULL);
}

void power_steps_look(struct power_steps *self)
{
    if (!self->busy || self->at >= self->n)
        return;
    const struct power_step *step = &self->steps[self->at];
    bool waits = step->kind == POWER_STEP_TRY || step->kind == POWER_STEP_AWAIT;
    if (waits && self->hands->state(self->data) == step->state)
        go_on(self);
}

static void on_timer(void *data)
{
    struct power_steps *self = data;
    const struct power_step *step = &self->steps[self->at];
    if (step->kind == POWER_STEP_AWAIT) {
        finish(self, -ETIMEDOUT, step->why);
    } else if (step->kind == POWER_STEP_PAUSE || step->kind == POWER_STEP_TRY) {
        self->at++;
        go_on(self);
    } else {
        finish(self, -ETIMEDOUT,
               step->kind == POWER_STEP_WAKE
                   ? "The gateway's supervisor does not answer; try again."
                   : "The process that has the devices does not answer; see the gateway's log.");
    }
}

void power_steps_run(struct power_steps *self, const struct power_step *steps, unsigned n, power_done_fn *done,
                     void *data)
{
    assert(!self->busy && n <= POWER_STEPS_MAX);
    memcpy(self->steps, steps, n * sizeof steps[0]);
    self->n = n;
    self->at = 0;
    self->busy = true;
    self->done = done;
    self->done_data = data;
    go_on(self);
}

int power_steps_create(struct loop *loop, const struct power_hands *hands, void *data, struct power_steps **ret)
{
    struct power_steps *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->hands = hands;
    self->data = data;
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct power_steps *power_steps_destroy(struct power_steps *self)
{
    if (!self)
        return NULL;
    if (self->busy)
        finish(self, -ECANCELED, "The gateway ends.");
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}
