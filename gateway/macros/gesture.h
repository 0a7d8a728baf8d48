/* A gesture of the pointer on one target: the steps of one request (api/macros.h), done once and not kept. It holds no
 * seat; it ends when the session may not type any more. Net thread. */
#pragma once

#include "api/macros.h"
#include "gateway/gateway.h"

struct gesture;

int gesture_create(struct gateway_target *target, struct gesture **ret);
void gesture_destroy(struct gesture *self); /* stops first; NULL allowed */

/* As `point` of api/macros.h. */
int gesture_begin(struct gesture *self, const struct api_gesture *wish, char *why, size_t why_size);
/* At once, with all it pressed. NULL, and none under way, allowed. */
void gesture_stop(struct gesture *self);
