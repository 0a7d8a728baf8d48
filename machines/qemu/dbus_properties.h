/* The properties of QEMU's console object that we want, read from the two messages that carry them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

struct dbus_properties {
    uint32_t width, height; /* 0: not told */
    uint32_t modifiers;     /* QEMU's order of LEDs: scroll 1, num 2, caps 4 */
    bool absolute;
    bool has_modifiers, has_absolute;
};

/* Reads one a{sv} (the answer to GetAll, the middle of PropertiesChanged) into *self; unknown names are skipped, sizes
 * beyond FRAME_MAX_SIZE too. 0 or -errno. */
int dbus_properties_read(struct dbus_properties *self, sd_bus_message *m);

/* QEMU's LED bits as INPUT_LED_*. */
uint8_t dbus_properties_leds(uint32_t modifiers);
