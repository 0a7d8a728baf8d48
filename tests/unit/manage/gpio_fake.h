/* A GPIO chip of eight lines in memory, called "fake". */
#pragma once

#include "manage/gpio.h"

#define GPIO_FAKE_LINES 8

struct gpio_line {
    struct gpio_fake *chip;
    unsigned offset;
    bool opened, output, active_low;
    bool level; /* on the wire */
    int event;  /* of the edges; -1 */
};

struct gpio_fake {
    struct gpio gpio;
    struct gpio_line lines[GPIO_FAKE_LINES];
    bool busy[GPIO_FAKE_LINES]; /* somebody else has it */
    bool no_edges;              /* a chip without an interrupt */
    int fail;                   /* the next get or set */
    unsigned sets;
};

void gpio_fake_init(struct gpio_fake *self);
/* The other end changes an input, edges and all. */
void gpio_fake_drive(struct gpio_fake *self, unsigned offset, bool level);
