/* Answers what the gateway asks of this machine's devices. A driver may take its time, or never answer: a process of
 * its own looks, one device at a time. */
#pragma once

#include "core/ipc.h"
#include "core/loop.h"
#include "gateway/config/config.h"

struct supervisor_devices;

struct supervisor_devices_config {
    const char *root;            /* as devices_list */
    const struct config *config; /* in use; outlives it */
    struct ipc *(*gateway)(void *data);
    void *data;
};

int supervisor_devices_create(struct loop *loop, const struct supervisor_devices_config *config,
                              struct supervisor_devices **ret);
struct supervisor_devices *supervisor_devices_destroy(struct supervisor_devices *self); /* NULL allowed; returns NULL */

/* CONTROL_DEVICES_ASK (control_devices.h). False: none of ours, or malformed. */
bool supervisor_devices_message(struct supervisor_devices *self, const struct ipc_message *message);
