/* Texts typed on one target: which layout, what cannot be typed, how far it is, and whether it appeared on the screen.
 */
#pragma once

#include "gateway/gateway.h"

struct target_typing;

/* target_ops.type and typing */
int target_typing_type(struct gateway_target *target, const struct typing_request *request, struct typing_plan *ret,
                       char *why, size_t why_size);
void target_typing_state(struct gateway_target *target, struct typing_state *ret);

/* Before the typist is destroyed. */
void target_typing_finish(struct gateway_target *target);
