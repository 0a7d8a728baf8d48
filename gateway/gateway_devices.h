/* The devices of this machine, for the page: asked of the supervisor. Net thread. */
#pragma once

#include "api/devices.h"
#include "core/ipc.h"

#define GATEWAY_DEVICES_ASKED 8 /* questions at a time */

struct gateway;

struct gateway_devices {
    struct gateway_devices_asked {
        api_devices_done_fn *done; /* NULL: a free place */
        void *data;
        uint32_t serial;
    } asked[GATEWAY_DEVICES_ASKED];
    uint32_t serial;
};

extern const struct api_devices_ops gateway_devices_ops; /* context: struct gateway */

bool gateway_devices_told(struct gateway *gateway, struct ipc_message *message); /* CONTROL_DEVICES; false: malformed */
void gateway_devices_lost(struct gateway *gateway);                              /* the supervisor is gone */
