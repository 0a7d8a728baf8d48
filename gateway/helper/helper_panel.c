/* The front panel's lines, as the helper has them. */
#include <errno.h>
#include <stdio.h>

#include "core/log.h"
#include "gateway/helper/helper.h"

static void on_led(void *data, enum front_panel_led led, bool on)
{
    struct helper_dongle *self = data;
    self->leds[led] = (uint8_t)(HELPER_LED_KNOWN | (on ? HELPER_LED_ON : 0));
    helper_tell(self);
}

static void on_pressed(void *data, enum front_panel_button button, int error)
{
    struct helper_dongle *self = data;
    struct helper_waiting *waiting = &self->presses[button];
    if (waiting->waits)
        helper_answer(self->helper, waiting->serial, error, error < 0 ? "The line could not be set." : NULL);
    waiting->waits = waiting->pressed = false;
}

static bool is_wired(const struct front_panel_config *panel)
{
    for (unsigned i = 0; i < FRONT_PANEL_BUTTONS; i++)
        if (panel->buttons[i].chip[0])
            return true;
    for (unsigned i = 0; i < FRONT_PANEL_LEDS; i++)
        if (panel->leds[i].chip[0])
            return true;
    return false;
}

void helper_panel_begin(struct helper_dongle *self)
{
    static const struct front_panel_listener listener = {.led = on_led, .pressed = on_pressed};
    const struct front_panel_config *panel = &self->target->dongle.panel;
    char why[HELPER_WHY] = "";
    if (!is_wired(panel))
        return;
    int r = front_panel_create(self->helper->loop, NULL, panel, &listener, self, &self->panel, why, sizeof why);
    if (r < 0)
        log_error("helper", "target %s: its front panel cannot be used: %s", self->target->name, why);
}

void helper_panel_end(struct helper_dongle *self)
{
    self->panel = front_panel_destroy(self->panel);
}

void helper_panel_forget(struct helper_dongle *self)
{
    for (unsigned i = 0; i < FRONT_PANEL_BUTTONS; i++)
        self->presses[i].waits = false;
}

bool helper_panel_presses(const struct helper *self)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        for (unsigned k = 0; self->dongles[i] && k < FRONT_PANEL_BUTTONS; k++)
            if (self->dongles[i]->presses[k].pressed)
                return true;
    return false;
}

void helper_press(const struct helper_question *question, const struct helper_press *press)
{
    struct helper_dongle *self = question->dongle;
    struct helper_waiting *waiting = &self->presses[press->button];
    enum front_panel_button button = press->button;
    if (waiting->waits) {
        helper_answer(self->helper, question->serial, -EBUSY, "The button is being pressed.");
        return;
    }
    /* before the call, which may end the press at once */
    bool pressed = waiting->pressed;
    *waiting = (struct helper_waiting){.waits = true, .pressed = true, .serial = question->serial};
    int r = self->panel ? front_panel_press(self->panel, button, press->milliseconds) : -ENODEV;
    if (r == 0)
        return;
    waiting->waits = false;
    waiting->pressed = pressed;
    helper_answer(self->helper, question->serial, r,
                  r == -EBUSY    ? "A button is being pressed."
                  : r == -ENODEV ? "This button is not wired; add its gpio key to the configuration."
                                 : "The line could not be set.");
}
