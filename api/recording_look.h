/* The recording that a path names. */
#pragma once

#include "api/api.h"

/* NULL: the reply was sent, 404 also when the caller may not view its target, 403 when other rights are missing. */
const struct api_recording *api_recording_look(const struct api_context *api, struct route_call *call, uint32_t rights);
