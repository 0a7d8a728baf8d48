#include "usbgadget/typist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "usbgadget/holder.h"

/* Where the port does not know how fast the target is: a PC's BIOS takes one report in each tick of its 18.2 Hz clock,
 * and what does not fit into the 16 places of QEMU's USB keyboard is lost, releases too, so that a key sticks. Every
 * change therefore has a tick of its own: measured with GRUB's shell on an emulated machine, where 25 ms lost half of
 * the text and 60 ms nothing. A key is down as long as up. */
#define STEP_US 60000
/* The target has not taken the last change yet: look again. */
#define LOOK_US 1000
#define MAX_CHORDS 16
/* A port that takes nothing (machine off, device not configured) must not keep a job for ever. */
#define PATIENCE_US 12000000
#define NOTABLE_US 500000 /* a target that takes nothing for so long is waited for */
#define BURST 32          /* characters in one turn of the loop */
#define CAPS_PATIENCE_US 600000

#define USAGE_CAPS_LOCK 0x39
#define USAGE_FIRST_MODIFIER 0xE0

enum caps { CAPS_AS_IT_IS, CAPS_GOES_OFF, CAPS_SWITCHED_OFF };

struct typist {
    struct input *input;
    struct loop_timer *timer;
    struct input_holder held;
    const struct typist_listener *listener;
    void *data;
    uint64_t refused_since_us; /* 0: the target takes what it is given */

    struct text_plan plan; /* of the text that is typed, or was last */
    bool on, careful, waits;
    size_t at;        /* stroke */
    size_t typed;     /* characters */
    uint8_t key_down; /* usage of the last stroke that is still pressed; 0: none */
    uint8_t phase;
    uint32_t slow_us;
    uint64_t began_us, ended_us;

    enum caps caps;
    uint64_t caps_until_us;
    uint8_t leds;

    struct chord chords[MAX_CHORDS]; /* ring; the first is being pressed */
    unsigned first_chord, n_chords, chord_at;
};

static void go(struct typist *self, uint64_t in_us)
{
    loop_timer_arm_in(self->timer, in_us);
}

static void text_end(struct typist *self, uint8_t phase)
{
    if (!self->on)
        return;
    self->on = self->waits = false;
    self->key_down = 0;
    self->phase = phase;
    self->ended_us = clock_now_us();
    if (self->listener)
        self->listener->ended(self->data);
}

/* ---- what the next report says ---- */

struct changes {
    struct input_change list[INPUT_CHANGES_MAX];
    unsigned n;
};

static void change(struct changes *to, uint16_t usage, bool down)
{
    to->list[to->n++] = (struct input_change){usage, down};
}

static void add_modifiers(const struct typist *self, uint8_t wanted, struct changes *to)
{
    for (unsigned bit = 0; bit < 8; bit++) {
        uint16_t usage = (uint16_t)(USAGE_FIRST_MODIFIER + bit);
        bool down = wanted >> bit & 1;
        if (keyboard_is_down(&self->held.keyboard, usage) != down)
            change(to, usage, down);
    }
}

/* Keys that are down and are neither of these. */
static void add_releases(const struct typist *self, uint16_t key, uint16_t hold, struct changes *to)
{
    for (uint16_t u = 0; (u = keyboard_next_down(&self->held.keyboard, u)) && u < USAGE_FIRST_MODIFIER;)
        if (u != key && u != hold)
            change(to, u, false);
}

/* The way to the stroke: releases first, then modifiers, then the key. What may not be in the same report comes in the
 * next: the key of a stroke that is the key of the last one, and the key that is held to reach a level. True: the
 * stroke's key goes down with it. */
static bool make_changes(const struct typist *self, const struct stroke *s, struct changes *to)
{
    bool again = self->key_down && self->key_down == s->usage;
    bool reaches = s->hold && !keyboard_is_down(&self->held.keyboard, s->hold);
    add_releases(self, 0, s->hold, to);
    add_modifiers(self, s->modifiers, to);
    if (reaches)
        change(to, s->hold, true);
    if (!s->usage)
        return true;
    if (again || reaches)
        return false;
    change(to, s->usage, true);
    return true;
}

/* The target took the stroke's key. */
static void stroke_done(struct typist *self)
{
    const struct planned_stroke *s = &self->plan.strokes[self->at];
    self->key_down = s->stroke.usage;
    self->typed += s->ends;
    self->at++;
}

/* With everything up, a text is done. */
static void finish(struct typist *self)
{
    struct changes up = {.n = 0};
    add_releases(self, 0, 0, &up);
    add_modifiers(self, 0, &up);
    if (input_holder_keys(&self->held, self->input, up.list, up.n) < 0)
        input_holder_release(&self->held, self->input);
    text_end(self, TYPING_DONE);
}

/* One step of the text. slowly: one change of one key, never two of them at once. False when the port refused it. */
static bool text_step(struct typist *self, bool slowly)
{
    struct changes changes = {.n = 0};
    const struct stroke *s = &self->plan.strokes[self->at].stroke;
    bool last = make_changes(self, s, &changes);
    unsigned n = slowly ? MIN(changes.n, 1u) : changes.n;
    /* a key that went down has its step, and so has its release */
    bool whole = n == changes.n;
    int r = n ? input_holder_keys(&self->held, self->input, changes.list, n) : 0;
    if (r < 0)
        return false;
    if (self->key_down && !keyboard_is_down(&self->held.keyboard, self->key_down))
        self->key_down = 0;
    if (last && whole)
        stroke_done(self);
    return true;
}

/* ---- chords ---- */

/* One step of a chord: 0..n-1 press, n..2n-1 release. Returns how many steps it is to last. */
static unsigned chord_step(struct typist *self)
{
    const struct chord *c = &self->chords[self->first_chord];

    if (self->chord_at < c->n)
        input_holder_key(&self->held, self->input, c->usages[self->chord_at], true);
    else
        input_holder_key(&self->held, self->input, c->usages[2 * c->n - 1 - self->chord_at], false);
    self->chord_at++;
    if (self->chord_at == c->n)
        return 2; /* all of them down: long enough for a slow poll */
    if (self->chord_at == 2 * c->n) {
        self->chord_at = 0;
        self->first_chord = (self->first_chord + 1) % MAX_CHORDS;
        self->n_chords--;
    }
    return 1;
}

static void push_chord(struct typist *self, const struct chord *chord)
{
    self->chords[(self->first_chord + self->n_chords++) % MAX_CHORDS] = *chord;
    if (self->n_chords == 1)
        self->refused_since_us = 0;
}

static void tap_caps_lock(struct typist *self)
{
    push_chord(self, &(const struct chord){.usages = {USAGE_CAPS_LOCK}, .n = 1});
}

/* ---- time ---- */

/* The port's pace, where it has one; 0: it has none; -EAGAIN: it waits for the target. */
static int pace(struct typist *self)
{
    return self->input->ops->pace ? self->input->ops->pace(self->input) : 0;
}

/* The port took nothing: true when it has done so for too long, and all is given up. */
static bool refused(struct typist *self)
{
    uint64_t now = clock_now_us();
    if (!self->refused_since_us)
        self->refused_since_us = now;
    if (now - self->refused_since_us < PATIENCE_US)
        return false;
    input_holder_release(&self->held, self->input);
    self->n_chords = self->chord_at = 0;
    self->caps = CAPS_AS_IT_IS;
    text_end(self, TYPING_GIVEN_UP);
    return true;
}

static void look_again(struct typist *self)
{
    if (!refused(self))
        go(self, LOOK_US);
}

/* Caps Lock was tapped: its light tells that the target has understood; some targets have none. */
static bool waits_for_caps(struct typist *self)
{
    if (self->caps != CAPS_GOES_OFF)
        return false;
    if (self->leds & INPUT_LED_CAPS && clock_now_us() < self->caps_until_us)
        return true;
    self->caps = self->leds & INPUT_LED_CAPS ? CAPS_AS_IT_IS : CAPS_SWITCHED_OFF;
    return false;
}

/* One turn of the text: as much as the port takes at once. */
static void text_turn(struct typist *self)
{
    for (unsigned i = 0; i < BURST && self->on; i++) {
        int us = pace(self);
        bool slowly = us == 0 || self->careful;
        size_t typed = self->typed;
        if (us < 0) {
            look_again(self);
            return;
        }
        if (self->at == self->plan.n_strokes) {
            finish(self);
            break;
        }
        if (!text_step(self, slowly)) {
            look_again(self);
            return;
        }
        self->refused_since_us = 0;
        uint64_t rest = slowly ? STEP_US : us > 1 ? (uint64_t)us : 0;
        if (self->typed != typed)
            rest = MAX(rest, (uint64_t)self->slow_us);
        if (rest) {
            go(self, rest);
            return;
        }
    }
    if (self->on)
        go(self, 0);
}

static void step(void *data)
{
    struct typist *self = data;

    if (self->n_chords) {
        if (pace(self) < 0) {
            look_again(self);
            return;
        }
        unsigned steps = chord_step(self);
        self->refused_since_us = 0;
        if (self->n_chords || self->on)
            go(self, (uint64_t)STEP_US * steps);
    } else if (self->on && (self->waits || waits_for_caps(self))) {
        look_again(self);
    } else if (self->on) {
        text_turn(self);
        if (!self->on && self->caps == CAPS_SWITCHED_OFF) {
            self->caps = CAPS_AS_IT_IS;
            tap_caps_lock(self);
            go(self, STEP_US);
        }
    }
}

/* ---- for others ---- */

int typist_create(struct loop *loop, struct input *input, struct typist **ret)
{
    struct typist *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->input = input;
    int r = loop_timer_add(loop, step, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct typist *typist_destroy(struct typist *self)
{
    if (!self)
        return NULL;
    self->listener = NULL;
    self->caps = CAPS_AS_IT_IS;
    typist_stop(self);
    text_plan_finish(&self->plan);
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}

void typist_listen(struct typist *self, const struct typist_listener *listener, void *data)
{
    self->listener = listener;
    self->data = data;
}

/* A layout that has made another key of Caps Lock has no such state. */
static bool caps_lock_disturbs(const struct typist *self, const struct layout *layout)
{
    return self->leds & INPUT_LED_CAPS && layout->level3 != USAGE_CAPS_LOCK && layout->level5 != USAGE_CAPS_LOCK;
}

int typist_text(struct typist *self, struct text_plan *plan, const struct layout *layout, bool careful)
{
    if (self->on || self->n_chords == MAX_CHORDS)
        return -EBUSY;
    text_plan_finish(&self->plan);
    self->plan = *plan;
    *plan = (struct text_plan){0};
    self->at = self->typed = 0;
    self->key_down = 0;
    self->careful = careful;
    self->waits = false;
    self->slow_us = 0;
    self->began_us = clock_now_us();
    self->on = true;
    self->phase = TYPING_ON;
    self->caps = CAPS_AS_IT_IS;
    if (caps_lock_disturbs(self, layout) && self->plan.n_strokes) {
        self->caps = CAPS_GOES_OFF;
        self->caps_until_us = self->began_us + CAPS_PATIENCE_US;
        tap_caps_lock(self);
    }
    self->refused_since_us = 0;
    go(self, 0);
    return 0;
}

int typist_chord(struct typist *self, const struct chord *chord)
{
    if (self->on || self->n_chords == MAX_CHORDS)
        return -EBUSY;
    push_chord(self, chord);
    if (self->n_chords == 1)
        go(self, 0);
    return 0;
}

void typist_leds(struct typist *self, uint8_t leds)
{
    self->leds = leds;
}

void typist_slow(struct typist *self, uint32_t us)
{
    self->slow_us = us;
}

void typist_wait(struct typist *self, bool waits)
{
    self->waits = waits && self->on;
    self->refused_since_us = 0;
}

void typist_state(const struct typist *self, struct typing_state *ret)
{
    uint64_t now = clock_now_us(), us = (self->on ? now : self->ended_us) - self->began_us;
    bool refuses = self->refused_since_us && now - self->refused_since_us > NOTABLE_US;
    ret->phase = self->on && (self->waits || refuses) ? TYPING_WAITS : self->phase;
    ret->characters = self->plan.plan.characters;
    ret->remaining = typist_remaining(self);
    ret->per_second = us > 100000 ? (uint32_t)(self->typed * 1000000ull / us) : 0;
}

const uint32_t *typist_characters(const struct typist *self, size_t *ret_typed)
{
    *ret_typed = self->typed;
    return self->plan.characters;
}

void typist_forget(struct typist *self)
{
    if (self->on || !self->plan.characters)
        return;
    size_t characters = self->plan.plan.characters;
    text_plan_finish(&self->plan);
    self->plan.plan.characters = characters;
}

size_t typist_remaining(const struct typist *self)
{
    return self->plan.plan.characters - self->typed;
}

bool typist_is_idle(const struct typist *self)
{
    return !self || (!self->on && !self->n_chords);
}

void typist_stop(struct typist *self)
{
    bool was_on = self->on, caps = self->caps == CAPS_SWITCHED_OFF;
    input_holder_release(&self->held, self->input);
    /* what waits in the port would go on being typed */
    if (was_on)
        self->input->ops->release_all(self->input);
    self->n_chords = self->chord_at = 0;
    self->refused_since_us = 0;
    self->caps = CAPS_AS_IT_IS;
    loop_timer_disarm(self->timer);
    text_end(self, TYPING_STOPPED);
    if (caps) {
        tap_caps_lock(self);
        go(self, STEP_US);
    }
}
