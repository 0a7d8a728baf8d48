/* What is set, as JSON. */
#pragma once

#include "api/api.h"
#include "api/config.h"
#include "api/json.h"

/* All that the caller may configure; NULL on lack of memory. state must not be NULL. */
json_t *api_config_json(const struct api_context *api, const struct route_call *call,
                        const struct api_config_state *state);
json_t *api_config_keys_json(const struct api_context *api);

/* "gateway", or "target NAME", as the file writes it. */
json_t *api_config_section_json(const char *target);

/* One value of a body: text, a list of texts, or null, as lines with \n between them. False: it is something else. */
bool api_config_text(const json_t *value, char **ret);

/* Who may change what is in this section. */
bool api_config_may(const struct api_context *api, const struct route_call *call, const char *target);
