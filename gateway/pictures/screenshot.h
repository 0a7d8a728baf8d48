/* A target's picture as a file, made on a worker. */
#pragma once

#include "gateway/gateway.h"

struct screenshots;

int screenshots_create(struct gateway_target *target, struct screenshots **ret);
bool screenshots_idle(const struct screenshots *self);             /* no job is under way; NULL allowed */
struct screenshots *screenshots_destroy(struct screenshots *self); /* after the workers; NULL allowed; returns NULL */

/* target_ops.screenshot */
void screenshots_take(struct screenshots *self, unsigned width, enum target_shot format, target_bytes_fn *done,
                      void *data);
