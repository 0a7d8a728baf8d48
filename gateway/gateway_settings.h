/* The gateway's sight of the settings: what the supervisor has told, as api/config.h shows it, and what it is asked.
 * Net thread. */
#pragma once

#include "api/config.h"
#include "core/ipc.h"
#include "gateway/config/pending_change.h"

struct gateway;
struct gateway_settings;

extern const struct api_config_ops gateway_settings_ops; /* context: struct gateway_settings */

int gateway_settings_create(struct gateway *gateway, struct gateway_settings **ret);
struct gateway_settings *gateway_settings_destroy(struct gateway_settings *self); /* NULL allowed; returns NULL */

/* CONTROL_SETTINGS, which may come before the rest is there, and CONTROL_SETTINGS_ANSWER. False: malformed. */
bool gateway_settings_told(struct gateway_settings *self, struct ipc_message *message);
void gateway_settings_lost(struct gateway_settings *self); /* the supervisor is gone: nothing is answered any more */

/* What is on trial: kind PENDING_NONE when nothing is. */
const struct pending_change *gateway_settings_pending(const struct gateway_settings *self);
/* It stays, or is undone; done once. */
typedef void gateway_settings_done_fn(void *data, int error, const char *why);
void gateway_settings_decide(struct gateway_settings *self, bool keep, const char *who, gateway_settings_done_fn *done,
                             void *data);
