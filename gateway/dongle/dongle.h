/* A dongle's ports: screen from a capture device, keyboard and pointer and drives on a USB gadget, power from the front
 * panel. What needs root is asked of the helper; the rest is here. Net thread. */
#pragma once

#include "gateway/gateway.h"

struct dongle;

/* Makes the target's ports: screen, input, power and drives. */
int dongle_create(struct gateway_target *target, struct dongle **ret);
struct dongle *dongle_destroy(struct dongle *self); /* all ports too; NULL allowed; returns NULL */

struct screen *dongle_screen(struct dongle *self); /* NULL: no capture device */
struct input *dongle_input(struct dongle *self);
struct power *dongle_power_of(struct dongle *self);

void dongle_set_watched(struct dongle *self, bool watched);
void dongle_woken(struct dongle *self, const struct control_woken *woken);

/* manage/target.h */
void dongle_set_personality(struct dongle *self, const char *word, target_done_fn *done, void *data);
void dongle_accept_offer(struct dongle *self, target_done_fn *done, void *data);
void dongle_describe_capture(struct dongle *self, struct target_capture *ret);
void dongle_set_edid(struct dongle *self, const struct edid *edid, target_done_fn *done, void *data);
