/* What login and set-up both answer with. */
#pragma once

#include <jansson.h>

#include "auth/keeper_client.h"
#include "core/route.h"

/* {"user","role","rights":[...]}; a new reference. */
json_t *api_session_json(const struct auth_session *session);

/* Cookie and session on success, else the error that fits. */
void api_reply_login(struct route_call *call, int status, const struct keeper_login_result *result);
