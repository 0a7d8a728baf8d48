/* What has happened to a target, and how it is, for REST. */
#pragma once

#include <jansson.h>

#include "manage/target.h"

json_t *api_events_json(const struct target_events *events); /* newest first */
json_t *api_last_event_json(const struct target *target);    /* null: nothing has happened yet */
json_t *api_health_json(const struct target *target);
