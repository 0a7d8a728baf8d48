#include "usbgadget/typist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "usbgadget/holder.h"

/* Where the port does not know how fast the target is: a PC's BIOS takes one report in each tick of its 18.2 Hz clock,
 * and what does not fit into the 16 places of QEMU's keyboard is lost, releases too, so that a key sticks. Every change
 * therefore has a tick of its own: measured with GRUB's shell on an emulated machine, where 25 ms lost half of the text
 * and 60 ms nothing. A key is down as long as up. */
#define STEP_US 60000
/* The target has not taken the last change yet: look again. */
#define LOOK_US 4000
#define MAX_CHORDS 16
/* A port that takes nothing (machine off, device not configured) must not keep a job for ever. */
#define PATIENCE_US 12000000

#define USAGE_FIRST_MODIFIER 0xE0

struct typist {
    struct input *input;
    struct loop_timer *timer;
    struct input_holder held;
    uint64_t refused_since_us; /* 0: the target takes what it is given */

    struct stroke *strokes; /* of the text being typed */
    size_t n_strokes, at;
    bool key_down; /* the stroke at `at` is pressed */

    struct chord chords[MAX_CHORDS]; /* ring; the first is being pressed */
    unsigned first_chord, n_chords, chord_at;
};

/* Presses or releases the modifiers that differ from the wanted ones; true when nothing differed. */
static bool modifiers_reach(struct typist *self, uint8_t wanted)
{
    bool reached = true;
    for (unsigned bit = 0; bit < 8; bit++) {
        uint16_t usage = (uint16_t)(USAGE_FIRST_MODIFIER + bit);
        bool down = wanted >> bit & 1;
        if (keyboard_is_down(&self->held.keyboard, usage) == down)
            continue;
        input_holder_key(&self->held, self->input, usage, down);
        reached = false;
    }
    return reached;
}

static uint8_t modifiers_held(const struct typist *self)
{
    return self->held.keyboard.down[USAGE_FIRST_MODIFIER / 8];
}

static void text_end(struct typist *self)
{
    free(self->strokes);
    self->strokes = NULL;
    self->n_strokes = self->at = 0;
    self->key_down = false;
}

/* One step of the text: modifiers, then the key down, then the key up. False when the port refused it. */
static bool text_step(struct typist *self)
{
    const struct stroke *s = &self->strokes[self->at];

    if (self->key_down) {
        input_holder_key(&self->held, self->input, s->usage, false);
        self->key_down = false;
        self->at++;
        if (self->at == self->n_strokes) {
            modifiers_reach(self, 0);
            text_end(self);
        }
        return true;
    }
    if (!modifiers_reach(self, s->modifiers))
        return modifiers_held(self) == s->modifiers;
    if (input_holder_key(&self->held, self->input, s->usage, true) < 0)
        return false;
    self->key_down = true;
    return true;
}

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

/* The port's pace, where it has one; -EAGAIN: it waits for the target. */
static int pace(struct typist *self)
{
    int us = self->input->ops->pace ? self->input->ops->pace(self->input) : 0;
    return us ? us : STEP_US;
}

/* The port took nothing: true when it has done so for too long, and all is given up. */
static bool refused(struct typist *self)
{
    uint64_t now = clock_now_us();
    if (!self->refused_since_us)
        self->refused_since_us = now;
    if (now - self->refused_since_us < PATIENCE_US)
        return false;
    typist_stop(self);
    return true;
}

static void step(void *data)
{
    struct typist *self = data;
    unsigned steps = 1;
    bool done = true;
    int us = pace(self);

    if (us < 0) {
        if (!refused(self))
            loop_timer_arm_in(self->timer, LOOK_US);
        return;
    }
    if (self->n_chords)
        steps = chord_step(self);
    else if (self->strokes)
        done = text_step(self);
    if (done)
        self->refused_since_us = 0;
    else if (refused(self))
        return;
    if (self->n_chords || self->strokes)
        loop_timer_arm_in(self->timer, (uint64_t)us * steps);
}

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
    typist_stop(self);
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}

/* Adds "'x' (U+00E4)" to the list of what cannot be typed, as far as there is room. */
static void name_character(char *why, size_t why_size, const char *at, size_t length, uint32_t c)
{
    size_t used = strlen(why);
    if (used + 40 < why_size)
        snprintf(why + used, why_size - used, "%s'%.*s' (U+%04X)", used ? ", " : "no key for ", (int)length, at, c);
}

/* Turns text into strokes; with strokes NULL only counts them. Negative when something cannot be typed. */
static int strokes_of(const char *text, const struct layout *layout, struct stroke *strokes, size_t *n_strokes,
                      size_t *n_characters, char *why, size_t why_size)
{
    uint32_t c;
    bool bad = false, missing = false;
    size_t n = 0;

    *n_characters = 0;
    why[0] = 0;
    for (const char *at = text, *before = text; layout_next_character(&at, &c, &bad); before = at) {
        if (c == '\r') {
            if (*at == '\n')
                continue;
            c = '\n';
        }
        const struct layout_entry *e = layout_lookup(layout, c);
        if (!e) {
            name_character(why, why_size, before, (size_t)(at - before), c);
            missing = true;
            continue;
        }
        for (unsigned i = 0; i < e->n_strokes; i++, n++)
            if (strokes)
                strokes[n] = e->strokes[i];
        ++*n_characters;
    }
    *n_strokes = n;
    if (bad)
        snprintf(why, why_size, "the text is not UTF-8");
    return bad || missing ? -EINVAL : 0;
}

int typist_text(struct typist *self, const char *text, const struct layout *layout, size_t *ret_characters, char *why,
                size_t why_size)
{
    size_t n_strokes, n_characters;

    if (self->strokes)
        return -EBUSY;
    if (strlen(text) > TYPIST_MAX_TEXT)
        return -EMSGSIZE;
    int r = strokes_of(text, layout, NULL, &n_strokes, &n_characters, why, why_size);
    if (r < 0)
        return r;
    *ret_characters = n_characters;
    if (!n_strokes)
        return 0;
    struct stroke *strokes = calloc(n_strokes, sizeof *strokes);
    if (!strokes)
        return -ENOMEM;
    strokes_of(text, layout, strokes, &n_strokes, &n_characters, why, why_size);
    self->strokes = strokes;
    self->n_strokes = n_strokes;
    self->refused_since_us = 0;
    loop_timer_arm_in(self->timer, 0);
    return 0;
}

int typist_chord(struct typist *self, const struct chord *chord)
{
    if (self->strokes || self->n_chords == MAX_CHORDS)
        return -EBUSY;
    self->chords[(self->first_chord + self->n_chords++) % MAX_CHORDS] = *chord;
    if (self->n_chords == 1) {
        self->refused_since_us = 0;
        loop_timer_arm_in(self->timer, 0);
    }
    return 0;
}

size_t typist_remaining(const struct typist *self)
{
    return self->n_strokes - self->at;
}

void typist_stop(struct typist *self)
{
    input_holder_release(&self->held, self->input);
    text_end(self);
    self->n_chords = self->chord_at = 0;
    self->refused_since_us = 0;
    loop_timer_disarm(self->timer);
}
