/* How a target is, in one word and in the event that made it so: what an overview of many shows. Pure. */
#pragma once

#include "manage/target.h"
#include "manage/target_events.h"

enum target_health { TARGET_OK, TARGET_WARN, TARGET_DANGER, TARGET_OFF };

/* The worst of its ports counts; a target that is off is just that. *ret_why: without number and time; written unless
 * TARGET_OK, of which there is nothing to say. */
enum target_health target_health(const struct target *self, struct target_event *ret_why);
const char *target_health_name(enum target_health health); /* "ok", "warn", "danger", "off" */
