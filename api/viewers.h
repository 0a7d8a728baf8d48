/* Who looks at a target. For screen.c, whose rows name these. */
#pragma once

#include "core/route.h"

void api_get_viewers(void *context, struct route_call *call);
void api_delete_viewer(void *context, struct route_call *call);
