#include "usbgadget/holder.h"

#include <errno.h>

/* Where a consumer key is held, or where one could be (usage 0); NULL: nowhere. */
static uint16_t *place_of(struct input_holder *self, uint16_t usage)
{
    for (unsigned i = 0; i < HOLDER_CONSUMER_KEYS; i++)
        if (self->consumer[i] == usage)
            return &self->consumer[i];
    return NULL;
}

static bool presses(const struct input_holder *self, uint16_t usage)
{
    if (!(usage & INPUT_CONSUMER))
        return keyboard_is_down(&self->keyboard, usage);
    for (unsigned i = 0; i < HOLDER_CONSUMER_KEYS; i++)
        if (self->consumer[i] == usage)
            return true;
    return false;
}

/* Whether another one of the crowd holds the key, so that it stays down. */
static bool others_press(const struct input_holder *self, uint16_t usage)
{
    for (const struct input_holder *o = self->crowd ? self->crowd->first : NULL; o; o = o->next)
        if (o != self && presses(o, usage))
            return true;
    return false;
}

static uint8_t others_buttons(const struct input_holder *self)
{
    uint8_t buttons = 0;
    for (const struct input_holder *o = self->crowd ? self->crowd->first : NULL; o; o = o->next)
        if (o != self)
            buttons |= o->buttons;
    return buttons;
}

/* A press goes to the port though another one holds the key: the port may have let go of all (a new attach). */
static int pass_key(const struct input_holder *self, struct input *port, uint16_t usage, bool down)
{
    return !down && others_press(self, usage) ? 0 : port->ops->key(port, usage, down);
}

static int consumer_key(struct input_holder *self, struct input *port, uint16_t usage, bool down)
{
    uint16_t *place = place_of(self, usage);
    if ((place != NULL) == down)
        return 0; /* a repeat */
    if (!down) {
        *place = 0;
        return pass_key(self, port, usage, false);
    }
    place = place_of(self, 0);
    int r = place ? port->ops->key(port, usage, true) : -EAGAIN;
    if (r >= 0)
        *place = usage;
    return r;
}

int input_holder_key(struct input_holder *self, struct input *port, uint16_t usage, bool down)
{
    if (usage & INPUT_CONSUMER)
        return consumer_key(self, port, usage, down);
    int r = keyboard_key(&self->keyboard, usage, down);
    if (r <= 0)
        return r;
    r = pass_key(self, port, usage, down);
    /* A press that was refused is not held; a release that was refused is forgotten too: the port's own release_all at
     * the next attach covers it. */
    if (r < 0 && down)
        keyboard_key(&self->keyboard, usage, false);
    return r;
}

static int one_by_one(struct input_holder *self, struct input *port, const struct input_change *changes, unsigned n)
{
    int r = 0;
    for (unsigned i = 0; i < n && r >= 0; i++)
        r = input_holder_key(self, port, changes[i].usage, changes[i].down);
    return r < 0 ? r : 0;
}

int input_holder_keys(struct input_holder *self, struct input *port, const struct input_change *changes, unsigned n)
{
    struct keyboard then = self->keyboard;
    struct input_change passed[INPUT_CHANGES_MAX];
    unsigned n_passed = 0;

    if (!port->ops->keys || n > INPUT_CHANGES_MAX)
        return one_by_one(self, port, changes, n);
    for (unsigned i = 0; i < n; i++) {
        int r = keyboard_key(&then, changes[i].usage, changes[i].down);
        if (r < 0)
            return r;
        if (r > 0 && (changes[i].down || !others_press(self, changes[i].usage)))
            passed[n_passed++] = changes[i];
    }
    int r = n_passed ? port->ops->keys(port, passed, n_passed) : 0;
    if (r >= 0)
        self->keyboard = then;
    return r;
}

int input_holder_absolute(struct input_holder *self, struct input *port, uint8_t buttons, uint16_t x, uint16_t y,
                          int8_t wheel, int8_t pan)
{
    int r = port->ops->pointer_absolute(port, buttons | others_buttons(self), x, y, wheel, pan);
    if (r < 0)
        return r;
    self->buttons = buttons;
    self->absolute = true;
    self->x = x;
    self->y = y;
    return 0;
}

int input_holder_relative(struct input_holder *self, struct input *port, uint8_t buttons, int16_t dx, int16_t dy,
                          int8_t wheel, int8_t pan)
{
    int r = port->ops->pointer_relative(port, buttons | others_buttons(self), dx, dy, wheel, pan);
    if (r < 0)
        return r;
    self->buttons = buttons;
    self->absolute = false;
    return 0;
}

bool input_holder_holds(const struct input_holder *self)
{
    for (unsigned i = 0; i < HOLDER_CONSUMER_KEYS; i++)
        if (self->consumer[i])
            return true;
    return self->keyboard.n_down || self->buttons;
}

void input_holder_release(struct input_holder *self, struct input *port)
{
    for (uint16_t u = 0; (u = keyboard_next_down(&self->keyboard, u));)
        pass_key(self, port, u, false);
    keyboard_clear(&self->keyboard);
    for (unsigned i = 0; i < HOLDER_CONSUMER_KEYS; i++)
        if (self->consumer[i])
            consumer_key(self, port, self->consumer[i], false);
    if (self->buttons && self->absolute)
        port->ops->pointer_absolute(port, others_buttons(self), self->x, self->y, 0, 0);
    else if (self->buttons)
        port->ops->pointer_relative(port, others_buttons(self), 0, 0, 0, 0);
    self->buttons = 0;
}

void input_holder_join(struct input_holder *self, struct input_crowd *crowd)
{
    self->crowd = crowd;
    self->next = crowd->first;
    crowd->first = self;
}

void input_holder_leave(struct input_holder *self)
{
    if (!self->crowd)
        return;
    struct input_holder **at = &self->crowd->first;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    self->next = NULL;
    self->crowd = NULL;
}
