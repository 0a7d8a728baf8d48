/* An input port without a machine: keeps the reports that a boot keyboard and a pointer would have sent. The fake of
 * the port (STYLE rule 6), also what a testcard target has. */
#pragma once

#include <stddef.h>

#include "usbgadget/input.h"
#include "usbgadget/keyboard.h"
#include "usbgadget/pointer.h"

#define RECORDING_MAX 256

struct recording_report {
    uint8_t size; /* KEYBOARD_REPORT_SIZE, POINTER_ABSOLUTE_SIZE or POINTER_RELATIVE_SIZE tells which */
    uint8_t bytes[KEYBOARD_REPORT_SIZE];
};

struct input_recording {
    struct input input;
    struct keyboard keyboard;
    uint8_t buttons;
    struct recording_report reports[RECORDING_MAX]; /* the newest RECORDING_MAX, oldest overwritten */
    size_t n_reports;                               /* ever made */
    const struct input_listener *listener;
    void *listener_data;
};

int input_recording_create(struct input_recording **ret);
/* The i-th newest report (0: the last), or NULL. */
const struct recording_report *input_recording_last(const struct input_recording *self, size_t i);
