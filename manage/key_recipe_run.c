/* A recipe on its way: which key comes when. */
#include "core/attrs.h"
#include "manage/key_recipe.h"

static void begin_step(struct key_recipe_run *self, unsigned step, uint64_t now_us)
{
    self->step = step;
    self->key = self->time = 0;
    self->down = self->pressing = self->once = self->seen = self->readable = false;
    self->began_us = self->next_us = self->round_us = now_us;
    if (step == self->recipe->n)
        self->end = self->blind ? KEY_RECIPE_DONE_BLINDLY : KEY_RECIPE_DONE;
}

void key_recipe_begin(struct key_recipe_run *self, const struct key_recipe *recipe, uint64_t now_us)
{
    *self = (struct key_recipe_run){.recipe = recipe};
    begin_step(self, 0, now_us);
}

static const struct key_recipe_step *current(const struct key_recipe_run *self)
{
    return &self->recipe->steps[self->step];
}

const char *key_recipe_wanted(const struct key_recipe_run *self)
{
    bool looks = self->end == KEY_RECIPE_RUNS && !self->seen && current(self)->shown[0];
    return looks ? current(self)->shown : NULL;
}

void key_recipe_looked(struct key_recipe_run *self, unsigned step, bool readable, bool shown)
{
    if (self->step != step || !key_recipe_wanted(self))
        return;
    self->readable = readable;
    self->seen = readable && shown;
}

/* The step ended; the screen is given a moment before the next keys. */
static void leave(struct key_recipe_run *self, uint64_t now_us)
{
    begin_step(self, self->step + 1, now_us + (current(self)->n_keys ? 0 : KEY_RECIPE_GAP_US));
}

static void time_over(struct key_recipe_run *self, uint64_t now_us)
{
    if (current(self)->shown[0] && self->readable) {
        self->end = KEY_RECIPE_NOT_SHOWN;
        return;
    }
    self->blind |= current(self)->shown[0] != '\0';
    leave(self, now_us);
}

static const char *release(struct key_recipe_run *self, uint64_t now_us)
{
    const struct key_recipe_step *step = current(self);
    const struct key_recipe_key *key = &step->keys[self->key];
    self->down = false;
    self->next_us = now_us + KEY_RECIPE_GAP_US;
    if (++self->time == key->times) {
        self->time = 0;
        self->key++;
    }
    if (self->key == step->n_keys) {
        self->key = 0;
        self->pressing = false;
        self->once = true;
    }
    return key->chord;
}

static const char *press(struct key_recipe_run *self, uint64_t now_us)
{
    if (!self->pressing)
        self->round_us = now_us + current(self)->every_us;
    self->pressing = self->down = true;
    self->next_us = now_us + KEY_RECIPE_HOLD_US;
    return current(self)->keys[self->key].chord;
}

/* Between two rounds, or before the first. True: a step ended. */
static bool between_rounds(struct key_recipe_run *self, uint64_t now_us, uint64_t *ret_until_us)
{
    const struct key_recipe_step *step = current(self);
    bool limited = step->repeats || !step->n_keys;
    uint64_t over_us = self->began_us + step->for_us;
    if (self->seen || (!limited && self->once)) {
        leave(self, now_us);
        return true;
    }
    if (limited && now_us >= over_us) {
        time_over(self, now_us);
        return true;
    }
    *ret_until_us = step->n_keys ? MIN(self->round_us, over_us) : over_us;
    return false;
}

enum key_recipe_act key_recipe_next(struct key_recipe_run *self, uint64_t now_us, const char **ret_chord,
                                    uint64_t *ret_until_us)
{
    while (self->end == KEY_RECIPE_RUNS) {
        *ret_until_us = self->next_us;
        if (now_us < self->next_us)
            return KEY_RECIPE_WAIT;
        if (self->down) {
            *ret_chord = release(self, now_us);
            return KEY_RECIPE_RELEASE;
        }
        if (!self->pressing || self->seen) {
            if (between_rounds(self, now_us, ret_until_us))
                continue;
            if (now_us < *ret_until_us)
                return KEY_RECIPE_WAIT;
        }
        *ret_chord = press(self, now_us);
        return KEY_RECIPE_PRESS;
    }
    return KEY_RECIPE_END;
}
