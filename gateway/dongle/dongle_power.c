#include "gateway/dongle/dongle_power.h"

#include <errno.h>
#include <stdlib.h>

#include "core/attrs.h"
#include "core/clock.h"

#define NO_BUS_US 3000000 /* shorter: a reset, or we bind anew */
#define SOFT_OFF_US 300000000
#define ON_MS 10000
#define OFF_MS 8000 /* the LED's own delay is in it */
#define REST_MS 3000
#define WAKE_AGAIN_MS 2000

#define WHY_NO_BUTTON                                                                                                  \
    "No power button is wired to the gateway, and no Wake-on-LAN is configured: give gpio-power-button or wake-mac "   \
    "in "                                                                                                              \
    "the configuration."
#define WHY_NO_POWER_BUTTON "No power button is wired to the gateway: give gpio-power-button in the configuration."
#define WHY_HELPER "The process that has the devices is not there just now; see the gateway's log."
#define WHY_STAYS_DARK                                                                                                 \
    "The target was told to start, but its power LED stays dark: is it connected to the mains, and the button's "      \
    "cable "                                                                                                           \
    "to the right pins?"
#define WHY_STAYS_LIT                                                                                                  \
    "The power button was held, but the power LED still shines: give a longer press-long in the configuration, or "    \
    "check the button's cable."
#define WHY_OFF "The target is off: there is nothing to reset. Switch it on."
#define WHY_BUSY "Another power action is under way; try again in a moment."
#define WHY_RECIPE                                                                                                     \
    "No keys are configured that make this target boot so: give boot-keys-... in the configuration (docs/power.md)."

struct dongle_power {
    struct power power;
    struct dongle_power_config config;
    const struct dongle_power_hands *hands;
    void *data;
    struct power_steps *steps;
    struct loop_timer *timer; /* the state changes by time alone */

    bool helper; /* there is one, and it has told: */
    struct helper_state seen;
    uint64_t no_bus_us;   /* since when; 0: there is one */
    uint64_t soft_off_us; /* asked then; 0: not, or it is off by now */
    enum power_state told;
    enum power_boot boot;

    void (*changed)(void *data);
    void *changed_data;
};

static struct dongle_power *from(struct power *power)
{
    return container_of(power, struct dongle_power, power);
}

/* ---- state ---- */

static bool led_known(const struct dongle_power *self)
{
    return self->helper && (self->seen.leds[FRONT_PANEL_POWER_LED] & HELPER_LED_KNOWN);
}

static bool has_button(const struct dongle_power *self, enum front_panel_button button)
{
    return self->helper && (self->seen.buttons >> button & 1);
}

static enum power_state usb_state(const struct dongle_power *self)
{
    if (!self->helper || !self->seen.bound)
        return POWER_UNKNOWN;
    if (self->seen.udc == HELPER_UDC_CONFIGURED)
        return POWER_ON;
    bool off = self->no_bus_us && clock_now_us() - self->no_bus_us >= NO_BUS_US;
    return off ? POWER_OFF : POWER_UNKNOWN;
}

static enum power_state bare_state(const struct dongle_power *self)
{
    if (!led_known(self))
        return usb_state(self);
    return self->seen.leds[FRONT_PANEL_POWER_LED] & HELPER_LED_ON ? POWER_ON : POWER_OFF;
}

static enum power_state port_state(struct power *power)
{
    struct dongle_power *self = from(power);
    enum power_state state = bare_state(self);
    bool going = self->soft_off_us && clock_now_us() - self->soft_off_us < SOFT_OFF_US;
    return state == POWER_ON && going ? POWER_GOING_OFF : state;
}

static enum power_state state_for_steps(void *data)
{
    return bare_state(data);
}

static void start_keys(struct dongle_power *self)
{
    enum power_boot boot = self->boot;
    self->boot = POWER_BOOT_DEFAULT;
    if (boot != POWER_BOOT_DEFAULT)
        self->hands->boot_keys(self->data, boot);
}

/* Where time alone changes the state. */
static void plan(struct dongle_power *self)
{
    uint64_t now = clock_now_us(), due = UINT64_MAX;
    if (self->no_bus_us && now - self->no_bus_us < NO_BUS_US)
        due = self->no_bus_us + NO_BUS_US;
    if (self->soft_off_us && now - self->soft_off_us < SOFT_OFF_US)
        due = MIN(due, self->soft_off_us + SOFT_OFF_US);
    if (due == UINT64_MAX)
        loop_timer_disarm(self->timer);
    else
        loop_timer_arm_at(self->timer, due);
}

static void tell(struct dongle_power *self)
{
    enum power_state before = self->told, state = bare_state(self);
    if (state == POWER_OFF)
        self->soft_off_us = 0;
    self->told = port_state(&self->power);
    plan(self);
    /* somebody pressed the button by hand; not while we do, who know better when it starts */
    if (before == POWER_OFF && state == POWER_ON && !power_steps_busy(self->steps))
        start_keys(self);
    if (self->told != before && self->changed)
        self->changed(self->changed_data);
    power_steps_look(self->steps);
}

static void on_timer(void *data)
{
    tell(data);
}

void dongle_power_helper(struct dongle_power *self, const struct helper_state *state)
{
    self->helper = state != NULL;
    if (state)
        self->seen = *state;
    bool no_bus = state && state->bound && state->udc == HELPER_UDC_NOT_ATTACHED;
    self->no_bus_us = no_bus ? (self->no_bus_us ? self->no_bus_us : clock_now_us()) : 0;
    tell(self);
}

/* ---- acting ---- */

static void hand_press(void *data, enum front_panel_button button, unsigned milliseconds, power_done_fn *done,
                       void *done_data)
{
    struct dongle_power *self = data;
    self->hands->press(self->data, button, milliseconds, done, done_data);
}

static void hand_wake(void *data, power_done_fn *done, void *done_data)
{
    struct dongle_power *self = data;
    self->hands->wake(self->data, done, done_data);
}

static void hand_starts(void *data)
{
    start_keys(data);
}

struct row {
    struct power_step steps[POWER_STEPS_MAX];
    unsigned n;
};

static void add(struct row *row, struct power_step step)
{
    assert(row->n < POWER_STEPS_MAX);
    row->steps[row->n++] = step;
}

static struct power_step press(const struct dongle_power *self, enum front_panel_button button, bool hold)
{
    return (struct power_step){.kind = POWER_STEP_PRESS,
                               .button = button,
                               .milliseconds = hold ? self->config.press_long_ms : self->config.press_short_ms};
}

/* A packet may be lost; one too many harms nobody. */
static void add_wake(struct row *row, bool known)
{
    static const struct power_step packet = {.kind = POWER_STEP_WAKE};
    const struct power_step again = {.kind = known ? POWER_STEP_TRY : POWER_STEP_PAUSE,
                                     .milliseconds = WAKE_AGAIN_MS / (known ? 1 : 2),
                                     .state = POWER_ON};
    add(row, packet);
    add(row, (struct power_step){.kind = POWER_STEP_STARTS});
    add(row, again);
    add(row, packet);
    add(row, again);
    add(row, packet);
}

/* Where nobody knows whether it is on, the packet comes first: it cannot switch anything off. */
static void add_on(const struct dongle_power *self, struct row *row, bool was_off)
{
    bool known = led_known(self);
    bool packet = self->config.wake && !was_off && bare_state(self) == POWER_UNKNOWN;
    if (has_button(self, FRONT_PANEL_POWER) && !packet) {
        add(row, press(self, FRONT_PANEL_POWER, false));
        add(row, (struct power_step){.kind = POWER_STEP_STARTS});
    } else {
        add_wake(row, known);
    }
    if (known)
        add(row, (struct power_step){
                     .kind = POWER_STEP_AWAIT, .milliseconds = ON_MS, .state = POWER_ON, .why = WHY_STAYS_DARK});
}

static void add_hard_off(const struct dongle_power *self, struct row *row)
{
    add(row, press(self, FRONT_PANEL_POWER, true));
    if (led_known(self))
        add(row, (struct power_step){
                     .kind = POWER_STEP_AWAIT, .milliseconds = OFF_MS, .state = POWER_OFF, .why = WHY_STAYS_LIT});
}

/* Without a reset button: off, a moment for the power supply, on. */
static void add_reset(const struct dongle_power *self, struct row *row)
{
    if (has_button(self, FRONT_PANEL_RESET)) {
        add(row, press(self, FRONT_PANEL_RESET, false));
        add(row, (struct power_step){.kind = POWER_STEP_STARTS});
        return;
    }
    add_hard_off(self, row);
    add(row, (struct power_step){.kind = POWER_STEP_PAUSE, .milliseconds = REST_MS});
    add_on(self, row, true);
}

/* 1: there is nothing to do. */
static int check(const struct dongle_power *self, enum power_action action, const char **ret_why)
{
    enum power_state state = bare_state(self);
    bool button = has_button(self, FRONT_PANEL_POWER);
    bool wakes = action == POWER_ACT_ON && self->config.wake;
    *ret_why = NULL;
    if (action == POWER_ACT_NMI) {
        *ret_why = "A front panel has no button for an NMI.";
        return -ENOTSUP;
    }
    if (!self->helper && !wakes) {
        *ret_why = WHY_HELPER;
        return -ENODEV;
    }
    if (action == POWER_ACT_RESET && state == POWER_OFF) {
        *ret_why = WHY_OFF;
        return -ENOTCONN;
    }
    if (!button && !wakes && !(action == POWER_ACT_RESET && has_button(self, FRONT_PANEL_RESET))) {
        *ret_why = action == POWER_ACT_ON ? WHY_NO_BUTTON : WHY_NO_POWER_BUTTON;
        return -ENOTSUP;
    }
    /* a press would do the contrary */
    return state == (action == POWER_ACT_ON ? POWER_ON : POWER_OFF) ? 1 : 0;
}

static void port_act(struct power *power, enum power_action action, power_done_fn *done, void *data)
{
    struct dongle_power *self = from(power);
    const char *why;
    int r = check(self, action, &why);
    if (r == 0 && power_steps_busy(self->steps)) {
        why = WHY_BUSY;
        r = -EBUSY;
    }
    if (r != 0) {
        done(data, r < 0 ? r : 0, why);
        return;
    }
    struct row row = {.n = 0};
    if (action == POWER_ACT_ON)
        add_on(self, &row, false);
    else if (action == POWER_ACT_HARD_OFF)
        add_hard_off(self, &row);
    else if (action == POWER_ACT_RESET)
        add_reset(self, &row);
    else
        add(&row, press(self, FRONT_PANEL_POWER, false));
    self->soft_off_us = action == POWER_ACT_SOFT_OFF ? clock_now_us() : 0;
    tell(self);
    power_steps_run(self->steps, row.steps, row.n, done, data);
}

/* ---- the rest of the port ---- */

static void port_boot_once(struct power *power, enum power_boot boot, power_done_fn *done, void *data)
{
    struct dongle_power *self = from(power);
    if (boot != POWER_BOOT_DEFAULT && !self->config.recipes[boot]) {
        done(data, -ENOTSUP, WHY_RECIPE);
        return;
    }
    self->boot = boot;
    done(data, 0, NULL);
}

static enum power_boot port_boot_next(struct power *power)
{
    return from(power)->boot;
}

static void port_listen(struct power *power, void (*changed)(void *data), void *data)
{
    struct dongle_power *self = from(power);
    self->changed = changed;
    self->changed_data = data;
}

static void port_destroy(struct power *power)
{
    struct dongle_power *self = from(power);
    power_steps_destroy(self->steps);
    loop_timer_remove(self->timer);
    free(self);
}

static const struct power_ops port_ops = {
    .name = "dongle",
    .state = port_state,
    .listen = port_listen,
    .act = port_act,
    .boot_once = port_boot_once,
    .boot_next = port_boot_next,
    .destroy = port_destroy,
};

struct power *dongle_power_port(struct dongle_power *self)
{
    return &self->power;
}

int dongle_power_create(struct loop *loop, const struct dongle_power_config *config,
                        const struct dongle_power_hands *hands, void *data, struct dongle_power **ret)
{
    static const struct power_hands own = {
        .press = hand_press, .wake = hand_wake, .state = state_for_steps, .starts = hand_starts};
    struct dongle_power *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct dongle_power){
        .power = {.ops = &port_ops}, .config = *config, .hands = hands, .data = data, .told = POWER_UNKNOWN};
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    r = r ? r : power_steps_create(loop, &own, self, &self->steps);
    if (r < 0) {
        loop_timer_remove(self->timer);
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}
