/* The other end of the cable, seen from the same kernel: what a host finds of a gadget on dummy_hcd. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usbgadget/gadget.h"

#define HOST_PATH 128
#define HOST_PATIENCE_US 60000000

/* Asks fn again and again; false after a time that only a hang needs. */
bool host_wait(bool (*fn)(void *data), void *data);

bool host_sees_device(uint16_t product); /* of vendor HOST_VENDOR */
bool host_wait_device(uint16_t product);
bool host_wait_no_device(uint16_t product);
#define HOST_VENDOR 0x1d6b

/* Interface classes and boot protocols in the order of their numbers: "K" boot keyboard, "M" boot mouse, "H" other HID,
 * "S" mass storage, "?" others. */
void host_interfaces(uint16_t product, char room[32]);

/* Paths of the devices, when they have come. kind: "sr" or "sd". False: none came. */
bool host_wait_disc(const char *kind, char room[HOST_PATH]);
bool host_disc(const char *kind, char room[HOST_PATH]);
bool host_wait_no_disc(const char *kind);
/* vendor, model or rev of the INQUIRY data, trimmed at the end only. */
bool host_inquiry(const char *disc, const char *which, char *room, size_t size);
/* An evdev node of a device whose name has that word, by capability: EV_KEY bit. -1: none came. */
int host_wait_input(unsigned key);

/* Reads a whole disc past every cache. *ret_size: bytes read. 0 or -errno of open or read. */
int host_read_disc(const char *disc, uint8_t *room, size_t size, size_t *ret_size);
uint64_t host_disc_size(const char *disc);

/* Writes text to a file of the kernel: 0 or -errno. */
int host_write(const char *path, const char *text);
bool host_read(const char *path, char *room, size_t size);

/* A configuration for gadgets of tests. */
struct gadget_config host_gadget_config(uint16_t product);
