/* What the target does with what it sees of us, told to the chooser (usbgadget/chooser.h), and what the chooser then
 * says. Everything it does is an event that people can read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/console/console.h"
#include "gateway/dongle/dongle_internal.h"

/* From when the firmware has set us up until it should have taken a keyboard report or read the disc. */
#define PATIENCE_US 10000000
#define QUIET_US 60000000
/* A bus that rests for so long belongs to a target that is off (or sleeps, which its waking tells). */
#define SUSPENDED_US 10000000

static void arm(struct dongle *self)
{
    uint64_t due = chooser_due(&self->chooser);
    if (due)
        loop_timer_arm_at(self->chooser_timer, due);
    else
        loop_timer_disarm(self->chooser_timer);
}

/* A step of the automatic choice, towards that personality. */
static void note_step(struct dongle *self, enum target_event_id id, enum personality personality)
{
    const struct chooser_why_words *why = chooser_why_words(chooser_why(&self->chooser));
    dongle_note(self, id, personality_name(personality), why->name, why->sentence);
}

static void remember(struct dongle *self)
{
    const struct chooser_config *found = &self->chooser.config;
    self->usb.found = true;
    self->settings.has_found = found->known;
    self->settings.found = found->first;
    self->settings.has_found_medium = found->with_medium_known;
    self->settings.found_medium = found->with_medium;
    note_step(self, TARGET_EVENT_USB_KEPT, self->chooser.current);
    int r = dongle_settings_save(self->settings_path, &self->settings);
    if (r < 0)
        log_error("gateway", "target %s: what was found out cannot be remembered: %s", self->target->target.name,
                  strerror(-r));
}

static void act(struct dongle *self, enum chooser_step step)
{
    struct target_usb *usb = &self->usb;
    if (step != CHOOSER_STAY)
        usb->why = chooser_why(&self->chooser);
    switch (step) {
    case CHOOSER_STAY:
        break;
    case CHOOSER_SWITCH:
        usb->offered = usb->found = false;
        usb->personality = self->chooser.next;
        note_step(self, TARGET_EVENT_USB_SWITCHED, usb->personality);
        dongle_usb_rise(self, false, NULL, NULL);
        break;
    case CHOOSER_OFFER:
        usb->offered = true;
        usb->offer = self->chooser.next;
        note_step(self, TARGET_EVENT_USB_OFFERED, usb->offer);
        break;
    case CHOOSER_REMEMBER:
        usb->offered = false;
        remember(self);
        break;
    }
    if (step != CHOOSER_STAY)
        console_tell_changed(self->target, VIEWER_CHANGED_TARGET);
}

static bool any_medium(const struct dongle *self)
{
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        if (self->drives[i].has_medium)
            return true;
    return false;
}

static const char *event_name(enum chooser_event event)
{
    static const char *const names[] = {
        [CHOOSER_POWER_ON] = "power on",     [CHOOSER_POWER_OFF] = "power off", [CHOOSER_RESET] = "reset",
        [CHOOSER_CONFIGURED] = "configured", [CHOOSER_POLLED] = "polled",       [CHOOSER_READ] = "read",
        [CHOOSER_LOCKED] = "locked",         [CHOOSER_UNLOCKED] = "unlocked",   [CHOOSER_KEY_DOWN] = "key down",
        [CHOOSER_KEYS_UP] = "keys up",       [CHOOSER_MEDIUM_IN] = "medium in", [CHOOSER_MEDIUM_OUT] = "medium out",
        [CHOOSER_TICK] = "time is over",
    };
    return names[event];
}

void dongle_choice_event(struct dongle *self, enum chooser_event event)
{
    if (!self->began || self->ended || (event == CHOOSER_MEDIUM_OUT && any_medium(self)))
        return;
    enum chooser_step step = chooser_event(&self->chooser, event, clock_now_us());
    log_debug("gateway", "target %s: %s: the choice is %s, step %d", self->target->target.name, event_name(event),
              personality_name(self->chooser.next), (int)step);
    act(self, step);
    arm(self);
}

static void set_powered(struct dongle *self, bool on)
{
    if (self->powered == on)
        return;
    self->powered = on;
    dongle_choice_event(self, on ? CHOOSER_POWER_ON : CHOOSER_POWER_OFF);
}

/* The power LED knows; else the bus tells what it can. */
static bool is_powered(const struct dongle *self)
{
    uint8_t led = self->state.leds[FRONT_PANEL_POWER_LED];
    if (led & HELPER_LED_KNOWN)
        return led & HELPER_LED_ON;
    switch ((enum helper_udc)self->state.udc) {
    case HELPER_UDC_POWERED:
    case HELPER_UDC_CONFIGURED:
        return true;
    case HELPER_UDC_SUSPENDED:
        return self->powered && clock_now_us() - self->suspended_us < SUSPENDED_US;
    default:
        return false;
    }
}

void dongle_choice_state(struct dongle *self, const struct helper_state *before)
{
    bool suspended = self->state.udc == HELPER_UDC_SUSPENDED;
    if (suspended && !self->suspended_us)
        self->suspended_us = clock_now_us();
    else if (!suspended)
        self->suspended_us = 0;
    /* our own coming and going is not the target's */
    if (self->rise == DONGLE_RISING && !(self->state.leds[FRONT_PANEL_POWER_LED] & HELPER_LED_KNOWN) &&
        self->state.udc <= HELPER_UDC_NOT_ATTACHED)
        return;
    set_powered(self, is_powered(self));
    bool was = before->udc == HELPER_UDC_CONFIGURED, is = self->state.udc == HELPER_UDC_CONFIGURED;
    bool again = is && (!was || self->state.changes != before->changes);
    enum personality had = self->chooser.current;
    if (was && (again || self->state.udc == HELPER_UDC_POWERED))
        dongle_choice_event(self, CHOOSER_RESET);
    if (again && self->chooser.current == had)
        dongle_choice_event(self, CHOOSER_CONFIGURED);
}

void dongle_choice_tick(struct dongle *self)
{
    if (self->state_known && self->suspended_us)
        set_powered(self, is_powered(self));
    struct big_cd_statistics big;
    if (!self->big_served)
        return;
    big_cd_statistics(self->big_cd, &big);
    if (big.locked != self->chooser.locked)
        dongle_choice_event(self, big.locked ? CHOOSER_LOCKED : CHOOSER_UNLOCKED);
}

static void on_due(void *data)
{
    dongle_choice_event(data, CHOOSER_TICK);
}

static void start(struct dongle *self, bool automatic, enum personality first, bool known)
{
    struct chooser_config config = {.automatic = automatic,
                                    .first = first,
                                    .known = known,
                                    .with_medium = self->settings.found_medium,
                                    .with_medium_known = automatic && self->settings.has_found_medium,
                                    .patience_us = PATIENCE_US,
                                    .quiet_us = QUIET_US};
    chooser_init(&self->chooser, &config);
    self->usb.automatic = automatic;
    self->usb.personality = first;
    self->usb.found = known;
    self->usb.offered = false;
    self->usb.why = CHOOSER_WHY_UNSAID;
    self->powered = false;
    if (any_medium(self))
        dongle_choice_event(self, CHOOSER_MEDIUM_IN);
    if (self->keys.n_down > 0)
        dongle_choice_event(self, CHOOSER_KEY_DOWN);
}

/* The page's choice, else the configuration's; of an automatic one what it found out last time. */
void dongle_choice_begin(struct dongle *self, bool taken_over)
{
    const struct dongle_settings *settings = &self->settings;
    if (!self->chooser_timer && loop_timer_add(self->target->gateway->loop, on_due, self, &self->chooser_timer) < 0)
        return;
    bool automatic = settings->chosen ? settings->automatic : self->setup->personality == 0;
    enum personality fixed =
        settings->chosen ? settings->personality : (enum personality)(self->setup->personality - 1);
    enum personality first = settings->has_found ? settings->found : PERSONALITY_FULL;
    start(self, automatic, automatic ? first : fixed, automatic && settings->has_found);
    if (automatic && taken_over && is_powered(self)) {
        self->powered = true;
        self->usb.personality = (enum personality)self->state.personality;
        chooser_take_over(&self->chooser, self->usb.personality, clock_now_us());
    }
}

static void save(struct dongle *self)
{
    int r = dongle_settings_save(self->settings_path, &self->settings);
    if (r < 0)
        log_error("gateway", "target %s: its personality cannot be remembered: %s", self->target->target.name,
                  strerror(-r));
}

void dongle_set_personality(struct dongle *self, const char *word, target_done_fn *done, void *data)
{
    enum personality personality = PERSONALITY_FULL;
    bool automatic = strcmp(word, "auto") == 0;
    if (!automatic && !personality_parse(word, &personality)) {
        done(data, -EINVAL, "The personalities are auto, full, keyboard, drive, keyboard+drive and storage-first.");
        return;
    }
    self->settings.chosen = true;
    self->settings.automatic = automatic;
    self->settings.has_personality = !automatic;
    self->settings.personality = personality;
    if (automatic)
        self->settings.has_found = self->settings.has_found_medium = false; /* who asks again has a reason */
    save(self);
    if (automatic)
        dongle_note(self, TARGET_EVENT_USB_CHOSEN_AUTOMATIC);
    else
        dongle_note(self, TARGET_EVENT_USB_CHOSEN, personality_name(personality));
    dongle_choice_begin(self, false);
    dongle_usb_rise(self, false, done, data);
}

void dongle_accept_offer(struct dongle *self, target_done_fn *done, void *data)
{
    if (!self->usb.offered) {
        done(data, -ENODATA, "Nothing is offered any more.");
        return;
    }
    dongle_note(self, TARGET_EVENT_USB_ACCEPTED, personality_name(self->usb.offer));
    start(self, true, self->usb.offer, false);
    dongle_usb_rise(self, false, done, data);
}
