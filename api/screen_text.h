/* GET /targets/{target}/screen-text. For screen.c. */
#pragma once

#include "core/route.h"

void api_get_screen_text(void *context, struct route_call *call);
