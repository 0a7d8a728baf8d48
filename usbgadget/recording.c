#include "usbgadget/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"

static void record(struct input_recording *self, const uint8_t *bytes, uint8_t size)
{
    struct recording_report *r = &self->reports[self->n_reports++ % RECORDING_MAX];
    r->size = size;
    memcpy(r->bytes, bytes, size);
}

static void record_keyboard(struct input_recording *self)
{
    uint8_t bytes[KEYBOARD_REPORT_SIZE];
    keyboard_report(&self->keyboard, bytes);
    record(self, bytes, sizeof bytes);
}

static void recording_listen(struct input *input, const struct input_listener *listener, void *data)
{
    struct input_recording *self = container_of(input, struct input_recording, input);
    self->listener = listener;
    self->listener_data = data;
    if (listener) {
        listener->leds(data, 0);
        listener->absolute(data, true);
    }
}

static int recording_key(struct input *input, uint16_t usage, bool down)
{
    struct input_recording *self = container_of(input, struct input_recording, input);
    if (usage & INPUT_CONSUMER)
        return 0; /* it has no such keys */
    int r = keyboard_key(&self->keyboard, usage, down);
    if (r > 0)
        record_keyboard(self);
    return r < 0 ? r : 0;
}

static int recording_absolute(struct input *input, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel, int8_t pan)
{
    struct input_recording *self = container_of(input, struct input_recording, input);
    uint8_t bytes[POINTER_ABSOLUTE_SIZE];
    self->buttons = buttons & POINTER_BUTTONS;
    pointer_absolute_report(buttons, x, y, wheel, pan, bytes);
    record(self, bytes, sizeof bytes);
    return 0;
}

static int recording_relative(struct input *input, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel, int8_t pan)
{
    struct input_recording *self = container_of(input, struct input_recording, input);
    struct pointer_motion motion = {0};
    uint8_t bytes[POINTER_RELATIVE_SIZE];
    bool more;

    self->buttons = buttons & POINTER_BUTTONS;
    pointer_motion_add(&motion, dx, dy, wheel, pan);
    do {
        more = pointer_relative_report(&motion, buttons, bytes);
        record(self, bytes, sizeof bytes);
    } while (more);
    return 0;
}

static void recording_release_all(struct input *input)
{
    struct input_recording *self = container_of(input, struct input_recording, input);
    keyboard_clear(&self->keyboard);
    record_keyboard(self);
    if (self->buttons)
        recording_relative(input, 0, 0, 0, 0, 0);
}

static void recording_destroy(struct input *input)
{
    free(container_of(input, struct input_recording, input));
}

static const struct input_ops recording_ops = {
    .name = "recording",
    .listen = recording_listen,
    .key = recording_key,
    .pointer_absolute = recording_absolute,
    .pointer_relative = recording_relative,
    .release_all = recording_release_all,
    .destroy = recording_destroy,
};

int input_recording_create(struct input_recording **ret)
{
    struct input_recording *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->input.ops = &recording_ops;
    *ret = self;
    return 0;
}

const struct recording_report *input_recording_last(const struct input_recording *self, size_t i)
{
    if (i >= self->n_reports || i >= RECORDING_MAX)
        return NULL;
    return &self->reports[(self->n_reports - 1 - i) % RECORDING_MAX];
}
