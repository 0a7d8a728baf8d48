/* The calls on GPIO lines: the real ones (libgpiod, manage/gpio.c) or a test's. Values are logical: `active` is what
 * the other end means, whichever level that is on the wire. Errors: -ENOENT no such chip or line, -EBUSY somebody else
 * has the line, -EACCES, or what the kernel says. One thread. */
#pragma once

#include <stdbool.h>

struct gpio_line;
struct gpio;

struct gpio_ops {
    /* An output that rests: inactive from its first instant on. chip: "gpiochip0", a label or a path. The line is given
     * back with close, inactive again. */
    int (*open_output)(const struct gpio *self, const char *chip, unsigned offset, bool active_low,
                       struct gpio_line **ret);
    /* An input that reports edges in both directions, where the chip can. */
    int (*open_input)(const struct gpio *self, const char *chip, unsigned offset, bool active_low,
                      struct gpio_line **ret);
    int (*set)(struct gpio_line *line, bool active);
    int (*get)(struct gpio_line *line);   /* 1 active, 0 not */
    int (*fd)(struct gpio_line *line);    /* readable when edges wait; -1: the chip reports none, it must be asked */
    int (*drain)(struct gpio_line *line); /* takes the edges that wait: how many */
    void (*close)(struct gpio_line *line);
};

struct gpio {
    const struct gpio_ops *ops;
};

extern const struct gpio gpio_real;
