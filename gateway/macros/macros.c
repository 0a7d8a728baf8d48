/* Keeps a target's macros and runs one of them, on the target's own port: a page may close, the macro goes on. */
#include "gateway/macros/macros_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/console/console.h"
#include "gateway/console/console_seat.h"
#include "gateway/console/console_viewer.h"
#include "gateway/macros/macro_notes.h"
#include "gateway/targets/target_jiggler.h"

/* Whoever started it may lose the right at any time; and a Stop must not wait for a pause to end. */
#define LOOK_US 50000
#define PACE_US 60000 /* where the port does not know: what a BIOS keeps up with (usbgadget/typist.c) */
#define PACE_LEAST_US 1000

const char *const macro_end_words[] = {"", "done", "stopped", "seat", "right", "failed"};

static struct input *input_of(const struct macros *self)
{
    return self->target->target.input;
}

/* ---- what a run does ---- */

static int on_key(void *data, uint16_t usage, bool down)
{
    struct macros *self = data;
    target_jiggler_used(self->target);
    return input_holder_key(&self->holder, input_of(self), usage, down);
}

static int on_pointer(void *data, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel)
{
    struct macros *self = data;
    target_jiggler_pointed(self->target, x, y);
    return input_holder_absolute(&self->holder, input_of(self), buttons, x, y, wheel, 0);
}

static int on_text(void *data, const char *text, const char *layout)
{
    struct macros *self = data;
    struct target *target = &self->target->target;
    const struct typing_request request = {.text = text, .size = strlen(text), .layout = *layout ? layout : NULL};
    struct typing_plan plan;
    int r = target->ops->type(target, &request, &plan, self->last_why, sizeof self->last_why);
    if (r > 0)
        snprintf(self->last_why, sizeof self->last_why, "layout '%s' has no key for U+%04X (line %zu, column %zu)",
                 plan.layout, plan.missing[0].character, plan.missing[0].line, plan.missing[0].column);
    self->typing = r == 0;
    return r > 0 ? -EINVAL : r;
}

static bool is_typed(const struct macros *self)
{
    uint8_t phase = self->target->target.ops->type_phase(&self->target->target);
    return self->typing && (phase == TYPING_ON || phase == TYPING_WAITS);
}

/* A text that others stopped, or that the target took no more of, ends the run in its step. */
static bool on_typing(void *data)
{
    struct macros *self = data;
    target_jiggler_used(self->target);
    uint8_t phase = self->target->target.ops->type_phase(&self->target->target);
    self->cut = self->typing && (phase == TYPING_STOPPED || phase == TYPING_GIVEN_UP);
    self->typing = is_typed(self);
    return self->typing || self->cut;
}

static int on_pace(void *data)
{
    const struct input *input = input_of(data);
    int us = input->ops->pace ? input->ops->pace((struct input *)input) : 0;
    return us < 0 ? us : us == 0 ? PACE_US : MAX(us, PACE_LEAST_US);
}

static void on_let_go(void *data)
{
    struct macros *self = data;
    input_holder_release(&self->holder, input_of(self));
}

static const struct macro_port port = {
    .key = on_key,
    .pointer = on_pointer,
    .text = on_text,
    .typing = on_typing,
    .pace = on_pace,
    .let_go = on_let_go,
};

/* ---- its end ---- */

static void give_seat_back(struct macros *self)
{
    const struct seat_party *holder = &self->target->target.seat.holder;
    const char *why;
    if (self->took_seat && holder->viewer == 0 && holder->session == target_seat_session(self->starter))
        console_seat_act(self->target, self->starter, SEAT_DO_RELEASE, 0, &why);
    self->took_seat = false;
}

static void finish(struct macros *self, enum macro_end end, const char *why)
{
    if (!self->running)
        return;
    self->running = macro_free(self->running); /* first: what follows may lead here again */
    loop_timer_disarm(self->timer);
    if (is_typed(self))
        self->target->target.ops->type_stop(&self->target->target);
    self->typing = self->cut = false;
    input_holder_release(&self->holder, input_of(self));
    input_holder_leave(&self->holder);
    text_copy(self->last, sizeof self->last, self->name);
    text_copy(self->last_why, sizeof self->last_why, why);
    self->last_end = end;
    /* not why: it may name a character of the text */
    log_info("macro", "target %s: %s of %s: %s", self->target->target.name, self->name, self->starter->user,
             macro_end_words[end]);
    give_seat_back(self);
    self->starter = auth_session_unref(self->starter);
    console_tell_changed(self->target, VIEWER_CHANGED_TARGET);
}

void macros_stop(struct macros *self)
{
    if (self)
        finish(self, MACRO_END_STOPPED, "");
}

void macros_let_go(struct macros *self)
{
    if (!self)
        return;
    macros_stop(self);
    gesture_stop(self->gesture);
}

bool macros_run_now(const struct macros *self)
{
    return self && self->running;
}

void macros_seat_moved(struct macros *self, const struct seat_news *news)
{
    if (!self || !self->running || !seat_moved(news->change))
        return;
    uint64_t starter = target_seat_session(self->starter);
    bool others = news->who.session && news->who.session != starter;
    bool lost = news->former.session == starter && news->who.session != starter;
    bool everybodys = news->change == SEAT_SHARED || news->change == SEAT_EXCLUSIVE;
    if (others || lost || everybodys)
        finish(self, MACRO_END_SEAT, "The keyboard has changed hands.");
}

/* A local session ends with its connection, which a command does not keep; it was the administrator's of this host. */
static bool may_go_on(const struct macros *self)
{
    return self->starter->local ||
           gateway_may(self->target->gateway, self->starter, RIGHT_INPUT, self->target->target.name);
}

/* Its starter is not idle, unless somebody waits for the seat, who must not wait for ever. */
static void use_seat(struct macros *self)
{
    struct seat *seat = &self->target->target.seat;
    const struct seat_party *party = seat_of_session(seat, target_seat_session(self->starter));
    if (party && seat->n_askers == 0 && seat_holds(seat, party)) {
        const struct seat_party holder = *party;
        if (seat_used(seat, &holder, clock_now_us()))
            target_tell_seat(self->target); /* it was shown as idle */
    }
}

static void explain(int error, const char *said, char *room, size_t size)
{
    const char *why = error == -ETIMEDOUT ? "The target has taken no keys for 12 s."
                      : error == -EBUSY   ? "Another text has been typed on the target for 10 minutes."
                      : error == -ENODEV  ? "The target is not there."
                      : *said             ? said
                                          : "The target refused it.";
    snprintf(room, size, "%s", why);
}

static void on_time(void *data)
{
    struct macros *self = data;
    uint64_t now = clock_now_us(), next = now;
    if (!may_go_on(self)) {
        finish(self, MACRO_END_RIGHT, "Whoever started it may not type any more.");
        return;
    }
    use_seat(self);
    self->last_why[0] = '\0';
    int r = macro_run_tick(&self->run, now, &next);
    if (!self->running)
        return; /* it ended itself by what it did */
    if (self->cut) {
        finish(self, MACRO_END_FAILED, "Its text was not typed to the end.");
        return;
    }
    if (r == 1) {
        loop_timer_arm_in(self->timer, MIN(next > now ? next - now : 0, (uint64_t)LOOK_US));
        return;
    }
    char said[sizeof self->last_why], why[sizeof self->last_why] = "";
    text_copy(said, sizeof said, self->last_why);
    if (r < 0)
        explain(r, said, why, sizeof why);
    finish(self, r == 0 ? MACRO_END_DONE : MACRO_END_FAILED, why);
}

/* ---- its begin ---- */

/* Nobody sits: who starts a macro does, for as long as it runs, so that a page that opens does not take the keyboard
 * away from under it. */
static void take_seat(struct macros *self)
{
    const char *why;
    if (seat_free(&self->target->target.seat))
        self->took_seat = console_seat_act(self->target, self->starter, SEAT_DO_REQUEST, 0, &why) == 0;
}

/* Before the first key: what the layout has no key for would be found in the middle. */
static int check_texts(struct macros *self, const struct macro *macro, char *why, size_t why_size)
{
    struct target *target = &self->target->target;
    for (unsigned i = 0; i < macro->n_steps; i++) {
        const struct macro_step *step = &macro->steps[i];
        struct typing_plan plan;
        char said[160] = "";
        if (step->what != MACRO_TEXT)
            continue;
        const struct typing_request request = {.text = step->text,
                                               .size = strlen(step->text),
                                               .layout = *step->layout ? step->layout : NULL,
                                               .only_check = true};
        int r = target->ops->type(target, &request, &plan, said, sizeof said);
        if (r > 0)
            snprintf(why, why_size, "Step %u: layout '%s' has no key for U+%04X and %zu characters in all.", i + 1,
                     plan.layout, plan.missing[0].character, plan.n_missing);
        else if (r == -EINVAL)
            snprintf(why, why_size, "Step %u: %s.", i + 1, said);
        if (r > 0 || r == -EINVAL)
            return -EINVAL;
    }
    return 0;
}

int macros_start(struct macros *self, const char *name, struct auth_session *session, long times, char *why,
                 size_t why_size)
{
    json_t *json = json_object_get(self->all, name);
    struct macro *macro = NULL;
    if (!json)
        return -ENOENT;
    if (self->running)
        return -EBUSY;
    if (!input_of(self) || !self->target->typist) {
        snprintf(why, why_size, "The target has no keyboard.");
        return -ENODEV;
    }
    int r = macro_compile(json, &macro, why, why_size);
    r = r ? r : check_texts(self, macro, why, why_size);
    if (r < 0) {
        macro_free(macro);
        return r;
    }
    self->starter = auth_session_ref(session);
    take_seat(self);
    self->running = macro;
    text_copy(self->name, sizeof self->name, name);
    self->holder = (struct input_holder){0};
    input_holder_join(&self->holder, &self->target->crowd);
    self->begun_us = clock_now_us();
    macro_run_begin(&self->run, macro, &port, self, times < 0 ? macro->times : (uint32_t)times, self->begun_us);
    loop_timer_arm_in(self->timer, 0);
    log_info("macro", "target %s: %s starts %s", self->target->target.name, session->user, name);
    console_tell_changed(self->target, VIEWER_CHANGED_TARGET);
    return 0;
}

/* ---- life ---- */

int macros_create(struct gateway_target *target, struct macros **ret)
{
    struct macros *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->target = target;
    snprintf(self->path, sizeof self->path, "%s/gateway/%s.macros", target->gateway->setup.state, target->target.name);
    self->all = macro_notes_load(self->path);
    int r = self->all ? loop_timer_add(target->gateway->loop, on_time, self, &self->timer) : -ENOMEM;
    r = r < 0 ? r : gesture_create(target, &self->gesture);
    if (r < 0) {
        macros_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct macros *macros_destroy(struct macros *self)
{
    if (!self)
        return NULL;
    macros_let_go(self);
    gesture_destroy(self->gesture);
    loop_timer_remove(self->timer);
    json_decref(self->all);
    free(self);
    return NULL;
}
