/* The target's front panel on GPIO lines: power and reset button, power and disk LED (libgpiod in manage/gpio.c; a fake
 * chip in tests behind the same table). The helper's; one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"

#define FRONT_PANEL_CHIP_MAX 64

struct front_panel_line {
    char chip[FRONT_PANEL_CHIP_MAX]; /* "gpiochip0", a label, or a path; "": not wired */
    unsigned offset;
    bool active_low;
};

enum front_panel_button { FRONT_PANEL_POWER, FRONT_PANEL_RESET, FRONT_PANEL_BUTTONS };
enum front_panel_led { FRONT_PANEL_POWER_LED, FRONT_PANEL_DISK_LED, FRONT_PANEL_LEDS };

struct front_panel_config {
    struct front_panel_line buttons[FRONT_PANEL_BUTTONS], leds[FRONT_PANEL_LEDS];
};

struct gpio; /* manage/gpio.h: the calls on a chip */
struct front_panel;

struct front_panel_listener {
    void (*led)(void *data, enum front_panel_led led, bool on); /* first as it is, then after each steady change */
    void (*pressed)(void *data, enum front_panel_button button, int error); /* the press ended */
};

/* gpio NULL: the real ones. -ENOENT: a chip or line is not there; -EBUSY: somebody has it; why names it and the remedy.
 */
int front_panel_create(struct loop *loop, const struct gpio *gpio, const struct front_panel_config *config,
                       const struct front_panel_listener *listener, void *data, struct front_panel **ret, char *why,
                       size_t why_size);
struct front_panel *front_panel_destroy(struct front_panel *self); /* lets go of all buttons; NULL allowed */

/* Presses for so long; -EBUSY while one is pressed; -ENODEV: not wired. 50..15000 ms. */
int front_panel_press(struct front_panel *self, enum front_panel_button button, unsigned milliseconds);
