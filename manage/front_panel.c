#include "manage/front_panel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/clock.h"
#include "core/log.h"
#include "manage/gpio.h"
#include "manage/led_filter.h"

#define PRESS_MIN_MS 50
#define PRESS_MAX_MS 15000

#define REST_US 20000  /* after edges: a LED that is dimmed by switching it fast must not take the processor */
#define POLL_US 100000 /* between looks at a line that reports no edges */

/* A sleeping target's power LED is dark for up to two seconds at a time, and has not lost power. */
static const struct {
    const char *name, *key;
    uint64_t on_us, off_us;
} leds[FRONT_PANEL_LEDS] = {
    [FRONT_PANEL_POWER_LED] = {"power LED", "gpio-power-led", 50000, 2500000},
    [FRONT_PANEL_DISK_LED] = {"disk LED", "gpio-disk-led", 0, 250000},
};
static const struct {
    const char *name, *key;
} buttons[FRONT_PANEL_BUTTONS] = {
    [FRONT_PANEL_POWER] = {"power button", "gpio-power-button"},
    [FRONT_PANEL_RESET] = {"reset button", "gpio-reset-button"},
};

struct panel_button {
    struct front_panel *panel;
    enum front_panel_button which;
    struct gpio_line *line; /* NULL: not wired */
    struct loop_timer *timer;
    bool pressed;
};

struct panel_led {
    struct front_panel *panel;
    enum front_panel_led which;
    struct gpio_line *line;
    struct led_filter filter;
    struct loop_io *io; /* NULL: no edges are reported */
    struct loop_timer *timer;
    bool resting;
};

struct front_panel {
    struct loop *loop;
    const struct gpio *gpio;
    const struct front_panel_listener *listener;
    void *data;
    struct panel_button buttons[FRONT_PANEL_BUTTONS];
    struct panel_led leds[FRONT_PANEL_LEDS];
};

/* ---- buttons ---- */

static int let_go(struct panel_button *self)
{
    self->pressed = false;
    return self->panel->gpio->ops->set(self->line, false);
}

static void on_press_over(void *data)
{
    struct panel_button *self = data;
    int r = let_go(self);
    if (r < 0)
        log_error("front-panel", "the %s cannot be let go: %s", buttons[self->which].name, strerror(-r));
    self->panel->listener->pressed(self->panel->data, self->which, r);
}

int front_panel_press(struct front_panel *self, enum front_panel_button which, unsigned milliseconds)
{
    if ((unsigned)which >= FRONT_PANEL_BUTTONS || milliseconds < PRESS_MIN_MS || milliseconds > PRESS_MAX_MS)
        return -EINVAL;
    struct panel_button *button = &self->buttons[which];
    if (!button->line)
        return -ENODEV;
    /* two at once mean something else to some boards */
    for (unsigned i = 0; i < FRONT_PANEL_BUTTONS; i++)
        if (self->buttons[i].pressed)
            return -EBUSY;
    int r = self->gpio->ops->set(button->line, true);
    if (r < 0) {
        let_go(button);
        return r;
    }
    button->pressed = true;
    loop_timer_arm_in(button->timer, (uint64_t)milliseconds * 1000);
    return 0;
}

/* ---- LEDs ---- */

static void plan_look(struct panel_led *self)
{
    uint64_t now = clock_now_us(), due = led_filter_due(&self->filter);
    if (self->resting)
        due = MIN(due, now + REST_US);
    else if (!self->io)
        due = MIN(due, now + POLL_US);
    if (due == UINT64_MAX)
        loop_timer_disarm(self->timer);
    else
        loop_timer_arm_at(self->timer, due);
}

/* The chip went away (unplugged, its driver unbound): what it showed last is no news of the target any more. */
static void give_up(struct panel_led *self, int error)
{
    log_error("front-panel", "the %s cannot be read any more: %s", leds[self->which].name, strerror(-error));
    self->io = loop_io_remove(self->io);
    loop_timer_disarm(self->timer);
}

static void look(struct panel_led *self)
{
    const struct gpio_ops *ops = self->panel->gpio->ops;
    int edges = self->io ? ops->drain(self->line) : 0;
    int lit = edges < 0 ? edges : ops->get(self->line);
    if (lit < 0) {
        give_up(self, lit);
        return;
    }
    bool changed = led_filter_look(&self->filter, lit > 0, edges > 0, clock_now_us());
    bool rest = self->io && edges > 0;
    if (self->io && rest != self->resting)
        loop_io_set_events(self->io, rest ? 0 : EPOLLIN);
    self->resting = rest;
    plan_look(self);
    if (changed)
        self->panel->listener->led(self->panel->data, self->which, self->filter.on);
}

static void on_look_due(void *data)
{
    look(data);
}

static void on_edge(void *data, int fd, uint32_t events)
{
    (void)fd, (void)events;
    look(data);
}

/* ---- wiring ---- */

static int explain(int error, const char *name, const char *key, const struct front_panel_line *line, char *why,
                   size_t size)
{
    switch (error) {
    case -ENOENT:
        snprintf(why, size,
                 "The %s is on line %u of GPIO chip %s, which is not there: correct %s (gpioinfo lists them).", name,
                 line->offset, line->chip, key);
        break;
    case -EBUSY:
        snprintf(why, size,
                 "The %s is on line %u of GPIO chip %s, which another program or driver has: end that one (gpioinfo "
                 "names it), or correct %s.",
                 name, line->offset, line->chip, key);
        break;
    default:
        snprintf(why, size, "The %s, line %u of GPIO chip %s, cannot be used (%s): check %s.", name, line->offset,
                 line->chip, strerror(-error), key);
    }
    return error;
}

static int wire_button(struct front_panel *self, unsigned i, const struct front_panel_line *line, char *why,
                       size_t size)
{
    struct panel_button *button = &self->buttons[i];
    *button = (struct panel_button){.panel = self, .which = (enum front_panel_button)i};
    if (!line->chip[0])
        return 0;
    int r = self->gpio->ops->open_output(self->gpio, line->chip, line->offset, line->active_low, &button->line);
    if (r < 0)
        return explain(r, buttons[i].name, buttons[i].key, line, why, size);
    return loop_timer_add(self->loop, on_press_over, button, &button->timer);
}

static int wire_led(struct front_panel *self, unsigned i, const struct front_panel_line *line, char *why, size_t size)
{
    const struct gpio_ops *ops = self->gpio->ops;
    struct panel_led *led = &self->leds[i];
    *led = (struct panel_led){.panel = self, .which = (enum front_panel_led)i};
    if (!line->chip[0])
        return 0;
    int r = ops->open_input(self->gpio, line->chip, line->offset, line->active_low, &led->line);
    int lit = r < 0 ? r : ops->get(led->line);
    if (lit < 0)
        return explain(lit, leds[i].name, leds[i].key, line, why, size);
    led_filter_init(&led->filter, leds[i].on_us, leds[i].off_us, lit > 0, clock_now_us());
    r = loop_timer_add(self->loop, on_look_due, led, &led->timer);
    if (r == 0 && ops->fd(led->line) >= 0)
        r = loop_io_add(self->loop, ops->fd(led->line), EPOLLIN, on_edge, led, &led->io);
    return r;
}

int front_panel_create(struct loop *loop, const struct gpio *gpio, const struct front_panel_config *config,
                       const struct front_panel_listener *listener, void *data, struct front_panel **ret, char *why,
                       size_t why_size)
{
    struct front_panel *self = calloc(1, sizeof *self);
    snprintf(why, why_size, "There is no memory for the front panel.");
    if (!self)
        return -ENOMEM;
    *self = (struct front_panel){.loop = loop, .gpio = gpio ? gpio : &gpio_real, .listener = listener, .data = data};
    int r = 0;
    for (unsigned i = 0; r == 0 && i < FRONT_PANEL_BUTTONS; i++)
        r = wire_button(self, i, &config->buttons[i], why, why_size);
    for (unsigned i = 0; r == 0 && i < FRONT_PANEL_LEDS; i++)
        r = wire_led(self, i, &config->leds[i], why, why_size);
    if (r < 0) {
        front_panel_destroy(self);
        return r;
    }
    why[0] = '\0';
    *ret = self;
    for (unsigned i = 0; i < FRONT_PANEL_LEDS; i++)
        if (self->leds[i].line) {
            listener->led(data, self->leds[i].which, self->leds[i].filter.on);
            plan_look(&self->leds[i]);
        }
    return 0;
}

struct front_panel *front_panel_destroy(struct front_panel *self)
{
    if (!self)
        return NULL;
    for (unsigned i = 0; i < FRONT_PANEL_BUTTONS; i++) {
        struct panel_button *button = &self->buttons[i];
        loop_timer_remove(button->timer);
        if (button->line)
            self->gpio->ops->close(button->line);
    }
    for (unsigned i = 0; i < FRONT_PANEL_LEDS; i++) {
        struct panel_led *led = &self->leds[i];
        loop_timer_remove(led->timer);
        loop_io_remove(led->io);
        if (led->line)
            self->gpio->ops->close(led->line);
    }
    free(self);
    return NULL;
}
