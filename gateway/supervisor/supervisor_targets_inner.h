/* The supervisor's targets from inside. For gateway/supervisor_targets*.c. */
#pragma once

#include "gateway/supervisor/supervisor_targets.h"
#include "gateway/vm/vm.h"

struct target_place {
    struct supervisor_targets *owner;
    struct config_target *target; /* as the configuration in force says; NULL: nobody is here */
    uint32_t generation;
    unsigned order;
    bool told_waits;
    struct vm *vm; /* NULL: it is no machine of ours, or one of the same name has not ended yet */
};

/* A machine whose target is gone. */
struct target_parting {
    struct target_parting *next;
    struct supervisor_targets *owner;
    struct control_place place;
    struct vm *vm;
    struct loop_timer *timer; /* how long the gateway has to power it off */
    char name[TARGET_NAME_MAX];
    bool erase, ended;
};

struct supervisor_targets {
    struct loop *loop;
    struct supervisor_targets_config config;
    const struct supervisor_targets_owner *owner;
    void *data;
    struct target_place places[CONFIG_MAX_TARGETS];
    unsigned last; /* given away last: the next one begins behind it, so that each place rests for a while */
    struct target_parting *partings;
    struct loop_timer *sweep; /* of partings that have ended */
    bool kvm_known, kvm, began;
};

struct control_place target_place_of(const struct target_place *self);
struct target_place *target_place_find(const struct supervisor_targets *self, const char *name);
struct target_place *target_place_at(struct supervisor_targets *self, const struct control_place *place);

/* supervisor_targets_tell.c */
void target_place_tell(struct target_place *self, bool first); /* TARGET; first: with what belongs to it, and DONGLE */
void target_place_tell_vm(const struct supervisor_targets *self, struct vm *vm);
void target_place_tell_gone(struct target_place *self, enum control_gone_how how);
void target_place_waits(const struct target_place *self, char *room, size_t size); /* which keys; "" */

/* supervisor_targets_part.c: machines that end */
void target_part(struct target_place *self, bool erase); /* takes its machine */
bool target_parts(const struct supervisor_targets *self, const char *name);
struct target_parting *target_parting_at(const struct supervisor_targets *self, const struct control_place *place);
void target_parting_end(struct target_parting *self); /* the machine is off, or had its time */
void target_partings_finish(struct supervisor_targets *self);
int target_place_make_vm(struct target_place *self); /* unless one of the same name still ends */
