#include "manage/target_health.h"

#include <stdio.h>
#include <string.h>

#define ARGS(...) ((const char *const[TARGET_EVENT_ARGS]){__VA_ARGS__})

static bool is_off(const struct target *self)
{
    return self->signal == SCREEN_POWERED_OFF || (self->power && self->power->ops->state(self->power) == POWER_OFF);
}

static enum target_health machine_health(const struct target *self, struct target_event *ret_why)
{
    if (strcmp(self->vm_state, "failed") != 0)
        return TARGET_OK;
    *ret_why = self->vm_why[0] ? target_event_of(TARGET_EVENT_MACHINE_FAILED, ARGS(self->vm_why))
                               : target_event_of(TARGET_EVENT_MACHINE_FAILED_UNSAID, ARGS(NULL));
    return TARGET_DANGER;
}

static enum target_health drive_health(struct drive *drive, unsigned number, struct target_event *ret_why)
{
    struct drive_state state = {0};
    char name[16];
    drive->ops->state(drive, &state);
    const bool failed = state.phase == DRIVE_FAILED, lost = state.link == DRIVE_LINK_LOST;
    if (!failed && !lost && state.link != DRIVE_LINK_WAITING)
        return TARGET_OK;
    snprintf(name, sizeof name, "%u", number);
    if (failed || state.reason[0])
        *ret_why = target_event_of(TARGET_EVENT_MEDIUM_FAILED,
                                   ARGS(name, state.reason[0] ? state.reason : "its medium does not work."));
    else
        *ret_why =
            target_event_of(lost ? TARGET_EVENT_MEDIUM_LOST : TARGET_EVENT_MEDIUM_WAITING, ARGS(name, state.medium));
    return failed || lost ? TARGET_DANGER : TARGET_WARN;
}

static enum target_health drives_health(const struct target *self, struct target_event *ret_why)
{
    enum target_health health = TARGET_OK;
    for (unsigned i = 0; i < self->n_drives && health == TARGET_OK; i++)
        health = drive_health(self->drives[i], i, ret_why);
    return health;
}

static enum target_health screen_health(const struct target *self, struct target_event *ret_why)
{
    if (self->signal == SCREEN_OK || self->signal == SCREEN_POWERED_OFF || self->signal == SCREEN_STARTING)
        return TARGET_OK;
    *ret_why = target_event_of(TARGET_EVENT_SIGNAL_LOST,
                               ARGS(screen_signal_name(self->signal),
                                    self->signal_why[0] ? self->signal_why : "The screen gives no picture."));
    return self->signal == SCREEN_DEVICE_GONE ? TARGET_DANGER : TARGET_WARN;
}

static enum target_health usb_health(const struct target *self, struct target_event *ret_why)
{
    const struct target_usb *usb = self->usb;
    if (usb && usb->state == TARGET_USB_NO_HELPER) {
        *ret_why = target_event_of(TARGET_EVENT_USB_NO_HELPER, ARGS(NULL));
        return TARGET_DANGER;
    }
    if (usb && (usb->state == TARGET_USB_GONE || usb->trouble[0])) {
        const char *why = usb->trouble[0] ? usb->trouble : "Keyboard, mouse and drives cannot be plugged in.";
        *ret_why = target_event_of(TARGET_EVENT_USB_FAILED, ARGS(why));
        return TARGET_DANGER;
    }
    if (usb && usb->state == TARGET_USB_NOT_ATTACHED) {
        *ret_why = target_event_of(TARGET_EVENT_USB_DETACHED, ARGS(NULL));
        return TARGET_WARN;
    }
    return TARGET_OK;
}

enum target_health target_health(const struct target *self, struct target_event *ret_why)
{
    enum target_health health = machine_health(self, ret_why);
    if (health == TARGET_OK && is_off(self)) {
        *ret_why = target_event_of(TARGET_EVENT_POWER_OFF, ARGS(NULL));
        return TARGET_OFF;
    }
    if (health == TARGET_OK)
        health = screen_health(self, ret_why);
    if (health == TARGET_OK)
        health = usb_health(self, ret_why);
    if (health == TARGET_OK)
        health = drives_health(self, ret_why);
    return health;
}

const char *target_health_name(enum target_health health)
{
    static const char *const names[] = {
        [TARGET_OK] = "ok", [TARGET_WARN] = "warn", [TARGET_DANGER] = "danger", [TARGET_OFF] = "off"};
    return names[health];
}
