#include "gateway/targets/gateway_targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "gateway/console/console_seat.h"
#include "gateway/dongle/dongle.h"
#include "gateway/helper/helper_client.h"
#include "gateway/targets/target_jiggler.h"
#include "gateway/targets/target_news.h"

/* ---- places ---- */

static struct gateway_target *at_place(const struct gateway *self, uint16_t index, uint32_t generation)
{
    struct gateway_target *target = self->places[index];
    return target && target->setup.generation == generation ? target : NULL;
}

/* The lists that everybody walks, in the configuration's order. */
static void list_again(struct gateway *self)
{
    size_t n = 0;
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++) {
        struct gateway_target *target = self->places[i];
        size_t at = n;
        if (!target)
            continue;
        for (; at > 0 && self->targets[at - 1]->setup.order > target->setup.order; at--)
            self->targets[at] = self->targets[at - 1];
        self->targets[at] = target;
        n++;
    }
    for (size_t i = 0; i < n; i++)
        self->list[i] = &self->targets[i]->target;
    self->target_list = (struct target_list){.targets = self->list, .n = n};
}

/* ---- one comes ---- */

void gateway_target_make(struct gateway_target *self)
{
    struct gateway *gateway = self->gateway;
    if (self->made || !gateway->serves || target_leaves(gateway, self->target.name))
        return;
    self->made = true;
    if (self->setup.machine == CONFIG_DONGLE && gateway->began_targets)
        helper_client_again(gateway->helper); /* it may not know of it yet */
    target_create(gateway, self);
    target_tell_off(self);
}

static void describe(struct gateway_target *self)
{
    text_copy(self->target.group, sizeof self->target.group, self->setup.group);
    text_copy(self->target.title, sizeof self->target.title, self->setup.title);
    text_copy(self->target.layout, sizeof self->target.layout, self->setup.layout);
    text_copy(self->target.waits, sizeof self->target.waits, self->setup.waits);
}

static bool come(struct gateway *self, const struct control_target *setup, struct ipc_message *message)
{
    struct gateway_target *target = calloc(1, sizeof *target);
    if (!target)
        return false;
    target->gateway = self;
    target->index = setup->index;
    target->setup = *setup;
    target->recording_fd = message->n_fds > 0 ? take_fd(&message->fds[0]) : -1;
    target->target.ops = setup->machine == CONFIG_DONGLE ? &gateway_dongle_ops : &gateway_target_ops;
    text_copy(target->target.name, sizeof target->target.name, setup->name);
    target->target.machine = config_machine_name(setup->machine);
    target->target.signal = SCREEN_STARTING;
    target->target.events = target_events_create(); /* NULL: none are kept */
    describe(target);
    self->places[setup->index] = target;
    list_again(self);
    if (setup->machine != CONFIG_DONGLE) /* what it is made of follows */
        gateway_target_make(target);
    return true;
}

/* ---- one changes ---- */

/* What may change while everything runs. */
static bool change(struct gateway *gateway, struct gateway_target *self, const struct control_target *setup)
{
    bool moved = self->setup.order != setup->order, jiggles = self->setup.jiggler_s != setup->jiggler_s;
    bool sits = self->setup.seat_shared != setup->seat_shared || self->setup.seat_idle_s != setup->seat_idle_s;
    if (strcmp(self->setup.name, setup->name) != 0 || self->setup.machine != setup->machine)
        return false;
    self->setup.order = setup->order;
    self->setup.media_wait_s = setup->media_wait_s;
    self->setup.seat_shared = setup->seat_shared;
    self->setup.seat_idle_s = setup->seat_idle_s;
    self->setup.jiggler_s = setup->jiggler_s;
    text_copy(self->setup.group, sizeof self->setup.group, setup->group);
    text_copy(self->setup.title, sizeof self->setup.title, setup->title);
    text_copy(self->setup.layout, sizeof self->setup.layout, setup->layout);
    text_copy(self->setup.waits, sizeof self->setup.waits, setup->waits);
    describe(self);
    if (moved)
        list_again(gateway);
    if (!self->made)
        return true;
    if (sits)
        console_seat_configure(self, setup->seat_shared, setup->seat_idle_s * 1000000ull);
    if (jiggles)
        target_jiggler_configure(self, setup->jiggler_s);
    console_tell_changed(self, VIEWER_CHANGED_TARGET);
    target_tell_off(self);
    return true;
}

static bool on_target(struct gateway *self, struct ipc_message *message)
{
    struct control_target setup;
    if (!control_read_target(message->body, message->body_size, &setup))
        return false;
    struct gateway_target *there = self->places[setup.index];
    if (there)
        return there->setup.generation == setup.generation && change(self, there, &setup);
    return come(self, &setup, message);
}

/* Read now, while files of the owner's can be. */
static void read_edid(struct gateway_target *self, struct ipc_message *message)
{
    _cleanup_close_ int fd = message->n_fds > 0 ? take_fd(&message->fds[0]) : -1;
    ssize_t n = fd < 0 ? 0 : read(fd, self->edid_file, sizeof self->edid_file);
    self->edid_file_size = n < 0 ? 0 : (size_t)n;
}

static bool on_dongle(struct gateway *self, struct ipc_message *message)
{
    struct control_dongle setup;
    if (!control_read_dongle(message->body, message->body_size, &setup) || setup.index >= CONFIG_MAX_TARGETS)
        return false;
    struct gateway_target *target = self->places[setup.index];
    if (!target || target->setup.machine != CONFIG_DONGLE || target->made)
        return false;
    target->dongle_setup = setup;
    read_edid(target, message);
    gateway_target_make(target);
    return true;
}

/* ---- what is said of one ---- */

static bool on_woken(struct gateway *self, const struct ipc_message *message)
{
    struct control_woken woken;
    if (!control_read_woken(message->body, message->body_size, &woken))
        return false;
    struct gateway_target *target = at_place(self, woken.place.index, woken.place.generation);
    if (target && target->dongle)
        dongle_woken(target->dongle, &woken);
    return true; /* its target may have gone */
}

static bool on_vm(struct gateway *self, const struct ipc_message *message)
{
    struct control_vm vm;
    if (!control_read_vm(message->body, message->body_size, &vm))
        return false;
    struct gateway_target *target = at_place(self, vm.index, vm.generation);
    if (!target)
        target = target_leaving_at(self, &(struct control_place){.index = vm.index, .generation = vm.generation});
    if (target)
        target_vm_changed(target, &vm);
    return true;
}

/* ---- one goes ---- */

static bool on_gone(struct gateway *self, const struct ipc_message *message)
{
    struct control_gone gone;
    if (!control_read_gone(message->body, message->body_size, &gone))
        return false;
    struct gateway_target *target = at_place(self, gone.place.index, gone.place.generation);
    if (!target)
        return false;
    self->places[gone.place.index] = NULL;
    list_again(self);
    target_leave(target, gone.how);
    return true;
}

bool gateway_targets_told(struct gateway *self, struct ipc_message *message)
{
    switch (message->type) {
    case CONTROL_TARGET:
        return on_target(self, message);
    case CONTROL_DONGLE:
        return on_dongle(self, message);
    case CONTROL_VM:
        return on_vm(self, message);
    case CONTROL_WOKEN:
        return on_woken(self, message);
    case CONTROL_TARGET_GONE:
        return on_gone(self, message);
    }
    return false;
}

int gateway_targets_begin(struct gateway *self)
{
    self->serves = true;
    for (size_t i = 0; i < self->target_list.n; i++)
        gateway_target_make(self->targets[i]);
    self->began_targets = true;
    return 0;
}
