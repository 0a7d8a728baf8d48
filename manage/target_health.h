/* How a target is, in one word and one sentence: what an overview of many shows. Pure. */
#pragma once

#include "manage/target.h"

enum target_health { TARGET_OK, TARGET_WARN, TARGET_DANGER, TARGET_OFF };

/* why: one sentence, "" when there is nothing to say. The worst of its ports counts; a target that is off is just that.
 */
enum target_health target_health(const struct target *self, char *why, size_t why_size);
const char *target_health_name(enum target_health health); /* "ok", "warn", "danger", "off" */
