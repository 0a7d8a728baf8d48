/* What a device of this machine shows just now (POST /devices/test), without disturbing a target that uses it: such a
 * capture device is not opened. Nothing is streamed, nothing is written but the choice of an unused device's input. */
#pragma once

#include <stdint.h>

#include "capture/v4l2_io.h"
#include "gateway/config/config.h"
#include "gateway/doctor/devices.h"

#define DEVICE_FACT_MAX 256
#define DEVICE_WHY_MAX 640

enum device_fact {
    /* capture devices */
    DEVICE_FACT_CARD,
    DEVICE_FACT_DRIVER,
    DEVICE_FACT_BUS,
    DEVICE_FACT_INPUT,
    DEVICE_FACT_SIGNAL, /* screen_signal_name */
    DEVICE_FACT_TIMINGS,
    DEVICE_FACT_FORMATS, /* those that lightsout takes */
    /* controllers */
    DEVICE_FACT_STATE,
    DEVICE_FACT_SPEED,
    DEVICE_FACT_MAX_SPEED,
    DEVICE_FACT_GADGET,
    /* lines */
    DEVICE_FACT_LABEL, /* of the chip */
    DEVICE_FACT_LINE,  /* its name */
    DEVICE_FACT_DIRECTION,
    DEVICE_FACT_CONSUMER,
    DEVICE_FACTS,
};
const char *device_fact_name(enum device_fact fact); /* in JSON */

enum { DEVICE_UNKNOWN, DEVICE_WORKS, DEVICE_FAILS };

struct device_seen {
    uint8_t kind; /* enum device_kind */
    char device[DEVICE_PATH_MAX];
    uint8_t works; /* for a new target */
    bool busy;
    char target[TARGET_NAME_MAX];  /* which of ours uses it; "": none */
    char why[DEVICE_WHY_MAX];      /* why not, with the remedy */
    char not_seen[DEVICE_WHY_MAX]; /* what could not be looked at, and why */
    char facts[DEVICE_FACTS][DEVICE_FACT_MAX];
};

/* What is to be looked at: by a process of its own, as supervisor_devices.c does. */
struct device_question {
    const char *root; /* as devices_list */
    struct device_capture capture;
    struct device_udc udc;
    struct device_gpio gpio;
    unsigned line;
    struct device_seen seen;
};

/* Which target of ours names it: "" or its name, valid as long as the configuration. For lines: with that number. */
const char *device_user(const struct config *config, const struct devices *devices, enum device_kind kind,
                        unsigned index, unsigned line);

/* -ENOENT: this machine has no such device ("auto": the first controller). */
int device_question_make(const char *root, const struct config *config, const struct devices *devices,
                         enum device_kind kind, const char *value, struct device_question *ret);
/* Fills seen. May take as long as a driver does to answer. */
void device_look(struct device_question *self);

/* device_look_video.c: the part for an open capture device. */
void device_look_video(const struct v4l2_io *io, int fd, struct device_seen *seen);
