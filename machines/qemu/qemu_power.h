/* Power port of a QEMU machine: its process is the chassis and lives on while the machine is off. Net thread. */
#pragma once

#include "core/loop.h"
#include "machines/qemu/argv.h"
#include "machines/qemu/qmp.h"
#include "manage/power.h"
#include "usbgadget/input.h"

struct qemu_power;

/* A device that can stand first in the boot order once: its id in QEMU and the place it has otherwise. */
struct qemu_boot_device {
    char id[32];
    int bootindex;
};

struct qemu_power_owner {
    /* 0 and *ret; -ENOTSUP or -ENODATA with the sentence in why. boot is CD, DISK or PXE. */
    int (*boot_device)(void *data, enum power_boot boot, struct qemu_boot_device *ret, char *why, size_t why_size);
    void (*changed)(void *data); /* the state is another one */
};

int qemu_power_create(struct loop *loop, struct qmp *qmp, struct input *input, enum qemu_firmware firmware,
                      const struct qemu_power_owner *owner, void *owner_data, struct qemu_power **ret);
struct qemu_power *qemu_power_destroy(struct qemu_power *self); /* after the monitor; NULL allowed; returns NULL */
struct power *qemu_power_port(struct qemu_power *self);

void qemu_power_ready(struct qemu_power *self); /* the monitor is there: asks for the state */
void qemu_power_lost(struct qemu_power *self);
void qemu_power_event(struct qemu_power *self, const char *name, const json_t *body);
