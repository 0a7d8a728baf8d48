#include "machines/qemu/qemu_machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/log.h"
#include "machines/qemu/dbus_display.h"
#include "machines/qemu/qemu_drive.h"
#include "machines/qemu/qemu_input.h"
#include "machines/qemu/qemu_power.h"
#include "machines/qemu/qemu_screen.h"
#include "machines/qemu/qmp.h"

struct qemu_machine {
    struct machine base;
    char name[64];
    unsigned n_drives, n_disks;
    bool nic;
    void (*drives_known)(void *data);
    void *data;

    struct qmp *qmp;
    struct dbus_display *display;
    struct qemu_screen *screen;
    struct qemu_input *input;
    struct qemu_power *power;
    struct qemu_drive *drives[DRIVES_MAX];

    bool ended;          /* the supervisor said that the process has ended */
    char ended_why[256]; /* ... and why */
    char lost_why[256];  /* why monitor or display cannot be reached; "" */
};

/* ---- what the screen says ---- */

static void update_condition(struct qemu_machine *self)
{
    enum power_state power = qemu_power_port(self->power)->ops->state(qemu_power_port(self->power));
    enum screen_signal signal = SCREEN_OK;
    const char *why = "";
    if (self->ended) {
        signal = SCREEN_DEVICE_GONE;
        why = self->ended_why;
    } else if (!qmp_is_ready(self->qmp) && self->lost_why[0]) {
        signal = SCREEN_DEVICE_GONE;
        why = self->lost_why;
    } else if (!qmp_is_ready(self->qmp) || power == POWER_UNKNOWN) {
        signal = SCREEN_STARTING;
        why = "The machine's process has not been reached yet.";
    } else if (power == POWER_OFF) {
        signal = SCREEN_POWERED_OFF;
        why = "The machine is powered off.";
    } else if (!dbus_display_is_attached(self->display)) {
        signal = self->lost_why[0] ? SCREEN_DEVICE_GONE : SCREEN_STARTING;
        why = self->lost_why[0] ? self->lost_why : "The machine's display has not been reached yet.";
    }
    qemu_screen_condition(self->screen, signal, why);
}

/* ---- monitor ---- */

static void on_blocks(void *data, int error, const json_t *answer, const char *why)
{
    struct qemu_machine *self = data;
    (void)why;
    if (error)
        return;
    for (unsigned i = 0; i < self->n_drives; i++)
        qemu_drive_ready(self->drives[i], answer);
    if (self->drives_known)
        self->drives_known(self->data);
}

static void set_bootindex(struct qemu_machine *self, const char *id, int index)
{
    char path[64];
    snprintf(path, sizeof path, "/machine/peripheral/%s", id);
    qmp_call(self->qmp, "qom-set", json_pack("{s:s, s:s, s:i}", "path", path, "property", "bootindex", "value", index),
             -1, NULL, NULL);
}

/* A former gateway may have died with a device standing first once. What is not there refuses, which is fine. Drives
 * see to their own place. */
static void restore_boot_order(struct qemu_machine *self)
{
    char id[32];
    for (unsigned i = 0; i < self->n_disks; i++) {
        snprintf(id, sizeof id, "disk%u", i);
        set_bootindex(self, id, QEMU_BOOT_DISK + (int)i);
    }
    if (self->nic)
        set_bootindex(self, QEMU_ID_NIC, QEMU_BOOT_NIC);
}

static void on_ready(void *data)
{
    struct qemu_machine *self = data;
    log_info("qemu", "%s: connected to the machine's monitor", self->name);
    self->ended = false;
    self->lost_why[0] = '\0';
    qemu_power_ready(self->power);
    qmp_call(self->qmp, "query-block", NULL, -1, on_blocks, self);
    restore_boot_order(self);
    dbus_display_attach(self->display);
    update_condition(self);
}

static void on_event(void *data, const char *name, const json_t *body)
{
    struct qemu_machine *self = data;
    log_debug("qemu", "%s: event %s", self->name, name);
    if (!strcmp(name, "WATCHDOG"))
        log_warn("qemu", "%s: the guest's watchdog has run out", self->name);
    qemu_input_event(self->input, name);
    qemu_power_event(self->power, name, body);
    for (unsigned i = 0; i < self->n_drives; i++)
        qemu_drive_event(self->drives[i], name, body);
}

static void on_lost(void *data, const char *why)
{
    struct qemu_machine *self = data;
    log_info("qemu", "%s: %s", self->name, why);
    snprintf(self->lost_why, sizeof self->lost_why, "%s.", why);
    dbus_display_detach(self->display);
    qemu_screen_detached(self->screen);
    qemu_input_detached(self->input);
    qemu_power_lost(self->power);
    for (unsigned i = 0; i < self->n_drives; i++)
        qemu_drive_lost(self->drives[i]);
    update_condition(self);
}

/* ---- display ---- */

static void on_display_attached(void *data)
{
    struct qemu_machine *self = data;
    self->lost_why[0] = '\0';
    qemu_input_attached(self->input);
    qemu_screen_attached(self->screen);
    update_condition(self);
}

static void on_display_lost(void *data, const char *why)
{
    struct qemu_machine *self = data;
    log_warn("qemu", "%s: %s", self->name, why);
    snprintf(self->lost_why, sizeof self->lost_why, "%s", why);
    qemu_screen_detached(self->screen);
    qemu_input_detached(self->input);
    update_condition(self);
}

static void on_display_changed(void *data)
{
    qemu_input_changed(((struct qemu_machine *)data)->input);
}

static void on_display_answered(void *data)
{
    qemu_input_answered(((struct qemu_machine *)data)->input);
}

/* ---- power and drives ---- */

static int no_device(char *why, size_t size, int error, const char *text)
{
    snprintf(why, size, "%s", text);
    return error;
}

static int drive_boot_device(struct qemu_machine *self, enum drive_kind kind, bool wanted, struct qemu_boot_device *ret)
{
    const char *id;
    for (unsigned i = 0; i < self->n_drives; i++)
        if (qemu_drive_boot_id(self->drives[i], kind, wanted, &id, &ret->bootindex)) {
            snprintf(ret->id, sizeof ret->id, "%s", id);
            return 0;
        }
    return -ENODATA;
}

static int on_boot_device(void *data, enum power_boot boot, struct qemu_boot_device *ret, char *why, size_t why_size)
{
    struct qemu_machine *self = data;
    if (boot == POWER_BOOT_CD) {
        if (!self->n_drives)
            return no_device(why, why_size, -ENOTSUP, "This machine has no virtual drive.");
        return drive_boot_device(self, DRIVE_CDROM, true, ret) == 0 ||
                       drive_boot_device(self, DRIVE_CDROM, false, ret) == 0
                   ? 0
                   : no_device(why, why_size, -ENODATA, "No CD is in any drive: insert one first.");
    }
    if (boot == POWER_BOOT_DISK) {
        if (drive_boot_device(self, DRIVE_DISK, true, ret) == 0)
            return 0;
        if (self->n_disks) {
            *ret = (struct qemu_boot_device){.id = "disk0", .bootindex = QEMU_BOOT_DISK};
            return 0;
        }
        return drive_boot_device(self, DRIVE_DISK, false, ret) == 0
                   ? 0
                   : no_device(why, why_size, -ENOTSUP, "This machine has no disk.");
    }
    if (!self->nic)
        return no_device(why, why_size, -ENOTSUP, "This machine has no network card to boot from.");
    *ret = (struct qemu_boot_device){.id = QEMU_ID_NIC, .bootindex = QEMU_BOOT_NIC};
    return 0;
}

static void on_power_changed(void *data)
{
    update_condition(data);
}

/* ---- life ---- */

static void machine_destroy(struct machine *base)
{
    struct qemu_machine *self = container_of(base, struct qemu_machine, base);
    /* the screen's thread first, then the monitor, whose open commands still end in the others */
    self->screen = qemu_screen_destroy(self->screen);
    qmp_destroy(self->qmp);
    for (unsigned i = 0; i < DRIVES_MAX; i++)
        qemu_drive_destroy(self->drives[i]);
    qemu_power_destroy(self->power);
    qemu_input_destroy(self->input);
    dbus_display_destroy(self->display);
    free(self);
}

static const struct machine_ops ops = {.name = "qemu", .destroy = machine_destroy};

static int create_ports(struct qemu_machine *self, struct loop *loop, const struct qemu_machine_config *config)
{
    static const struct dbus_display_listener display_listener = {on_display_attached, on_display_lost,
                                                                  on_display_changed, on_display_answered};
    static const struct qemu_power_owner power_owner = {on_boot_device, on_power_changed};
    int r = dbus_display_create(loop, self->qmp, &display_listener, self, &self->display);
    if (r == 0)
        r = qemu_screen_create(loop, self->display, &self->screen);
    if (r == 0)
        r = qemu_input_create(loop, self->qmp, self->display, &self->input);
    if (r == 0)
        r = qemu_power_create(loop, self->qmp, qemu_input_port(self->input), config->firmware, &power_owner, self,
                              &self->power);
    for (unsigned i = 0; r == 0 && i < config->drives; i++)
        r = qemu_drive_create(loop, self->qmp, i, config->nbd_socket, &self->drives[i]);
    return r;
}

static void offer_ports(struct qemu_machine *self)
{
    self->base.ops = &ops;
    self->base.screen = qemu_screen_port(self->screen);
    self->base.input = qemu_input_port(self->input);
    self->base.power = qemu_power_port(self->power);
    for (unsigned i = 0; i < self->n_drives; i++)
        self->base.drives[i] = qemu_drive_port(self->drives[i]);
}

int qemu_machine_create(struct loop *loop, const struct qemu_machine_config *config, struct machine **ret)
{
    static const struct qmp_listener qmp_listener = {on_ready, on_event, on_lost};
    if (config->drives > DRIVES_MAX || config->n_disks > QEMU_MAX_DISKS)
        return -EINVAL;
    struct qemu_machine *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    snprintf(self->name, sizeof self->name, "%s", config->name);
    self->n_drives = config->drives;
    self->n_disks = config->n_disks;
    self->nic = config->nic;
    self->drives_known = config->drives_known;
    self->data = config->data;
    int r = qmp_create(loop, config->qmp_socket, &qmp_listener, self, &self->qmp);
    if (r == 0)
        r = create_ports(self, loop, config);
    if (r < 0) {
        machine_destroy(&self->base);
        return r;
    }
    offer_ports(self);
    *ret = &self->base;
    return 0;
}

void qemu_machine_vm_changed(struct machine *base, bool running, const char *why)
{
    struct qemu_machine *self = container_of(base, struct qemu_machine, base);
    assert(base->ops == &ops);
    self->ended = !running;
    snprintf(self->ended_why, sizeof self->ended_why, "%s", why ? why : "The machine's process has ended.");
    if (running) {
        self->lost_why[0] = '\0';
        qmp_retry_now(self->qmp);
    }
    update_condition(self);
}
