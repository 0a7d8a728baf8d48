/* JSON in and out of a route call, by jansson. */
#pragma once

#include <jansson.h>

#include "core/route.h"

static inline void cleanup_json(json_t **json)
{
    json_decref(*json);
}
#define _cleanup_json_ __attribute__((cleanup(cleanup_json)))

/* The body as an object (a new reference). Replies 400 and gives NULL when it is something else, or has keys that are
 * not in `known` (NULL ends): a misspelt key must not be ignored in silence. An empty body is an empty object. */
json_t *api_body(struct route_call *call, const char *const *known);

/* Fields of the body. When the field has another type, or is absent though required, a 400 that names it was sent and
 * false comes back. Absent optional ones leave *ret as it is. */
bool api_string(struct route_call *call, json_t *body, const char *key, bool required, const char **ret);
bool api_bool(struct route_call *call, json_t *body, const char *key, bool *ret);

/* Sends json (takes the reference). NULL, as jansson gives it on lack of memory, becomes a 500. */
void api_reply_json(struct route_call *call, int status, json_t *json);

/* The same with 200 and an ETag of what it says: a caller that sends it back as If-None-Match gets an empty 304. */
void api_reply_tagged_json(struct route_call *call, json_t *json);

/* A string for text that may hold anything (a VM's output, a reason from a driver): what is not UTF-8 becomes U+FFFD.
 */
json_t *api_text(const char *text);
