#include "machines/qemu/dbus_properties.h"

#include <string.h>

#include "usbgadget/input.h"
#include "video/frame.h"

static int read_size(sd_bus_message *m, uint32_t *ret)
{
    uint32_t size = 0;
    int r = sd_bus_message_read(m, "v", "u", &size);
    if (r >= 0 && size >= 1 && size <= FRAME_MAX_SIZE)
        *ret = size;
    return r;
}

/* The value of one entry, whose name was read. A name we know with a value of another type is an error. */
static int read_value(struct dbus_properties *self, const char *name, sd_bus_message *m)
{
    if (!strcmp(name, "Width"))
        return read_size(m, &self->width);
    if (!strcmp(name, "Height"))
        return read_size(m, &self->height);
    if (!strcmp(name, "Modifiers")) {
        self->has_modifiers = true;
        return sd_bus_message_read(m, "v", "u", &self->modifiers);
    }
    if (!strcmp(name, "IsAbsolute")) {
        int on = 0;
        int r = sd_bus_message_read(m, "v", "b", &on);
        self->has_absolute = true;
        self->absolute = on;
        return r;
    }
    return sd_bus_message_skip(m, "v");
}

int dbus_properties_read(struct dbus_properties *self, sd_bus_message *m)
{
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        const char *name;
        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
            r = read_value(self, name, m);
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

uint8_t dbus_properties_leds(uint32_t modifiers)
{
    return (uint8_t)((modifiers & 1 ? INPUT_LED_SCROLL : 0) | (modifiers & 2 ? INPUT_LED_NUM : 0) |
                     (modifiers & 4 ? INPUT_LED_CAPS : 0));
}
