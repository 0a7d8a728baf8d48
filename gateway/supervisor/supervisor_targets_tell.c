/* What the gateway is told of targets. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "gateway/control/control.h"
#include "gateway/supervisor/supervisor_helper.h"
#include "gateway/supervisor/supervisor_targets_inner.h"

static void say(const struct supervisor_targets *self, uint16_t type, const struct wire_writer *w, int fd)
{
    struct ipc *gateway = self->owner->gateway(self->data);
    if (!gateway)
        return;
    int r = w->full ? -EMSGSIZE : ipc_send(gateway, type, 0, w->start, wire_written(w), &fd, fd >= 0 ? 1 : 0);
    if (r < 0)
        log_error("supervisor", "message %u to the gateway is lost: %s", type, strerror(-r));
}

void target_place_waits(const struct target_place *self, char *room, size_t size)
{
    struct config_target *before, *after = self->target;
    struct target_changes *changes = self->vm && vm_waits(self->vm) ? malloc(sizeof *changes) : NULL;
    room[0] = '\0';
    if (!changes)
        return;
    before = (struct config_target *)vm_target(self->vm);
    target_changes_find(&before, 1, &after, 1, changes);
    /* one that another supervisor has started says only that it differs */
    snprintf(room, size, "%s", changes->n == 1 && changes->list[0].hard[0] ? changes->list[0].hard : "configuration");
    free(changes);
}

/* The shape of what runs; what is soft of what is to be. */
static void describe(struct target_place *self, struct control_target *ret)
{
    const struct config_target *soft = self->target;
    const struct config_target *shape = self->vm && vm_waits(self->vm) ? vm_target(self->vm) : soft;
    struct control_place place = target_place_of(self);
    *ret = (struct control_target){
        .index = place.index,
        .generation = place.generation,
        .order = (uint16_t)self->order,
        .machine = (uint8_t)shape->machine,
        .firmware = (uint8_t)shape->firmware,
        .format = (uint8_t)shape->format,
        .noise = shape->noise,
        .nic = shape->nic.kind != CONFIG_NIC_NONE,
        .drives = (uint8_t)shape->drives,
        .media_wait_s = soft->media_wait_s,
        .jiggler_s = soft->jiggler_s,
        .seat_shared = soft->seat == CONFIG_SEAT_SHARED,
        .seat_idle_s = soft->seat_idle_s,
    };
    memcpy(ret->name, soft->name, sizeof ret->name);
    memcpy(ret->group, soft->group, sizeof ret->group);
    memcpy(ret->title, soft->title, sizeof ret->title);
    text_copy(ret->layout, sizeof ret->layout, soft->layout);
    for (unsigned i = 0; i < CONFIG_MAX_DISKS; i++)
        ret->n_disks = (uint8_t)(ret->n_disks + (shape->disks[i].path[0] != '\0'));
    target_place_waits(self, ret->waits, sizeof ret->waits);
    self->told_waits = ret->waits[0];
}

void target_place_tell(struct target_place *self, bool first)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct control_target message;
    struct ipc *gateway = self->owner->owner->gateway(self->owner->data);
    if (!gateway)
        return;
    describe(self, &message);
    control_write_target(&w, &message);
    /* a pipe nobody writes into yet must not hold the supervisor */
    _cleanup_close_ int recording = -1;
    if (first && self->target->machine == CONFIG_REPLAY) {
        recording = open(self->target->recording, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (recording < 0)
            log_error("supervisor", "target %s: recording %s cannot be opened: %s", self->target->name,
                      self->target->recording, strerror(errno));
    }
    say(self->owner, CONTROL_TARGET, &w, recording);
    if (first)
        helper_link_tell(gateway, self->target, message.index);
}

void target_place_tell_vm(const struct supervisor_targets *self, struct vm *vm)
{
    struct control_vm state;
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    vm_describe(vm, &state);
    control_write_vm(&w, &state);
    say(self, CONTROL_VM, &w, -1);
}

void target_place_tell_gone(struct target_place *self, enum control_gone_how how)
{
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    control_write_gone(&w, &(struct control_gone){.place = target_place_of(self), .how = (uint8_t)how});
    say(self->owner, CONTROL_TARGET_GONE, &w, -1);
}

void supervisor_targets_tell(struct supervisor_targets *self)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->places[i].target)
            target_place_tell(&self->places[i], true);
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->places[i].vm)
            target_place_tell_vm(self, self->places[i].vm);
}

const struct config_target *supervisor_targets_at(struct supervisor_targets *self, const struct control_place *place)
{
    const struct target_place *found = target_place_at(self, place);
    return found ? found->target : NULL;
}
