#include "usbgadget/holder.h"

#include <errno.h>

int input_holder_key(struct input_holder *self, struct input *port, uint16_t usage, bool down)
{
    int r = keyboard_key(&self->keyboard, usage, down);
    if (r <= 0)
        return r;
    r = port->ops->key(port, usage, down);
    /* A press that was refused is not held; a release that was refused is forgotten too: the port's own release_all at
     * the next attach covers it. */
    if (r < 0 && down)
        keyboard_key(&self->keyboard, usage, false);
    return r;
}

int input_holder_absolute(struct input_holder *self, struct input *port, uint8_t buttons, uint16_t x, uint16_t y,
                          int8_t wheel, int8_t pan)
{
    int r = port->ops->pointer_absolute(port, buttons, x, y, wheel, pan);
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
    int r = port->ops->pointer_relative(port, buttons, dx, dy, wheel, pan);
    if (r < 0)
        return r;
    self->buttons = buttons;
    self->absolute = false;
    return 0;
}

bool input_holder_holds(const struct input_holder *self)
{
    return self->keyboard.n_down || self->buttons;
}

void input_holder_release(struct input_holder *self, struct input *port)
{
    for (uint16_t u = 0; (u = keyboard_next_down(&self->keyboard, u));)
        port->ops->key(port, u, false);
    keyboard_clear(&self->keyboard);
    if (self->buttons && self->absolute)
        port->ops->pointer_absolute(port, 0, self->x, self->y, 0, 0);
    else if (self->buttons)
        port->ops->pointer_relative(port, 0, 0, 0, 0, 0);
    self->buttons = 0;
}
