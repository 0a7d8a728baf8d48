/* A machine's process from inside. For gateway/vm/vm.c and vm_steps.c. */
#pragma once

#include "gateway/supervisor/backoff.h"
#include "gateway/supervisor/child.h"
#include "gateway/vm/vm.h"
#include "gateway/vm/vm_log.h"
#include "gateway/vm/vm_prepare.h"
#include "gateway/vm/vm_record.h"

enum vm_phase { VM_WAITING, VM_PREPARING, VM_TPM, VM_STARTING, VM_RUNNING, VM_ENDED };

struct vm {
    struct vm_config config;
    struct vm_paths paths;
    struct vm_confinement confinement;
    struct loop *loop;
    vm_changed_fn *changed;
    void *data;
    int folder;

    enum vm_phase phase;
    bool failed;
    char why[512];
    struct child *process, *helper, *tpm; /* the machine; what prepares it; its TPM */
    struct vm_log log;
    struct backoff backoff;
    uint64_t started_us;
    struct loop_timer *step, *watch, *kill;

    struct config_target *target, *next; /* config.target; what it becomes with the next process, NULL: nothing else */
    bool renewing, leaving;
    bool stale; /* its process was started by another supervisor, with something else */
};

const char *vm_name(const struct vm *self);
void vm_set_phase(struct vm *self, enum vm_phase phase); /* and tells of it */
/* One step further, as far as it goes; the timer's, and at the beginning. */
void vm_step(void *data);
bool vm_adopt(struct vm *self); /* false: there is no process of it */
