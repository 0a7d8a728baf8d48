/* A machine driver brings several ports of one target at once. The gateway creates it and asks for its ports, any of
 * which may be NULL. Net thread. */
#pragma once

#include "media/drive.h"

struct input;
struct power;
struct screen;

struct machine;

struct machine_ops {
    const char *name; /* "qemu" */
    void (*destroy)(struct machine *self);
};

struct machine {
    const struct machine_ops *ops;
    struct screen *screen;
    struct input *input;
    struct power *power;
    struct drive *drives[DRIVES_MAX];
};
