#include "machines/qemu/qemu_power.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "machines/qemu/boot_recipe.h"
#include "machines/qemu/qmp_sequence.h"

/* A guest that has not gone off by then does not heed the button; it is simply on. */
#define GOING_OFF_US 90000000

/* Firmware resets the machine once or twice by itself while it starts; the boot order is read anew each time. A reset
 * later than this is the guest's. */
#define FIRMWARE_BIOS_US 5000000
#define FIRMWARE_UEFI_US 30000000
#define ONCE_LIMIT_US 180000000

struct qemu_power {
    struct power base;
    struct qmp *qmp;
    struct qemu_power_owner owner;
    void *owner_data;
    enum qemu_firmware firmware;
    struct boot_recipe *recipe;
    void (*changed)(void *data);
    void *changed_data;

    enum power_state state;
    bool asking, ask_again; /* query-status */
    bool paused;            /* on, but the processor stands still */
    bool booting;           /* between the commands of a start the machine is "off" for a moment */
    struct loop_timer *going_off, *once_over;

    enum power_boot next;
    struct qemu_boot_device once; /* stands first just now; id "" when none does */
    uint64_t once_us;
};

struct act {
    struct qemu_power *self;
    power_done_fn *done;
    void *data;
    bool booted;            /* the choice for the next boot has been used */
    enum power_state after; /* what the machine then is; POWER_UNKNOWN: ask */
};

static struct qemu_power *of(struct power *base)
{
    return container_of(base, struct qemu_power, base);
}

/* ---- state ---- */

static void set_state(struct qemu_power *self, enum power_state state)
{
    if (state == POWER_ON && self->state == POWER_GOING_OFF)
        return; /* until the guest is off or the time is over */
    if (state == self->state)
        return;
    if (state != POWER_GOING_OFF)
        loop_timer_disarm(self->going_off);
    self->state = state;
    self->owner.changed(self->owner_data);
    if (self->changed)
        self->changed(self->changed_data);
}

static void on_going_off_over(void *data)
{
    struct qemu_power *self = data;
    if (self->state != POWER_GOING_OFF)
        return;
    self->state = POWER_UNKNOWN; /* lets set_state pass */
    set_state(self, POWER_ON);
}

static void restore_order(struct qemu_power *self, bool reset);
static void refresh(struct qemu_power *self);

static void on_status(void *data, int error, const json_t *answer, const char *why)
{
    struct qemu_power *self = data;
    (void)why;
    self->asking = false;
    if (error)
        return;
    if (self->ask_again) {
        self->ask_again = false;
        refresh(self);
        return;
    }
    const char *status = json_string_value(json_object_get(answer, "status"));
    if (!status) {
        qmp_drop(self->qmp, "QEMU's monitor told a state that is none");
        return;
    }
    bool off = !strcmp(status, "prelaunch") || !strcmp(status, "shutdown");
    self->paused = !off && strcmp(status, "running") != 0;
    if (self->booting)
        return;
    if (off) {
        boot_recipe_stop(self->recipe);
        restore_order(self, false);
    }
    set_state(self, off ? POWER_OFF : POWER_ON);
}

static void refresh(struct qemu_power *self)
{
    if (self->asking)
        self->ask_again = true;
    else
        self->asking = qmp_call(self->qmp, "query-status", NULL, -1, on_status, self) == 0;
}

/* ---- boot order ---- */

static json_t *bootindex(const char *id, int index)
{
    char path[64];
    snprintf(path, sizeof path, "/machine/peripheral/%s", id);
    return json_pack("{s:s, s:s, s:i}", "path", path, "property", "bootindex", "value", index);
}

/* Takes the device that stood first once back to its place. reset: the guest has just begun to start again with the old
 * order in force; another reset makes it start with the right one. */
static void restore_order(struct qemu_power *self, bool reset)
{
    if (!self->once.id[0])
        return;
    struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
    qmp_sequence_add(sequence, "qom-set", bootindex(self->once.id, self->once.bootindex), true);
    if (reset)
        qmp_sequence_add(sequence, "system_reset", NULL, true);
    self->once.id[0] = '\0';
    loop_timer_disarm(self->once_over);
    qmp_sequence_run(sequence, NULL, NULL);
}

static void on_once_over(void *data)
{
    restore_order(data, false);
}

static void on_reset(struct qemu_power *self, const json_t *body)
{
    uint64_t firmware_us = self->firmware == QEMU_BIOS ? FIRMWARE_BIOS_US : FIRMWARE_UEFI_US;
    if (json_is_true(json_object_get(body, "guest")) && clock_now_us() - self->once_us > firmware_us)
        restore_order(self, true);
}

/* Adds what the next boot needs to a sequence that ends in a reset; an error: why says what is missing. */
static int prepare_boot(struct qemu_power *self, struct qmp_sequence *sequence, char *why, size_t why_size)
{
    struct qemu_boot_device device;
    enum power_boot next = self->next;
    restore_order(self, false);
    boot_recipe_stop(self->recipe);
    if (next == POWER_BOOT_DEFAULT)
        return 0;
    if (next == POWER_BOOT_MENU || next == POWER_BOOT_SETUP) {
        boot_recipe_prepare(self->recipe);
        return 0;
    }
    int r = self->owner.boot_device(self->owner_data, next, &device, why, why_size);
    if (r < 0)
        return r;
    qmp_sequence_add(sequence, "qom-set", bootindex(device.id, QEMU_BOOT_ONCE), false);
    self->once = device;
    self->once_us = clock_now_us();
    loop_timer_arm_in(self->once_over, ONCE_LIMIT_US);
    return 0;
}

/* ---- actions ---- */

static void finish_act(void *data, int error, const char *why)
{
    struct act *act = data;
    struct qemu_power *self = act->self;
    if (act->booted) {
        self->booting = false;
        if (!error && (self->next == POWER_BOOT_MENU || self->next == POWER_BOOT_SETUP))
            boot_recipe_start(self->recipe);
        if (!error)
            self->next = POWER_BOOT_DEFAULT;
    }
    if (!error && act->after != POWER_UNKNOWN)
        set_state(self, act->after);
    if (!error || error == -EREMOTEIO)
        refresh(self);
    if (act->done)
        act->done(act->data, error, why);
    free(act);
}

static void run(struct qemu_power *self, struct qmp_sequence *sequence, bool booted, enum power_state after,
                power_done_fn *done, void *data)
{
    struct act *act = calloc(1, sizeof *act);
    if (!act) {
        qmp_sequence_free(sequence);
        self->booting = false;
        done(data, -ENOMEM, "out of memory");
        return;
    }
    *act = (struct act){.self = self, .done = done, .data = data, .booted = booted, .after = after};
    qmp_sequence_run(sequence, finish_act, act);
}

static void boot(struct qemu_power *self, power_done_fn *done, void *data)
{
    char why[256];
    struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
    int r = prepare_boot(self, sequence, why, sizeof why);
    if (r < 0) {
        qmp_sequence_free(sequence);
        done(data, r, why);
        return;
    }
    /* a hot-plugged device's place in the boot order counts from the next reset, so one stands before each start */
    qmp_sequence_add(sequence, "system_reset", NULL, false);
    /* it may be off, or stand still since a moment ago, of which we have yet to be told */
    qmp_sequence_add(sequence, "cont", NULL, false);
    self->booting = true;
    run(self, sequence, true, POWER_ON, done, data);
}

static void turn_on(struct qemu_power *self, power_done_fn *done, void *data)
{
    if (self->state == POWER_OFF) {
        boot(self, done, data);
        return;
    }
    struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
    if (self->paused)
        qmp_sequence_add(sequence, "cont", NULL, false);
    run(self, sequence, false, POWER_UNKNOWN, done, data);
}

static void soft_off(struct qemu_power *self, power_done_fn *done, void *data)
{
    struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
    if (self->state != POWER_OFF) {
        qmp_sequence_add(sequence, "system_powerdown", NULL, false);
        set_state(self, POWER_GOING_OFF);
        loop_timer_arm_in(self->going_off, GOING_OFF_US);
    }
    run(self, sequence, false, POWER_UNKNOWN, done, data);
}

static void hard_off(struct qemu_power *self, power_done_fn *done, void *data)
{
    struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
    if (self->state != POWER_OFF) {
        qmp_sequence_add(sequence, "stop", NULL, false);
        qmp_sequence_add(sequence, "system_reset", NULL, false);
    }
    run(self, sequence, false, POWER_OFF, done, data);
}

static void nmi(struct qemu_power *self, power_done_fn *done, void *data)
{
    struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
    qmp_sequence_add(sequence, "inject-nmi", NULL, false);
    run(self, sequence, false, POWER_UNKNOWN, done, data);
}

static void act(struct power *base, enum power_action action, power_done_fn *done, void *data)
{
    struct qemu_power *self = of(base);
    if (!qmp_is_ready(self->qmp) || self->state == POWER_UNKNOWN) {
        done(data, -ENODEV, "The machine's process cannot be reached.");
        return;
    }
    if (self->state == POWER_OFF && (action == POWER_ACT_RESET || action == POWER_ACT_NMI)) {
        done(data, -EINVAL, "The machine is off: power it on first.");
        return;
    }
    switch (action) {
    case POWER_ACT_ON:
        turn_on(self, done, data);
        return;
    case POWER_ACT_SOFT_OFF:
        soft_off(self, done, data);
        return;
    case POWER_ACT_HARD_OFF:
        hard_off(self, done, data);
        return;
    case POWER_ACT_RESET:
        boot(self, done, data);
        return;
    case POWER_ACT_NMI:
        nmi(self, done, data);
        return;
    }
    done(data, -ENOTSUP, "This machine has no such action.");
}

static void boot_once(struct power *base, enum power_boot choice, power_done_fn *done, void *data)
{
    struct qemu_power *self = of(base);
    struct qemu_boot_device device;
    char why[256];
    int r = 0;
    if (choice == POWER_BOOT_SETUP && self->firmware == QEMU_BIOS) {
        done(data, -ENOTSUP, "This machine's BIOS has no set-up: take its boot menu.");
        return;
    }
    if (choice == POWER_BOOT_CD || choice == POWER_BOOT_DISK || choice == POWER_BOOT_PXE)
        r = self->owner.boot_device(self->owner_data, choice, &device, why, sizeof why);
    /* a CD may still be inserted before the reset */
    if (r == -ENODATA)
        r = 0;
    if (r == 0 && self->next != choice) {
        self->next = choice;
        if (self->changed)
            self->changed(self->changed_data);
    }
    done(data, r, r < 0 ? why : NULL);
}

static enum power_state state(struct power *base)
{
    return of(base)->state;
}

static enum power_boot boot_next(struct power *base)
{
    return of(base)->next;
}

static void listen_to(struct power *base, void (*changed)(void *data), void *data)
{
    of(base)->changed = changed;
    of(base)->changed_data = data;
}

static void destroy(struct power *base)
{
    (void)base; /* the machine's */
}

static const struct power_ops ops = {
    .name = "qemu",
    .state = state,
    .listen = listen_to,
    .act = act,
    .boot_once = boot_once,
    .boot_next = boot_next,
    .destroy = destroy,
};

/* ---- machine ---- */

void qemu_power_ready(struct qemu_power *self)
{
    refresh(self);
}

void qemu_power_lost(struct qemu_power *self)
{
    boot_recipe_stop(self->recipe);
    loop_timer_disarm(self->once_over);
    self->once.id[0] = '\0';
    self->asking = self->ask_again = false;
    set_state(self, POWER_UNKNOWN);
}

void qemu_power_event(struct qemu_power *self, const char *name, const json_t *body)
{
    static const char *const changes[] = {"STOP", "RESUME", "SHUTDOWN", "RESET", "SUSPEND", "WAKEUP", "GUEST_PANICKED"};
    if (!strcmp(name, "RESET"))
        on_reset(self, body);
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
        if (!strcmp(name, changes[i]))
            refresh(self);
}

struct power *qemu_power_port(struct qemu_power *self)
{
    return &self->base;
}

int qemu_power_create(struct loop *loop, struct qmp *qmp, struct input *input, enum qemu_firmware firmware,
                      const struct qemu_power_owner *owner, void *owner_data, struct qemu_power **ret)
{
    struct qemu_power *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct qemu_power){
        .base.ops = &ops, .qmp = qmp, .firmware = firmware, .owner = *owner, .owner_data = owner_data};
    int r = boot_recipe_create(loop, qmp, input, firmware, &self->recipe);
    if (r == 0)
        r = loop_timer_add(loop, on_going_off_over, self, &self->going_off);
    if (r == 0)
        r = loop_timer_add(loop, on_once_over, self, &self->once_over);
    if (r < 0) {
        qemu_power_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct qemu_power *qemu_power_destroy(struct qemu_power *self)
{
    if (!self)
        return NULL;
    boot_recipe_destroy(self->recipe);
    loop_timer_remove(self->going_off);
    loop_timer_remove(self->once_over);
    free(self);
    return NULL;
}
