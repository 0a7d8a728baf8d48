/* The process of one virtual machine, as the supervisor keeps it: prepared (disks, firmware variables, TPM), started,
 * found again after the supervisor's own restart, started anew with growing pauses when it ends. */
#pragma once

#include "core/loop.h"
#include "gateway/config/config.h"
#include "gateway/control/control.h"
#include "gateway/owner/state.h"
#include "gateway/supervisor/uid.h"

struct vm;

struct vm_config {
    const struct config_target *target; /* copied by vm_create */
    const struct state *state;          /* these outlive the vm */
    const struct uid_choice *user;
    struct control_place place;
    bool kvm; /* the host's KVM works; for accel = auto */
};

typedef void vm_changed_fn(void *data, struct vm *vm);

/* changed: after each change of what vm_describe tells. */
int vm_create(struct loop *loop, const struct vm_config *config, vm_changed_fn *changed, void *data, struct vm **ret);
void vm_listen(struct vm *self, vm_changed_fn *changed, void *data); /* somebody else from now on */
struct vm *vm_destroy(struct vm *self); /* leaves the process alone; NULL allowed; returns NULL */

/* Takes over the process that runs already, else begins to start one. What goes wrong is told by vm_describe and tried
 * again. */
void vm_begin(struct vm *self);

void vm_describe(struct vm *self, struct control_vm *ret);

/* What its next start is made of (copied), which may be what it has. Nothing of what runs is touched: without a process
 * it counts at once, else when that has ended. 0 or -ENOMEM. */
int vm_set_target(struct vm *self, const struct config_target *target);
const struct config_target *vm_target(const struct vm *self); /* what it was started with, or will be */
bool vm_waits(const struct vm *self); /* its process was started with something else than its next one would be */
bool vm_runs(const struct vm *self);  /* there is a process */
void vm_set_place(struct vm *self, const struct control_place *place);

/* The machine is off: its process ends, and another begins. */
void vm_renew(struct vm *self);
/* For good, whatever its lifetime: asked to end, killed if it does not. changed follows when there is no process any
 * more (perhaps inside): vm_runs says so. */
void vm_leave(struct vm *self);

/* The supervisor ends. With lifetime = supervisor the machine is asked to end; vm_end_wait then waits, and kills what
 * has not ended after timeout_ms. */
void vm_end(struct vm *self);
void vm_end_wait(struct vm *self, int timeout_ms);
