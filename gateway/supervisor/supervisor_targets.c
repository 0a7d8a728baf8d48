#include "gateway/supervisor/supervisor_targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "gateway/control/control.h"
#include "gateway/supervisor/supervisor_targets_inner.h"
#include "machines/qemu/argv.h"

#define KVM_PROBE_MS 2000

/* ---- places ---- */

struct control_place target_place_of(const struct target_place *self)
{
    return (struct control_place){.index = (uint16_t)(self - self->owner->places), .generation = self->generation};
}

struct target_place *target_place_find(const struct supervisor_targets *self, const char *name)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->places[i].target && strcmp(self->places[i].target->name, name) == 0)
            return (struct target_place *)&self->places[i];
    return NULL;
}

struct target_place *target_place_at(struct supervisor_targets *self, const struct control_place *place)
{
    struct target_place *found = place->index < CONFIG_MAX_TARGETS ? &self->places[place->index] : NULL;
    return found && found->target && found->generation == place->generation ? found : NULL;
}

static struct target_place *free_place(struct supervisor_targets *self)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++) {
        struct target_place *place = &self->places[(self->last + i) % CONFIG_MAX_TARGETS];
        if (place->target)
            continue;
        self->last = (unsigned)(place - self->places) + 1;
        return place;
    }
    return NULL;
}

/* ---- machines ---- */

static int kvm_works(const void *data)
{
    (void)data;
    return qemu_kvm_works(KVM_PROBE_MS);
}

/* As the user that machines run as: root may open what they may not. Asked once, when it first matters. */
static bool host_has_kvm(struct supervisor_targets *self)
{
    if (self->kvm_known)
        return self->kvm;
    self->kvm_known = true;
    self->kvm = uid_ask(self->config.user, kvm_works, NULL) == 1;
    if (!self->kvm)
        log_info("supervisor", "KVM does not work for user %s (is it in the group of /dev/kvm?): machines are emulated",
                 self->config.user->name);
    return self->kvm;
}

/* Its next process is made of what waited: the gateway's drives and boot devices are those of the process. */
static void on_renewed(struct target_place *self)
{
    target_place_tell_gone(self, CONTROL_GONE_ANEW);
    self->generation++;
    struct control_place place = target_place_of(self);
    vm_set_place(self->vm, &place);
    target_place_tell(self, true);
    if (self->owner->owner->waiting_changed)
        self->owner->owner->waiting_changed(self->owner->data);
}

static void on_vm_changed(void *data, struct vm *vm)
{
    struct target_place *place = data;
    if (place->vm != vm)
        return; /* it is just being made, or belongs to nobody any more */
    if (place->told_waits && !vm_waits(vm))
        on_renewed(place);
    target_place_tell_vm(place->owner, vm);
}

int target_place_make_vm(struct target_place *self)
{
    struct supervisor_targets *owner = self->owner;
    char why[400] = "";
    if (self->target->machine != CONFIG_QEMU || self->vm || target_parts(owner, self->target->name))
        return 0;
    bool kvm = self->target->accel == CONFIG_ACCEL_AUTO && host_has_kvm(owner);
    struct vm_config config = {.target = self->target,
                               .state = owner->config.state,
                               .user = owner->config.user,
                               .place = target_place_of(self),
                               .kvm = kvm};
    int r = state_add_target(owner->config.state, self->target->name, owner->config.user, why, sizeof why);
    r = r ? r : vm_create(owner->loop, &config, on_vm_changed, self, &self->vm);
    if (r < 0)
        log_error("supervisor", "target %s: %s", self->target->name, *why ? why : strerror(-r));
    else if (owner->began)
        vm_begin(self->vm);
    return r;
}

/* ---- one step after the other ---- */

static int place_fill(struct supervisor_targets *self, const struct config_target *target, unsigned order,
                      struct target_place **ret)
{
    struct target_place *place = free_place(self);
    struct config_target *copy = place ? config_target_copy(target) : NULL;
    if (!copy)
        return place ? -ENOMEM : -ENOSPC;
    *place = (struct target_place){.owner = self, .target = copy, .order = order, .generation = place->generation + 1};
    *ret = place;
    return 0;
}

static int add(struct supervisor_targets *self, const struct config_target *target, unsigned order)
{
    struct target_place *place = NULL;
    int r = place_fill(self, target, order, &place);
    if (r < 0) {
        log_error("supervisor", "target %s: %s", target->name, strerror(-r));
        return r;
    }
    r = target_place_make_vm(place);
    target_place_tell(place, true);
    if (place->vm)
        target_place_tell_vm(self, place->vm);
    return r;
}

/* removal: NULL, or what somebody wanted to be removed, which may be another one. */
static void take_away(struct target_place *self, const struct target_removal *removal)
{
    bool wanted = removal && strcmp(removal->name, self->target->name) == 0;
    log_info("supervisor", "target %s is gone", self->target->name);
    target_place_tell_gone(self, wanted ? CONTROL_GONE_REMOVED : CONTROL_GONE_AWAY);
    target_part(self, wanted && removal->erase);
    self->target = config_target_free(self->target);
}

/* False: no memory, all stays as it is. */
static bool take_over(struct target_place *self, const struct config_target *target)
{
    struct config_target *copy = config_target_copy(target);
    if (!copy) {
        log_error("supervisor", "target %s: its changes are lost: %s", target->name, strerror(ENOMEM));
        return false;
    }
    config_target_free(self->target);
    self->target = copy;
    return true;
}

static void remake(struct target_place *self, const struct config_target *target)
{
    if (!take_over(self, target))
        return;
    target_place_tell_gone(self, CONTROL_GONE_ANEW);
    self->generation++;
    target_place_tell(self, true);
}

/* A machine: its next process is made of it. */
static void change_machine(struct target_place *self, const struct config_target *target)
{
    if (!take_over(self, target))
        return;
    bool shape = self->vm && !config_target_same_shape(self->target, vm_target(self->vm));
    if (self->vm && vm_set_target(self->vm, self->target) < 0)
        log_error("supervisor", "target %s: its changes are lost: %s", target->name, strerror(ENOMEM));
    else if (shape && !vm_runs(self->vm))
        on_renewed(self); /* it counts at once */
    else
        target_place_tell(self, false);
}

static void apply_one(struct supervisor_targets *self, const struct target_change *change, unsigned order,
                      const struct target_removal *removal, struct targets_outcome *outcome)
{
    struct target_place *place =
        change->step == TARGET_ADD
            ? NULL
            : target_place_find(self, change->after ? change->after->name : change->before->name);
    bool moved = place && place->order != order;
    if (place && change->step != TARGET_REMOVE)
        place->order = order;
    if (change->step == TARGET_ADD || (change->after && !place)) {
        outcome->added++;
        add(self, change->after, order);
        return;
    }
    if (!place)
        return;
    switch (change->step) {
    case TARGET_REMOVE:
        outcome->removed++;
        take_away(place, removal);
        return;
    case TARGET_REMAKE:
        remake(place, change->after);
        break;
    case TARGET_POWER:
        change_machine(place, change->after);
        outcome->waiting += place->vm && vm_waits(place->vm);
        break;
    case TARGET_TELL:
        change_machine(place, change->after);
        break;
    default:
        if (moved)
            target_place_tell(place, false);
        return;
    }
    outcome->changed++;
    log_info("supervisor", "target %s: %s changed%s", place->target->name, change->keys,
             place->vm && vm_waits(place->vm) ? "; it counts when the machine is powered off and on" : "");
}

static void swap_lists(struct config *a, struct config *b)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++) {
        struct config_target *target = a->targets[i];
        a->targets[i] = b->targets[i];
        b->targets[i] = target;
    }
    unsigned n = a->n_targets;
    a->n_targets = b->n_targets;
    b->n_targets = n;
}

static bool concerns_dongle(const struct target_change *change)
{
    const struct config_target *target = change->after ? change->after : change->before;
    return target->machine == CONFIG_DONGLE &&
           (change->step == TARGET_ADD || change->step == TARGET_REMOVE || change->step == TARGET_REMAKE);
}

void supervisor_targets_apply(struct supervisor_targets *self, struct config *used, struct config *next,
                              const struct target_removal *removal, struct targets_outcome *ret)
{
    struct targets_outcome outcome = {0};
    struct target_changes *changes = malloc(sizeof *changes);
    bool dongles = false;
    unsigned order = 0;
    if (!changes) {
        log_error("supervisor", "targets stay as they are: %s", strerror(ENOMEM));
        return;
    }
    target_changes_find(used->targets, used->n_targets, next->targets, next->n_targets, changes);
    for (unsigned i = 0; i < changes->n; i++)
        dongles = dongles || concerns_dongle(&changes->list[i]);
    if (dongles) /* before they are told of: the helper reads what it is going to be asked about */
        self->owner->dongles_changed(self->data);
    for (unsigned i = 0; i < changes->n; i++) {
        apply_one(self, &changes->list[i], order, removal, &outcome);
        order += changes->list[i].after != NULL;
    }
    swap_lists(used, next);
    free(changes);
    if (ret)
        *ret = outcome;
}

/* ---- what the gateway says ---- */

/* Its machine is off, and so may be changed. Who says so without cause ends a machine that it could power off anyway.
 */
static void machine_is_off(struct supervisor_targets *self, const struct control_place *at)
{
    struct target_place *place = target_place_at(self, at);
    if (!place || !place->vm || !vm_waits(place->vm))
        return;
    vm_renew(place->vm);
}

bool supervisor_targets_message(struct supervisor_targets *self, const struct ipc_message *message)
{
    struct control_place place;
    if ((message->type != CONTROL_OFF && message->type != CONTROL_PARTED) ||
        !control_read_place(message->body, message->body_size, &place))
        return false;
    struct target_parting *parting = target_parting_at(self, &place);
    if (parting)
        target_parting_end(parting);
    else if (message->type == CONTROL_OFF)
        machine_is_off(self, &place);
    return true;
}

/* ---- beginning and end ---- */

int supervisor_targets_create(struct loop *loop, const struct supervisor_targets_config *config,
                              const struct supervisor_targets_owner *owner, void *data, struct supervisor_targets **ret)
{
    struct supervisor_targets *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct supervisor_targets){.loop = loop, .config = *config, .owner = owner, .data = data};
    int r = 0;
    for (unsigned i = 0; r == 0 && i < config->config->n_targets; i++) {
        struct target_place *place = NULL;
        r = place_fill(self, config->config->targets[i], i, &place);
        r = r ? r : target_place_make_vm(place);
    }
    if (r < 0) {
        supervisor_targets_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

void supervisor_targets_begin(struct supervisor_targets *self)
{
    self->began = true;
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->places[i].vm)
            vm_begin(self->places[i].vm);
}

void supervisor_targets_end(struct supervisor_targets *self, int timeout_ms)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->places[i].vm)
            vm_end(self->places[i].vm);
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->places[i].vm)
            vm_end_wait(self->places[i].vm, timeout_ms);
}

struct supervisor_targets *supervisor_targets_destroy(struct supervisor_targets *self)
{
    if (!self)
        return NULL;
    target_partings_finish(self);
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++) {
        vm_destroy(self->places[i].vm);
        config_target_free(self->places[i].target);
    }
    free(self);
    return NULL;
}

bool supervisor_targets_state(const struct supervisor_targets *self, const char *name, struct targets_state *ret)
{
    const struct target_place *place = target_place_find(self, name);
    if (!place)
        return false;
    *ret = (struct targets_state){.running = place->vm && vm_runs(place->vm),
                                  .waits_for_off = place->vm && vm_waits(place->vm)};
    target_place_waits(place, ret->waits, sizeof ret->waits);
    return true;
}

bool supervisor_targets_have_dongle(const struct supervisor_targets *self)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->places[i].target && self->places[i].target->machine == CONFIG_DONGLE)
            return true;
    return false;
}
