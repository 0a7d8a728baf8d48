#include "manage/target_health.h"

#include <stdio.h>
#include <string.h>

static enum target_health say(char *room, size_t size, enum target_health health, const char *why)
{
    snprintf(room, size, "%s", why);
    return health;
}

static bool is_off(const struct target *self)
{
    return self->signal == SCREEN_POWERED_OFF || (self->power && self->power->ops->state(self->power) == POWER_OFF);
}

static enum target_health drives_health(const struct target *self, char *why, size_t why_size)
{
    for (unsigned i = 0; i < self->n_drives; i++) {
        struct drive_state state = {0};
        struct drive *drive = self->drives[i];
        drive->ops->state(drive, &state);
        bool lost = state.link == DRIVE_LINK_LOST;
        if (state.phase != DRIVE_FAILED && !lost && state.link != DRIVE_LINK_WAITING)
            continue;
        snprintf(why, why_size, "Drive %u: %s", i,
                 state.reason[0] ? state.reason
                 : lost          ? "its medium cannot be reached any more."
                                 : "its medium cannot be reached just now.");
        return state.phase == DRIVE_FAILED || lost ? TARGET_DANGER : TARGET_WARN;
    }
    return TARGET_OK;
}

static enum target_health screen_health(const struct target *self, char *why, size_t why_size)
{
    switch (self->signal) {
    case SCREEN_OK:
    case SCREEN_POWERED_OFF:
    case SCREEN_STARTING:
        return TARGET_OK;
    case SCREEN_DEVICE_GONE:
        return say(why, why_size, TARGET_DANGER, self->signal_why);
    default:
        return say(why, why_size, TARGET_WARN, self->signal_why);
    }
}

static enum target_health usb_health(const struct target *self, char *why, size_t why_size)
{
    const struct target_usb *usb = self->usb;
    if (!usb)
        return TARGET_OK;
    if (usb->state == TARGET_USB_NO_HELPER || usb->state == TARGET_USB_GONE || usb->trouble[0])
        return say(why, why_size, TARGET_DANGER,
                   usb->trouble[0] ? usb->trouble : "Its keyboard, mouse and drives cannot be plugged in.");
    if (usb->state == TARGET_USB_NOT_ATTACHED && !is_off(self))
        return say(why, why_size, TARGET_WARN, "The USB cable is not plugged in, or the target gives it no power.");
    return TARGET_OK;
}

enum target_health target_health(const struct target *self, char *why, size_t why_size)
{
    enum target_health health;
    why[0] = '\0';
    if (strcmp(self->vm_state, "failed") == 0)
        return say(why, why_size, TARGET_DANGER, self->vm_why[0] ? self->vm_why : "Its machine does not start.");
    if (is_off(self))
        return say(why, why_size, TARGET_OFF, "The target is powered off.");
    health = screen_health(self, why, why_size);
    if (health == TARGET_OK)
        health = usb_health(self, why, why_size);
    if (health == TARGET_OK)
        health = drives_health(self, why, why_size);
    return health;
}

const char *target_health_name(enum target_health health)
{
    static const char *const names[] = {
        [TARGET_OK] = "ok", [TARGET_WARN] = "warn", [TARGET_DANGER] = "danger", [TARGET_OFF] = "off"};
    return names[health];
}
