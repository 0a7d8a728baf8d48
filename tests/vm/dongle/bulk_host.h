/* A host of USB mass storage that is not the kernel's: raw wrappers through usbfs, so that everything can be sent that
 * a host could send. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bulk_host {
    int fd;
    unsigned interface, in, out; /* numbers */
    unsigned patience_ms;        /* a transfer that takes longer hangs */
};

/* Takes the mass-storage interface away from the kernel's driver: that of our big CD, or the other one. */
bool bulk_host_open(struct bulk_host *self, uint16_t vendor, uint16_t product, bool big_cd);
void bulk_host_close(struct bulk_host *self); /* gives it back */

/* Bytes moved, or -EPIPE: halted (and cleared again), -ETIMEDOUT, -errno. */
int bulk_host_send(struct bulk_host *self, const void *bytes, size_t size);
int bulk_host_receive(struct bulk_host *self, void *room, size_t size);
/* Takes back what an endpoint still had to give when its command was broken off. dummy_hcd keeps up to 64 bytes that
 * its driver was told are sent, and has no way to flush them. How many bytes. */
int bulk_host_drain(struct bulk_host *self);
/* 5.3.4: class request, both halts cleared. 0 or -errno. */
int bulk_host_recover(struct bulk_host *self);
int bulk_host_reset_port(struct bulk_host *self);
