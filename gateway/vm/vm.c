#include "gateway/vm/vm_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "gateway/targets/target_changes.h"

#define WATCH_US 2000000 /* the log */
#define END_US 10000000  /* a machine writes its disks back */

static void on_watch(void *data)
{
    struct vm *self = data;
    if (vm_log_changed(&self->log))
        self->changed(self->data, self);
    loop_timer_arm_in(self->watch, WATCH_US);
}

void vm_begin(struct vm *self)
{
    loop_timer_arm_in(self->watch, WATCH_US);
    if (!vm_adopt(self))
        vm_step(self);
}

void vm_describe(struct vm *self, struct control_vm *ret)
{
    static const char *const names[] = {
        [VM_WAITING] = "starting",  [VM_PREPARING] = "starting", [VM_TPM] = "starting",
        [VM_STARTING] = "starting", [VM_RUNNING] = "running",    [VM_ENDED] = "ended",
    };
    memset(ret, 0, sizeof *ret);
    ret->index = self->config.place.index;
    ret->generation = self->config.place.generation;
    ret->running = self->process != NULL;
    ret->pid = self->process ? (uint32_t)child_pid(self->process) : 0;
    bool failed = self->failed && self->phase < VM_RUNNING;
    snprintf(ret->state, sizeof ret->state, "%s", failed ? "failed" : names[self->phase]);
    snprintf(ret->why, sizeof ret->why, "%s", self->why);
    ret->n_log = (uint8_t)vm_log_tail(&self->log, ret->log);
}

/* ---- changes while it runs ---- */

int vm_set_target(struct vm *self, const struct config_target *target)
{
    struct config_target *copy = config_target_copy(target);
    if (!copy)
        return -ENOMEM;
    config_target_free(self->next);
    self->next = copy;
    if (config_target_same_shape(copy, self->target) && !self->stale)
        self->next = config_target_free(self->next);
    return 0;
}

const struct config_target *vm_target(const struct vm *self)
{
    return self->target;
}

void vm_listen(struct vm *self, vm_changed_fn *changed, void *data)
{
    self->changed = changed;
    self->data = data;
}

bool vm_waits(const struct vm *self)
{
    return self->process && (self->next || self->stale);
}

bool vm_runs(const struct vm *self)
{
    return self->process != NULL;
}

void vm_set_place(struct vm *self, const struct control_place *place)
{
    self->config.place = *place;
}

static void on_kill(void *data)
{
    struct vm *self = data;
    if (!self->process)
        return;
    log_warn("vm", "target %s: QEMU did not end by itself and is killed", vm_name(self));
    child_signal(self->process, SIGKILL);
}

static void end_process(struct vm *self)
{
    child_signal(self->process, SIGTERM);
    loop_timer_arm_in(self->kill, END_US);
}

void vm_renew(struct vm *self)
{
    if (!self->process || self->renewing || self->leaving)
        return;
    log_info("vm", "target %s: it is off; its process begins anew", vm_name(self));
    self->renewing = true;
    end_process(self);
}

void vm_leave(struct vm *self)
{
    if (self->leaving)
        return;
    self->leaving = true;
    loop_timer_disarm(self->step);
    loop_timer_disarm(self->watch);
    if (self->helper)
        child_signal(self->helper, SIGTERM);
    if (self->tpm)
        child_signal(self->tpm, SIGTERM);
    if (self->process)
        end_process(self);
    else
        vm_set_phase(self, VM_ENDED);
}

/* ---- the supervisor's end ---- */

void vm_end(struct vm *self)
{
    loop_timer_disarm(self->step);
    loop_timer_disarm(self->watch);
    if (self->helper)
        child_signal(self->helper, SIGTERM);
    if (self->process && self->config.target->lifetime == CONFIG_LIFETIME_SUPERVISOR)
        child_signal(self->process, SIGTERM);
}

void vm_end_wait(struct vm *self, int timeout_ms)
{
    if (!self->process || self->config.target->lifetime != CONFIG_LIFETIME_SUPERVISOR)
        return;
    if (!child_wait(self->process, timeout_ms, NULL)) {
        log_warn("vm", "target %s: QEMU did not end by itself and is killed", vm_name(self));
        child_signal(self->process, SIGKILL);
        child_wait(self->process, timeout_ms, NULL);
    }
    self->process = child_destroy(self->process);
    vm_record_remove(self->folder);
    self->phase = VM_ENDED;
}

static void no_free_arguments_hint(const struct vm *self)
{
    if (self->confinement.off)
        log_warn("vm", "target %s: extra-arguments may name any file, so its process is not confined by Landlock",
                 vm_name(self));
}

int vm_create(struct loop *loop, const struct vm_config *config, vm_changed_fn *changed, void *data, struct vm **ret)
{
    struct vm *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->config = *config;
    self->config.target = self->target = config_target_copy(config->target);
    self->loop = loop;
    self->changed = changed;
    self->data = data;
    self->folder = self->log.fd = -1;
    self->backoff = (struct backoff){.first_us = 1000000, .longest_us = 60000000, .good_us = 30000000};
    self->confinement = (struct vm_confinement){.paths = &self->paths, .off = config->target->extra.n > 0};
    int r = self->target ? vm_paths_init(&self->paths, config) : -ENOMEM;
    if (r == 0 && (self->folder = open(self->paths.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
        r = -errno;
    if (r == 0)
        r = vm_log_open(&self->log, self->folder, config->user);
    if (r == 0)
        r = loop_timer_add(loop, vm_step, self, &self->step);
    if (r == 0)
        r = loop_timer_add(loop, on_watch, self, &self->watch);
    if (r == 0)
        r = loop_timer_add(loop, on_kill, self, &self->kill);
    if (r < 0) {
        vm_destroy(self);
        return r;
    }
    no_free_arguments_hint(self);
    *ret = self;
    return 0;
}

struct vm *vm_destroy(struct vm *self)
{
    if (!self)
        return NULL;
    child_destroy(self->process);
    child_destroy(self->helper);
    child_destroy(self->tpm);
    loop_timer_remove(self->step);
    loop_timer_remove(self->watch);
    loop_timer_remove(self->kill);
    config_target_free(self->target);
    config_target_free(self->next);
    vm_log_close(&self->log);
    if (self->folder >= 0)
        close(self->folder);
    free(self);
    return NULL;
}
