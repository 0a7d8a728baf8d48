/* The process of one virtual machine, as the supervisor keeps it: prepared (disks, firmware variables, TPM), started,
 * found again after the supervisor's own restart, started anew with growing pauses when it ends. */
#pragma once

#include "core/loop.h"
#include "gateway/config.h"
#include "gateway/control.h"
#include "gateway/state.h"
#include "gateway/uid.h"

struct vm;

struct vm_config {
    const struct config_target *target; /* these outlive the vm */
    const struct state *state;
    const struct uid_choice *user;
    unsigned index; /* among the targets */
    bool kvm;       /* the host's KVM works; for accel = auto */
};

typedef void vm_changed_fn(void *data, struct vm *vm);

/* changed: after each change of what vm_describe tells. */
int vm_create(struct loop *loop, const struct vm_config *config, vm_changed_fn *changed, void *data, struct vm **ret);
struct vm *vm_destroy(struct vm *self); /* leaves the process alone; NULL allowed; returns NULL */

/* Takes over the process that runs already, else begins to start one. What goes wrong is told by vm_describe and tried
 * again. */
void vm_begin(struct vm *self);

void vm_describe(struct vm *self, struct control_vm *ret);

/* The supervisor ends. With lifetime = supervisor the machine is asked to end; vm_end_wait then waits, and kills what
 * has not ended after timeout_ms. */
void vm_end(struct vm *self);
void vm_end_wait(struct vm *self, int timeout_ms);
