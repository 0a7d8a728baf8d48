/* What went over the cable: keyboard reports as the host took them, from the kernel's usbmon, which forgets nothing
 * when a device goes. And what a rude host does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus_report {
    bool configured; /* no report: the host configured a device */
    unsigned endpoint;
    size_t size;
    uint8_t bytes[8];
};

/* The whole machine's traffic from now on, or -errno. */
int bus_open(void);
/* The next of our device's interrupt IN reports, or a configuration; false: nothing more now. */
bool bus_next(int bus, struct bus_report *ret);

/* A port reset; the host's drivers stay bound to the device and keep what they know of it. */
int bus_reset_device(const char *device);
/* Configuration 0 and back to 1: the host's drivers go and come. */
int bus_reconfigure(const char *device);
/* Takes an interface away from the host's driver, for output reports of any bytes and size over endpoint 0; and gives
 * it back. A descriptor or -errno. */
int bus_seize(const char *device, unsigned interface);
int bus_set_report(int device, unsigned interface, const uint8_t *bytes, size_t size);
void bus_give_back(int device, unsigned interface);
/* Bus name ("1-1") of the device of this vendor. */
bool bus_find(uint16_t vendor, char ret[32]);
