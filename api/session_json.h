/* What login and set-up both answer with. */
#pragma once

#include <jansson.h>

#include "auth/keeper_account.h"
#include "core/route.h"

/* {"user","role","rights":[...],"grants":[...],"kind","expires"}; a new reference. */
json_t *api_session_json(const struct auth_session *session);

const char *api_kind_name(enum auth_kind kind);

/* Cookies and session on success, else the error that fits. */
void api_reply_login(struct route_call *call, int status, const struct keeper_login_result *result);

/* The keeper's refusals that are the same everywhere: locked out, no room, restarting, anything else. */
void api_reply_keeper_error(struct route_call *call, int error, const char *why, unsigned retry_s);
