/* How a drive is shown, alone and in its target. */
#pragma once

#include <jansson.h>

#include "manage/target.h"

/* New references. */
json_t *api_drive_json(struct target *target, unsigned index);
json_t *api_drives_json(struct target *target);
