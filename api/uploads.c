/* Uploads: tus 1.0.0 (https://tus.io/protocols/resumable-upload) with creation, creation-with-upload, checksum,
 * termination and expiration; and the same as JSON. */
#include "media/upload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/tables.h"
#include "api/tus.h"

static bool no_uploads(const struct api_context *api, struct route_call *call)
{
    if (api->uploads)
        return false;
    route_reply_error(call, 404, "no-library",
                      "This gateway has no image library that it can write to; see library in its configuration.");
    return true;
}

static json_t *state_json(const struct upload_state *s)
{
    static const char *const phases[] = {"arriving", "finishing", "done", "failed"};
    json_t *left = json_null();
    if (s->phase == UPLOAD_ARRIVING && s->rate)
        left = json_integer((json_int_t)((s->size - s->offset + s->rate - 1) / s->rate));
    return json_pack("{s:s, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "id", s->id, "name",
                     api_text(s->name), "folder", s->folder[0] ? api_text(s->folder) : json_null(), "phase",
                     phases[s->phase], "size", (json_int_t)s->size, "offset", (json_int_t)s->offset, "unpacked",
                     (json_int_t)s->unpacked, "rate", (json_int_t)s->rate, "seconds_left", left, "who",
                     api_text(s->who), "why", api_text(s->why), "sha256",
                     s->sha256[0] ? json_string(s->sha256) : json_null());
}

static void get_uploads(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    const unsigned most = 2 * UPLOAD_MAX;
    if (no_uploads(api, call))
        return;
    struct upload_state *states = calloc(most, sizeof *states);
    const unsigned n = states ? uploads_list(api->uploads, states, most) : 0;
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++)
        json_array_append_new(list, state_json(&states[i]));
    free(states);
    api_reply_json(call, 200, json_pack("{s:o}", "uploads", list));
}

static bool find(const struct api_context *api, struct route_call *call, struct upload_state *ret)
{
    if (no_uploads(api, call))
        return false;
    if (uploads_find(api->uploads, call->params[0], ret))
        return true;
    tus_reply_error(call, 404, "no-such-upload", "There is no upload '%.40s': it was cancelled, or it has expired.",
                    call->params[0]);
    return false;
}

static void get_upload(void *context, struct route_call *call)
{
    struct upload_state state;
    if (call->head && !tus_version_fits(call))
        return;
    if (!find(context, call, &state))
        return;
    if (!call->head) {
        api_reply_json(call, 200, state_json(&state));
        return;
    }
    if (state.phase == UPLOAD_FAILED) {
        tus_reply_error(call, 410, "failed", "%s", state.why);
        return;
    }
    tus_add_number(call, "Upload-Length", state.size);
    tus_reply_state(call, 200, &state);
}

static void delete_upload(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    struct upload_state state;
    char version[16];
    if (route_request_header(call, "tus-resumable:", version, sizeof version) && !tus_version_fits(call))
        return;
    if (!find(api, call, &state))
        return;
    if (uploads_cancel(api->uploads, state.id) == -EBUSY) {
        tus_reply_error(call, 423, "busy", "%s is being written or finished; try again.", state.name);
        return;
    }
    if (state.phase == UPLOAD_ARRIVING)
        api_audit(api, call, "upload-cancel", NULL, state.name);
    tus_add_version(call);
    route_reply(call, 204, NULL, NULL, 0);
}

static void options(void *context, struct route_call *call)
{
    (void)context;
    tus_reply_options(call);
}

static void post_uploads(void *context, struct route_call *call)
{
    if (!no_uploads(context, call))
        tus_create(context, call);
}

static void patch_upload(void *context, struct route_call *call)
{
    struct upload_state state;
    if (tus_version_fits(call) && find(context, call, &state))
        tus_append(context, call, &state);
}

#define UPLOADS "/api/v1/uploads"

static const struct route rows[] = {
    ROUTE_STREAM(ROUTE_OPTIONS, UPLOADS, ROUTE_RIGHT, RIGHT_LIBRARY, options),
    ROUTE_STREAM(ROUTE_POST, UPLOADS, ROUTE_RIGHT, RIGHT_LIBRARY, post_uploads),
    ROUTE(ROUTE_GET, UPLOADS, ROUTE_RIGHT, RIGHT_LIBRARY, get_uploads),
    ROUTE_STREAM(ROUTE_OPTIONS, UPLOADS "/{upload}", ROUTE_RIGHT, RIGHT_LIBRARY, options),
    ROUTE_STREAM(ROUTE_GET, UPLOADS "/{upload}", ROUTE_RIGHT, RIGHT_LIBRARY, get_upload),
    ROUTE_STREAM(ROUTE_PATCH, UPLOADS "/{upload}", ROUTE_RIGHT, RIGHT_LIBRARY, patch_upload),
    ROUTE_STREAM(ROUTE_DELETE, UPLOADS "/{upload}", ROUTE_RIGHT, RIGHT_LIBRARY, delete_upload),
};
const struct api_rows api_upload_rows = {rows, ARRAY_SIZE(rows)};
