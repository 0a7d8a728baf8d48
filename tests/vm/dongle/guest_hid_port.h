/* The input port on the stock kernel's gadget, wired as the gateway wires it: what the tests and the figures share. */
#pragma once

#include "host_side.h"
#include "usbgadget/hidg.h"

#define HID_PRODUCT 0x0105

struct hid_port {
    struct loop *loop;
    struct gadget *gadget;
    struct hidg *hidg;
    struct input *input;
    struct loop_io *state_io;
    int state_fd;
    bool plugged; /* only the keyboard is the port's, see hid_port_create */
    int plugs[2];
    bool plug_holds, is_configured;
    enum personality personality;
    unsigned polled[GADGET_HIDS], configured, wakes;
    uint8_t leds;
    bool absolute, suspended;
    char why[256];
};

/* plugged: dummy_hcd takes one report into a place that all endpoints share and says at once that the host has it,
 * which no real controller does; a report for a pointer that nobody opens is put there, so that the keyboard's queue is
 * one report deep, and full until the host has taken it. */
int hid_port_create(struct hid_port *self, enum personality personality, bool plugged);
/* Whether that place is taken; else it is tried as soon as nothing waits. */
bool hid_port_plug(struct hid_port *self);
void hid_port_destroy(struct hid_port *self);

/* Unbinds, binds, and attaches what is there then. */
int hid_port_bind(struct hid_port *self);
/* Serves the port for so long. */
void hid_port_turn(struct hid_port *self, int milliseconds);
/* Until the target has taken everything; false after a time that only a hang needs. */
bool hid_port_drain(struct hid_port *self);
/* Until the target has configured us and polls the keyboard. */
bool hid_port_wait_polled(struct hid_port *self);
