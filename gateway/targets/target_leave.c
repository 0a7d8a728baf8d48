/* A target that is gone: its viewers are told, its keys go up, a machine is asked to power off, its media are taken
 * out. It is freed when no job of any pool, and nobody's connection, knows it any more. The others notice nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/console/console_viewer.h"
#include "gateway/dongle/dongle.h"
#include "gateway/drives/drives.h"
#include "gateway/helper/helper_client.h"
#include "gateway/macros/macros.h"
#include "gateway/pictures/screenshot.h"
#include "gateway/recordings/recordings.h"
#include "gateway/targets/gateway_targets.h"
#include "gateway/targets/target_rest.h"

#define LOOK_US 20000
#define POLITE_US 45000000ull /* for an operating system to shut down; the supervisor waits a little longer */

static void on_asked(void *data, int error, const char *why)
{
    (void)data, (void)why;
    if (error < 0)
        log_info("gateway", "a machine that is to go does not power off by itself: %s", strerror(-error));
}

static bool runs(const struct gateway_target *self)
{
    struct power *power = self->target.power;
    enum power_state state = power ? power->ops->state(power) : POWER_OFF;
    return state == POWER_ON || state == POWER_GOING_OFF;
}

static void ask_to_power_off(struct gateway_target *self)
{
    struct power *power = self->target.power;
    if (self->setup.machine != CONFIG_QEMU || !runs(self))
        return;
    self->leave.off_by_us = clock_now_us() + POLITE_US;
    power->ops->act(power, POWER_ACT_SOFT_OFF, on_asked, NULL);
}

static void tell_parted(const struct gateway_target *self)
{
    uint8_t room[8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct ipc *supervisor = self->gateway->supervisor;
    control_write_place(&w,
                        &(struct control_place){.index = (uint16_t)self->index, .generation = self->setup.generation});
    int r = !supervisor || self->setup.machine != CONFIG_QEMU
                ? 0
                : ipc_send(supervisor, CONTROL_PARTED, 0, room, wire_written(&w), NULL, 0);
    if (r < 0)
        log_error("gateway", "target %s: that it may end cannot be told: %s", self->target.name, strerror(-r));
}

static bool for_good(const struct gateway_target *self)
{
    return self->leave.how != CONTROL_GONE_ANEW;
}

/* Somebody wanted it: the next target of that name begins without what is noted of this one. A line that is taken out
 * of a file, or mistyped there, costs nothing: it comes back with its macros, its media and what its dongle has
 * learned. */
static bool is_removed(const struct gateway_target *self)
{
    return self->leave.how == CONTROL_GONE_REMOVED;
}

static void remove_notes(const struct gateway_target *self)
{
    static const char *const kinds[] = {"drives", "dongle", "macros"};
    char path[CONFIG_PATH_MAX + 128];
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        snprintf(path, sizeof path, "%s/gateway/%s.%s", self->gateway->setup.state, self->target.name, kinds[i]);
        unlink(path);
    }
}

/* What was asked to end has ended: it still has keys to release, or a film to finish. */
static bool has_ended(const struct gateway_target *self)
{
    return !macros_run_now(self->macros) && typist_is_idle(self->typist) &&
           !recordings_of(self->gateway->recordings, &self->target);
}

static bool is_idle(const struct gateway_target *self)
{
    return !self->viewers && has_ended(self) && drives_idle(self->drives) && screenshots_idle(self->screenshots) &&
           console_idle(self);
}

/* A step further. True: it is free of all. */
static bool look(struct gateway_target *self)
{
    if (self->viewers)
        return false; /* they end from the loop, each with its keys */
    if (self->leave.off_by_us && runs(self) && clock_now_us() < self->leave.off_by_us)
        return false;
    if (!self->leave.parted) {
        self->leave.parted = true;
        drives_leave(self->drives, is_removed(self));
        if (for_good(self))
            tell_parted(self);
    }
    return is_idle(self);
}

/* What people want to know of it goes on with the one that takes its place. */
static void hand_over(struct gateway_target *self, struct gateway_target *next)
{
    struct target_events *events = next->target.events;
    if (for_good(self) || !self->target.events)
        return;
    next->target.events = self->target.events;
    self->target.events = events;
}

static void finish(struct gateway_target *self)
{
    struct gateway *gateway = self->gateway;
    bool dongle = self->setup.machine == CONFIG_DONGLE;
    struct target *next = target_find(&gateway->target_list, self->target.name);
    if (next)
        hand_over(self, container_of(next, struct gateway_target, target));
    if (dongle)
        helper_client_forget(gateway->helper, self->index);
    log_info("gateway", "target %s is gone", self->target.name);
    if (is_removed(self))
        remove_notes(self); /* before its macros could be written again: they are stopped */
    target_destroy(self);
    if (dongle)
        helper_client_again(gateway->helper);
    if (next)
        gateway_target_make(container_of(next, struct gateway_target, target));
}

static void on_look(void *data)
{
    struct gateway *gateway = data;
    for (struct gateway_target **at = &gateway->leaving; *at;) {
        struct gateway_target *target = *at;
        if (!look(target)) {
            at = &target->leave.next;
            continue;
        }
        *at = target->leave.next;
        finish(target);
    }
    if (gateway->leaving)
        loop_timer_arm_in(gateway->leave_timer, LOOK_US);
}

void target_leave(struct gateway_target *self, enum control_gone_how how)
{
    struct gateway *gateway = self->gateway;
    char why[TARGET_NAME_MAX + 80];
    self->leave.how = how;
    self->leave.next = gateway->leaving;
    gateway->leaving = self;
    snprintf(why, sizeof why,
             for_good(self) ? "The target %s was removed by its administrator." : "The target %s is set up anew.",
             self->target.name);
    for (struct console_viewer *v = self->viewers; v; v = v->next)
        viewer_close(v->viewer, for_good(self) ? VIEWER_END_TARGET : VIEWER_END_GONE, why);
    target_rest_let_go(self);
    recordings_end(gateway->recordings, &self->target, for_good(self) ? API_END_REMOVED : API_END_ANEW);
    macros_let_go(self->macros);
    if (self->typist)
        typist_stop(self->typist);
    if (self->target.input)
        self->target.input->ops->release_all(self->target.input);
    if (for_good(self))
        ask_to_power_off(self);
    if (!gateway->leave_timer && loop_timer_add(gateway->loop, on_look, gateway, &gateway->leave_timer) < 0)
        return; /* it stays until the gateway ends */
    loop_timer_arm_in(gateway->leave_timer, 0);
}

bool target_leaves(const struct gateway *gateway, const char *name)
{
    for (const struct gateway_target *t = gateway->leaving; t; t = t->leave.next)
        if (strcmp(t->target.name, name) == 0)
            return true;
    return false;
}

struct gateway_target *target_leaving_at(const struct gateway *gateway, const struct control_place *place)
{
    for (struct gateway_target *t = gateway->leaving; t; t = t->leave.next)
        if (t->index == place->index && t->setup.generation == place->generation)
            return t;
    return NULL;
}

/* ---- the end of the program ---- */

void gateway_targets_stop(struct gateway *self)
{
    self->leave_timer = loop_timer_remove(self->leave_timer);
    for (size_t i = 0; i < self->target_list.n; i++)
        drives_stop(self->targets[i]->drives);
    for (struct gateway_target *t = self->leaving; t; t = t->leave.next)
        drives_stop(t->drives);
}

void gateway_targets_finish(struct gateway *self)
{
    for (size_t i = 0; i < self->target_list.n; i++)
        target_destroy(self->targets[i]);
    while (self->leaving) {
        struct gateway_target *target = self->leaving;
        self->leaving = target->leave.next;
        target_destroy(target);
    }
    self->target_list.n = 0;
}
