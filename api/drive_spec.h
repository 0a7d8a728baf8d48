/* What a caller wants to have in a drive, out of the body of an insertion. */
#pragma once

#include <jansson.h>

#include "core/route.h"
#include "media/medium.h"

/* The keys that may stand there, NULL ends. */
extern const char *const api_drive_spec_keys[];

/* Strings point into body. False: replied. */
bool api_drive_spec(struct route_call *call, json_t *body, struct medium_spec *ret);

/* http, https, nbd or nbds with a host, without credentials, blanks and control characters. False: why says what is
 * wrong, a sentence. Pure. */
bool api_media_url(const char *url, enum medium_origin *ret, const char **why);
