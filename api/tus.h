/* The requests and headers of tus 1.0.0. */
#pragma once

#include "api/api.h"

/* 412 was replied when the peer speaks another version, or none. */
bool tus_version_fits(struct route_call *call);

void tus_add_version(struct route_call *call);
void tus_add_number(struct route_call *call, const char *name, uint64_t number);
void tus_reply_error(struct route_call *call, int status, const char *code, const char *message, ...) attr_printf(4, 5);
/* Upload-Offset and Upload-Expires, without a body. */
void tus_reply_state(struct route_call *call, int status, const struct upload_state *state);
void tus_reply_options(struct route_call *call);

/* A header that is a decimal number; false: absent or something else. */
bool tus_number(struct route_call *call, const char *name, uint64_t *ret);

/* POST: makes an upload, with its first bytes if there are any. PATCH: the bytes from Upload-Offset on. */
void tus_create(struct api_context *api, struct route_call *call);
void tus_append(struct api_context *api, struct route_call *call, const struct upload_state *state);
