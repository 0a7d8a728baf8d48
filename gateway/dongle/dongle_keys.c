/* The input port that the target has: hands everything on, and tells the automatic choice whether something is held,
 * because then the keyboard must not be unplugged. */
#include <string.h>

#include "gateway/dongle/dongle_internal.h"

static struct dongle_keys *of(struct input *input)
{
    return (struct dongle_keys *)input;
}

static void on_listen(struct input *input, const struct input_listener *listener, void *data)
{
    of(input)->inner->ops->listen(of(input)->inner, listener, data);
}

static void set_down(struct dongle_keys *self, unsigned bit, bool down)
{
    bool was = self->down[bit / 8] >> (bit % 8) & 1;
    if (was == down)
        return;
    self->down[bit / 8] ^= (uint8_t)(1u << bit % 8);
    self->n_down = down ? self->n_down + 1 : self->n_down - 1;
    if (self->n_down == 0)
        dongle_choice_event(self->dongle, CHOOSER_KEYS_UP);
    else if (down && self->n_down == 1)
        dongle_choice_event(self->dongle, CHOOSER_KEY_DOWN);
}

static int on_key(struct input *input, uint16_t usage, bool down)
{
    struct dongle_keys *self = of(input);
    int r = self->inner->ops->key(self->inner, usage, down);
    /* a refused press is not held; a refused release goes with the port's own all-up */
    if (usage < 256 && (r == 0 || !down))
        set_down(self, usage, down);
    return r;
}

/* Presses count first: between two keys of one report nobody has let go of all. */
static int on_keys(struct input *input, const struct input_change *changes, unsigned n)
{
    struct dongle_keys *self = of(input);
    int r = self->inner->ops->keys(self->inner, changes, n);
    for (unsigned pass = 0; r == 0 && pass < 2; pass++)
        for (unsigned i = 0; i < n; i++)
            if (changes[i].down == (pass == 0) && changes[i].usage < 256)
                set_down(self, changes[i].usage, changes[i].down);
    return r;
}

static int on_absolute(struct input *input, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel, int8_t pan)
{
    struct input *inner = of(input)->inner;
    return inner->ops->pointer_absolute(inner, buttons, x, y, wheel, pan);
}

static int on_relative(struct input *input, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel, int8_t pan)
{
    struct input *inner = of(input)->inner;
    return inner->ops->pointer_relative(inner, buttons, dx, dy, wheel, pan);
}

static void on_release_all(struct input *input)
{
    struct dongle_keys *self = of(input);
    bool held = self->n_down > 0;
    self->inner->ops->release_all(self->inner);
    memset(self->down, 0, sizeof self->down);
    self->n_down = 0;
    if (held)
        dongle_choice_event(self->dongle, CHOOSER_KEYS_UP);
}

static void on_statistics(struct input *input, struct input_statistics *ret)
{
    struct input *inner = of(input)->inner;
    memset(ret, 0, sizeof *ret);
    if (inner->ops->statistics)
        inner->ops->statistics(inner, ret);
}

static int on_pace(struct input *input)
{
    struct input *inner = of(input)->inner;
    return inner->ops->pace ? inner->ops->pace(inner) : 0;
}

static void on_destroy(struct input *input)
{
    struct dongle_keys *self = of(input);
    if (self->inner)
        self->inner->ops->destroy(self->inner);
    self->inner = NULL;
}

void dongle_keys_init(struct dongle *self)
{
    static const struct input_ops ops = {
        .name = "dongle",
        .listen = on_listen,
        .key = on_key,
        .keys = on_keys,
        .pointer_absolute = on_absolute,
        .pointer_relative = on_relative,
        .release_all = on_release_all,
        .statistics = on_statistics,
        .pace = on_pace,
        .destroy = on_destroy,
    };
    self->keys = (struct dongle_keys){.input.ops = &ops, .dongle = self, .inner = hidg_input(self->hidg)};
}
