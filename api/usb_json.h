/* What the target sees of us on USB, in its target. */
#pragma once

#include <jansson.h>

#include "manage/target.h"

/* A new reference; JSON's null where the target has none of it. */
json_t *api_usb_summary_json(const struct target *target);
