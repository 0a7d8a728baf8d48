#include "gateway/dongle/dongle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "gateway/dongle/dongle_internal.h"
#include "gateway/drives/drives.h"

static void on_state(void *data, const struct helper_state *state)
{
    struct dongle *self = data;
    struct helper_state before = self->state;
    bool changed = !self->state_known || before.udc != state->udc || before.changes != state->changes;
    self->state = *state;
    self->state_known = true;
    dongle_power_helper(self->power, state);
    dongle_usb_state(self, changed);
    dongle_choice_state(self, &before);
    dongle_drives_state(self);
}

static void on_lost(void *data)
{
    struct dongle *self = data;
    self->state_known = false;
    self->state = (struct helper_state){0};
    dongle_power_helper(self->power, NULL);
    dongle_usb_lost(self);
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        self->drives[i].seen = false; /* a new helper has nothing in its drives: that is no ejection */
}

static int create_drives(struct dongle *self)
{
    struct drive *drives[GADGET_LUNS];
    unsigned n = MIN(self->target->setup.drives, GADGET_LUNS);
    dongle_drives_init(self);
    for (unsigned i = 0; i < n; i++)
        drives[i] = &self->drives[i].drive;
    int r = n > 0 ? drives_create(self->target, NULL, &self->target->drives) : 0;
    r = r || n == 0 ? r : drives_attach(self->target->drives, drives, n);
    return r || n == 0 ? r : dongle_drives_listen(self);
}

int dongle_create(struct gateway_target *target, struct dongle **ret)
{
    static const struct helper_client_listener listener = {.state = on_state, .lost = on_lost};
    struct dongle *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct dongle){.target = target, .helper = target->gateway->helper, .setup = &target->dongle_setup};
    *ret = self; /* what fails half-way is the target's to destroy */
    snprintf(self->settings_path, sizeof self->settings_path, "%s/gateway/%s.dongle", target->gateway->setup.state,
             target->target.name);
    dongle_settings_load(self->settings_path, &self->settings);
    target->target.usb = &self->usb;
    int r = dongle_usb_create(self);
    r = r ? r : create_drives(self);
    r = r ? r : dongle_panel_create(self);
    r = r ? r : dongle_capture_create(self);
    if (r == 0)
        helper_client_listen(self->helper, target->index, target->target.name, &listener, self);
    return r;
}

/* The helper's questions that are still open are answered first (helper_client_destroy), with us alive. */
struct dongle *dongle_destroy(struct dongle *self)
{
    if (!self)
        return NULL;
    self->ended = true;
    self->target->target.usb = NULL;
    dongle_capture_destroy(self);
    dongle_panel_destroy(self);
    dongle_drives_end(self);
    dongle_usb_destroy(self);
    free(self);
    return NULL;
}

struct screen *dongle_screen(struct dongle *self)
{
    return self->capture.screen;
}

struct input *dongle_input(struct dongle *self)
{
    return self->keys.inner ? &self->keys.input : NULL;
}

struct power *dongle_power_of(struct dongle *self)
{
    return self->power ? dongle_power_port(self->power) : NULL;
}

void dongle_set_watched(struct dongle *self, bool watched)
{
    if (self->capture.screen)
        v4l2_set_watched(self->capture.screen, watched);
}
