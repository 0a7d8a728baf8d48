#include "gateway/dongle/boot_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "usbgadget/keynames.h"

#define LOOK_US 300000

/* One look at the screen. It outlives the recipe when the answer comes too late. */
struct look {
    struct boot_keys *keys; /* NULL: nobody waits any more */
    unsigned step;
};

struct boot_keys {
    struct loop_timer *timer;
    struct input *input;
    const struct boot_keys_eyes *eyes;
    void *data;
    struct key_recipe recipe;
    struct key_recipe_run run;
    bool running, arrived;
    struct chord down; /* pressed now */
    struct look *look;
    uint64_t look_us; /* the next one is due */
    boot_keys_done_fn *done;
    void *done_data;
};

bool boot_keys_known(const char *chord, char *why, size_t why_size)
{
    struct chord parsed;
    return chord_parse(chord, &parsed, why, why_size) == 0;
}

/* What the port does not take is up anyway: a target that was not there has lost all of it. */
static void let_go(struct boot_keys *self)
{
    for (unsigned i = self->down.n; i-- > 0;)
        self->input->ops->key(self->input, self->down.usages[i], false);
    self->down.n = 0;
}

/* A target that is not there yet (its USB ports come up only after power-on) gets the next round. */
static void press(struct boot_keys *self, const char *chord)
{
    struct chord parsed;
    char why[80];
    if (chord_parse(chord, &parsed, why, sizeof why) < 0)
        return;
    self->down.n = 0;
    for (unsigned i = 0; i < parsed.n; i++) {
        if (self->input->ops->key(self->input, parsed.usages[i], true) < 0) {
            let_go(self);
            return;
        }
        self->down.usages[self->down.n++] = parsed.usages[i];
    }
    self->arrived = true;
}

static void finish(struct boot_keys *self, enum boot_keys_end end, const char *missed)
{
    let_go(self);
    loop_timer_disarm(self->timer);
    if (self->look)
        self->look->keys = NULL;
    self->look = NULL;
    self->running = false;
    self->done(self->done_data, end, missed);
}

static void finish_recipe(struct boot_keys *self)
{
    const struct key_recipe_step *step = &self->recipe.steps[MIN(self->run.step, self->recipe.n - 1)];
    if (!self->arrived)
        finish(self, BOOT_KEYS_NOT_TAKEN, "");
    else if (self->run.end == KEY_RECIPE_NOT_SHOWN)
        finish(self, BOOT_KEYS_NOT_SHOWN, step->shown);
    else
        finish(self, self->run.end == KEY_RECIPE_DONE_BLINDLY ? BOOT_KEYS_UNSEEN : BOOT_KEYS_PRESSED, "");
}

static void on_text(void *data, int error, const char *why, const struct target_text *text)
{
    struct look *look = data;
    struct boot_keys *self = look->keys;
    unsigned at = look->step;
    (void)why;
    free(look);
    if (!self)
        return;
    self->look = NULL;
    const char *wanted = key_recipe_wanted(&self->run);
    bool shown = false;
    for (unsigned i = 0; error == 0 && wanted && i < text->rows; i++)
        shown |= key_recipe_shows(text->lines[i], wanted);
    key_recipe_looked(&self->run, at, error == 0, shown);
    loop_timer_arm_in(self->timer, 0);
}

static void look(struct boot_keys *self)
{
    struct look *asked = calloc(1, sizeof *asked);
    self->look_us = clock_now_us() + LOOK_US;
    if (!asked)
        return;
    *asked = (struct look){.keys = self, .step = self->run.step};
    self->look = asked;
    self->eyes->look(self->data, on_text, asked);
}

static void step(struct boot_keys *self)
{
    const char *chord;
    uint64_t now = clock_now_us(), until = now;
    switch (key_recipe_next(&self->run, now, &chord, &until)) {
    case KEY_RECIPE_PRESS:
        press(self, chord);
        until = now;
        break;
    case KEY_RECIPE_RELEASE:
        let_go(self);
        until = now;
        break;
    case KEY_RECIPE_WAIT:
        break;
    case KEY_RECIPE_END:
        finish_recipe(self);
        return;
    }
    if (key_recipe_wanted(&self->run) && !self->look) {
        until = MIN(until, MAX(self->look_us, now));
        if (now >= self->look_us)
            look(self);
    }
    if (self->running)
        loop_timer_arm_at(self->timer, until);
}

static void on_timer(void *data)
{
    step(data);
}

int boot_keys_start(struct boot_keys *self, const char *recipe, boot_keys_done_fn *done, void *data, char *why,
                    size_t why_size)
{
    boot_keys_stop(self);
    int r = key_recipe_parse(recipe, boot_keys_known, &self->recipe, why, why_size);
    if (r < 0)
        return r;
    self->done = done;
    self->done_data = data;
    self->running = true;
    self->arrived = false;
    self->look_us = 0;
    key_recipe_begin(&self->run, &self->recipe, clock_now_us());
    loop_timer_arm_in(self->timer, 0);
    return 0;
}

void boot_keys_stop(struct boot_keys *self)
{
    if (self->running)
        finish(self, BOOT_KEYS_STOPPED, "");
}

int boot_keys_create(struct loop *loop, struct input *input, const struct boot_keys_eyes *eyes, void *data,
                     struct boot_keys **ret)
{
    struct boot_keys *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct boot_keys){.input = input, .eyes = eyes, .data = data};
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct boot_keys *boot_keys_destroy(struct boot_keys *self)
{
    if (!self)
        return NULL;
    boot_keys_stop(self);
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}
