/* What gateway and supervisor say to each other about the devices of this machine. The gateway, which sees no /sys,
 * asks (CONTROL_DEVICES_ASK), the supervisor answers (CONTROL_DEVICES, same serial). Pure; the receiver checks every
 * length. */
#pragma once

#include "core/wire.h"
#include "gateway/doctor/device_look.h"

#define CONTROL_DEVICES_LINES 64 /* of targets that are told */

struct control_devices_ask {
    bool test;
    uint8_t kind;                /* enum device_kind, of a test */
    char value[DEVICE_PATH_MAX]; /* as a configuration would name it */
};
void control_write_devices_ask(struct wire_writer *w, const struct control_devices_ask *ask);
bool control_read_devices_ask(const uint8_t *body, size_t size, struct control_devices_ask *ret);

/* The devices and which target uses which. */
struct control_devices {
    struct devices devices;
    char capture_users[DEVICES_MAX][TARGET_NAME_MAX], udc_users[DEVICES_MAX][TARGET_NAME_MAX]; /* "": none */
    struct control_devices_line {
        uint8_t chip; /* in devices.gpios */
        uint16_t line;
        char target[TARGET_NAME_MAX];
    } lines[CONTROL_DEVICES_LINES];
    unsigned n_lines;
    unsigned left_out; /* devices for which there was no room */
};

/* error: 0; -ENOENT: no such device; -EBUSY: another one is looked at. What there is no room for is left out. */
void control_write_devices(struct wire_writer *w, const struct control_devices *list);
void control_write_device_seen(struct wire_writer *w, int error, const struct device_seen *seen);

struct control_devices_answer {
    bool test;
    int32_t error;
    struct control_devices list;
    struct device_seen seen;
};
bool control_read_devices(const uint8_t *body, size_t size, struct control_devices_answer *ret);
