/* A target's jiggler (gateway/targets/jiggler.h) on its input port. Net thread. */
#pragma once

#include "gateway/gateway.h"

/* As the configuration says; also when that has changed. 0 or -errno: it is off then. */
int target_jiggler_configure(struct gateway_target *target, unsigned seconds);
void target_jiggler_set(struct gateway_target *target, unsigned seconds); /* for the time being */
void target_jiggler_finish(struct gateway_target *target);

/* Somebody types; somebody points there (0..32767). */
void target_jiggler_used(struct gateway_target *target);
void target_jiggler_pointed(struct gateway_target *target, uint16_t x, uint16_t y);
