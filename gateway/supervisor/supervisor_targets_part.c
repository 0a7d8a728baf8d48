/* Machines whose targets are gone: the gateway asks them to power off, then their processes end, then their folders go
 * if so asked. Until then nothing new begins under the same name. */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "gateway/supervisor/supervisor_targets_inner.h"

#define POLITE_US 60000000ull /* for the operating system to shut down */

bool target_parts(const struct supervisor_targets *self, const char *name)
{
    for (const struct target_parting *p = self->partings; p; p = p->next)
        if (!p->ended && strcmp(p->name, name) == 0)
            return true;
    return false;
}

struct target_parting *target_parting_at(const struct supervisor_targets *self, const struct control_place *place)
{
    for (struct target_parting *p = self->partings; p; p = p->next)
        if (p->place.index == place->index && p->place.generation == place->generation)
            return p;
    return NULL;
}

static void on_sweep(void *data)
{
    struct supervisor_targets *self = data;
    for (struct target_parting **at = &self->partings; *at;) {
        struct target_parting *p = *at;
        if (!p->ended) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        int r = p->erase ? state_erase_target(self->config.state, p->name) : 0;
        if (r < 0)
            log_error("supervisor", "target %s: its folder cannot be removed: %s", p->name, strerror(-r));
        else
            log_info("supervisor", "target %s: its machine has ended%s", p->name,
                     p->erase ? ", its folder is removed" : "; its folder is kept");
        struct target_place *successor = target_place_find(self, p->name);
        vm_destroy(p->vm);
        loop_timer_remove(p->timer);
        free(p);
        if (successor && target_place_make_vm(successor) == 0 && successor->vm)
            target_place_tell_vm(self, successor->vm);
    }
}

static void on_vm_changed(void *data, struct vm *vm)
{
    struct target_parting *self = data;
    target_place_tell_vm(self->owner, vm);
    if (vm_runs(vm) || self->ended)
        return;
    /* not from inside the machine's own call */
    self->ended = true;
    loop_timer_arm_in(self->owner->sweep, 0);
}

static void on_timer(void *data)
{
    struct target_parting *self = data;
    log_warn("supervisor", "target %s: its machine did not power off in time: it is ended", self->name);
    target_parting_end(self);
}

void target_parting_end(struct target_parting *self)
{
    loop_timer_disarm(self->timer);
    vm_leave(self->vm);
}

void target_part(struct target_place *place, bool erase)
{
    struct supervisor_targets *self = place->owner;
    struct vm *vm = take(place->vm);
    struct target_parting *p = vm ? calloc(1, sizeof *p) : NULL;
    if (!vm)
        return;
    if (p && !self->sweep && loop_timer_add(self->loop, on_sweep, self, &self->sweep) < 0)
        p = (free(p), NULL);
    if (p && loop_timer_add(self->loop, on_timer, p, &p->timer) < 0)
        p = (free(p), NULL);
    if (!p) {
        log_error("supervisor", "target %s: no memory to end its machine, which goes on", place->target->name);
        vm_destroy(vm);
        return;
    }
    p->owner = self;
    p->place = target_place_of(place);
    p->vm = vm;
    p->erase = erase;
    memcpy(p->name, place->target->name, sizeof p->name);
    p->next = self->partings;
    self->partings = p;
    vm_listen(vm, on_vm_changed, p);
    bool polite = vm_runs(vm) && self->owner->gateway(self->data);
    if (polite)
        loop_timer_arm_in(p->timer, POLITE_US);
    else
        target_parting_end(p);
}

/* The program ends: what was asked to end is asked by its process's signal, and the next supervisor finds no trace. */
void target_partings_finish(struct supervisor_targets *self)
{
    while (self->partings) {
        struct target_parting *p = self->partings;
        self->partings = p->next;
        vm_destroy(p->vm);
        loop_timer_remove(p->timer);
        free(p);
    }
    self->sweep = loop_timer_remove(self->sweep);
}
