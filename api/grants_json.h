/* Grants as REST shows and takes them: [{"target":NAME|"*"|"","rights":["view",...]}]. */
#pragma once

#include <jansson.h>

#include "auth/grants.h"
#include "core/route.h"

json_t *api_grants_json(const struct grants *grants);
json_t *api_rights_json(uint32_t rights);

/* The body's field. 1: it was there; 0: it was not; -1: it is no list of grants, and a 400 that says why was sent. */
int api_grants(struct route_call *call, json_t *body, const char *key, struct grants *ret);
