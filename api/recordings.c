/* Recordings of screens: begun and ended on a target, then kept under an id of their own. Each call asks for the right
 * on the recording's target; of one that the caller may not view nothing is said but that it is not there. */
#include "api/recordings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/recording_end.h"
#include "api/recording_look.h"
#include "api/tables.h"
#include "core/sentence.h"

static bool is_off(const struct api_context *api, struct route_call *call)
{
    if (api->recordings)
        return false;
    route_reply_error(call, 409, "recording-off", "This gateway cannot keep recordings; its log says why.");
    return true;
}

const struct api_recording *api_recording_look(const struct api_context *api, struct route_call *call, uint32_t rights)
{
    if (is_off(api, call))
        return NULL;
    const struct api_recording *r = api->recordings->find(api->recordings_context, call->params[0]);
    if (!r || !api->may(api->may_context, call->session, RIGHT_VIEW, r->target)) {
        route_reply_error(call, 404, "no-such-recording",
                          "There is no such recording; GET /api/v1/recordings lists them.");
        return NULL;
    }
    if (!api->may(api->may_context, call->session, rights, r->target)) {
        route_reply_error(call, 403, "forbidden", "You may view this recording, and not change it.");
        return NULL;
    }
    return r;
}

static json_t *end_json(const struct api_recording *r)
{
    const struct recording_end_words *words = recording_end_words(r->end);
    if (!words)
        return json_null();
    json_t *args = json_array();
    if (sentence_arguments(words->sentence))
        json_array_append_new(args, api_text(r->end_why));
    return json_pack("{s:s, s:o}", "id", words->name, "args", args);
}

static json_t *recording_json(const struct api_recording *r)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:s, s:o, s:I, s:I, s:I, s:I, s:i, s:i}", "id",
                     r->id, "target", r->target, "kind", r->every_s ? "pictures" : "video", "who", r->who, "note",
                     api_text(r->note), "ended", api_text(r->ended), "end", end_json(r), "running", (int)r->running,
                     "pinned", (int)r->pinned, "type", r->every_s ? "image/png" : "video/webm", "every",
                     r->every_s ? json_integer(r->every_s) : json_null(), "began", (json_int_t)r->began_ms, "duration",
                     (json_int_t)r->duration_ms, "bytes", (json_int_t)r->bytes, "frames", (json_int_t)r->frames,
                     "width", r->width, "height", r->height);
}

static void reply_failure(struct route_call *call, int error, const char *why)
{
    switch (error) {
    case -EBUSY:
        route_reply_error(call, 409, "recording-busy", "%s", why);
        break;
    case -ENOENT:
        route_reply_error(call, 409, "not-recording", "%s", why);
        break;
    case -ENODEV:
        route_reply_error(call, 409, "no-screen", "%s", why);
        break;
    case -ENOTSUP:
        route_reply_error(call, 409, "recording-off", "%s", why);
        break;
    case -ENOSPC:
        route_reply_error(call, 507, "no-room", "%s", why);
        break;
    default:
        route_reply_error(call, 500, "failed", "%s", why ? why : "The recording could not be kept.");
    }
}

/* ---- on a target ---- */

static void get_running(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    const struct target *t = api_target(api, call);
    if (!t || is_off(api, call))
        return;
    const struct api_recording *r = api->recordings->of_target(api->recordings_context, t);
    api_reply_json(call, 200, json_pack("{s:o}", "recording", r ? recording_json(r) : json_null()));
}

static bool read_note(struct route_call *call, json_t *body, const char **ret)
{
    if (!api_string(call, body, "note", false, ret))
        return false;
    if (!*ret || strlen(*ret) <= API_RECORDING_NOTE)
        return true;
    route_reply_error(call, 400, "bad-value", "'note' has at most %d bytes.", API_RECORDING_NOTE);
    return false;
}

/* 0: a film. */
static bool read_every(struct route_call *call, json_t *body, unsigned *ret)
{
    const json_t *every = json_object_get(body, "every");
    const char *kind = "video";
    if (!api_string(call, body, "kind", false, &kind))
        return false;
    const bool pictures = !strcmp(kind, "pictures");
    if (!pictures && strcmp(kind, "video") != 0) {
        route_reply_error(call, 400, "bad-value", "'kind' must be video or pictures.");
        return false;
    }
    const json_int_t seconds = json_integer_value(every);
    if (every && (!pictures || !json_is_integer(every) || seconds < 1 || seconds > API_RECORDING_EVERY_MAX)) {
        route_reply_error(call, 400, "bad-value",
                          "'every' must be a number of seconds from 1 to %d, with kind pictures.",
                          API_RECORDING_EVERY_MAX);
        return false;
    }
    *ret = !pictures ? 0 : every ? (unsigned)seconds : 5;
    return true;
}

static void start(const struct api_context *api, struct route_call *call, struct target *t, json_t *body)
{
    const char *note = "", *why = "";
    unsigned every = 0;
    const struct api_recording *r;
    if (!read_note(call, body, &note) || !read_every(call, body, &every))
        return;
    int error = api->recordings->start(api->recordings_context, t, call->session->user, every, note, &r, &why);
    if (error < 0) {
        reply_failure(call, error, why);
        return;
    }
    api_audit(api, call, "recording-start", t->name, r->id);
    api_reply_json(call, 201, recording_json(r));
}

struct stopping {
    const struct api_context *api;
    struct route_call *call;
    char id[API_RECORDING_ID + 1];
};

static void stop_done(void *data, int error, const char *why)
{
    struct stopping *self = data;
    const struct api_context *api = self->api;
    const struct api_recording *r = api->recordings->find(api->recordings_context, self->id);
    if (error < 0 || !r)
        reply_failure(self->call, error, why);
    else
        api_reply_json(self->call, 200, recording_json(r));
    free(self);
}

static void stop(const struct api_context *api, struct route_call *call, struct target *t)
{
    const struct api_recording *r = api->recordings->of_target(api->recordings_context, t);
    struct stopping *self = r ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        reply_failure(call, r ? -ENOMEM : -ENOENT, r ? NULL : "This target is not being recorded.");
        return;
    }
    self->api = api;
    self->call = call;
    memcpy(self->id, r->id, sizeof self->id);
    api_audit(api, call, "recording-stop", t->name, r->id);
    api->recordings->stop(api->recordings_context, t, stop_done, self);
}

static void post_recording(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    struct target *t = api_target(api, call);
    const char *action;
    if (!t || is_off(api, call))
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"action", "note", "kind", "every", NULL});
    if (!body || !api_string(call, body, "action", true, &action))
        return;
    if (!strcmp(action, "start"))
        start(api, call, t, body);
    else if (!strcmp(action, "stop"))
        stop(api, call, t);
    else
        route_reply_error(call, 400, "bad-value", "'action' must be start or stop.");
}

/* ---- what is kept ---- */

static void get_recordings(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    char wanted[TARGET_NAME_MAX] = "";
    if (is_off(api, call))
        return;
    route_query(call, "target", wanted, sizeof wanted);
    json_t *list = json_array();
    const struct api_recording *r = NULL;
    while ((r = api->recordings->next(api->recordings_context, r)))
        if ((!wanted[0] || !strcmp(wanted, r->target)) &&
            api->may(api->may_context, call->session, RIGHT_VIEW, r->target))
            json_array_append_new(list, recording_json(r));
    api_reply_json(call, 200, json_pack("{s:o}", "recordings", list));
}

struct looking {
    const struct api_context *api;
    struct route_call *call;
    char id[API_RECORDING_ID + 1];
};

static json_t *marks_json(const struct api_recording_mark *marks, size_t n)
{
    static const char *const kinds[] = {"change", "mode", "no-signal", "signal"};
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *mark = json_pack("{s:I, s:s}", "at", (json_int_t)marks[i].ms, "kind", kinds[marks[i].kind]);
        if (mark && marks[i].kind == API_MARK_MODE) {
            json_object_set_new(mark, "width", json_integer(marks[i].width));
            json_object_set_new(mark, "height", json_integer(marks[i].height));
        }
        json_array_append_new(list, mark);
    }
    return list;
}

static void marks_done(void *data, int error, const struct api_recording_mark *marks, size_t n,
                       const struct api_recording_picture *pictures, size_t n_pictures)
{
    struct looking *self = data;
    const struct api_recording *r = self->api->recordings->find(self->api->recordings_context, self->id);
    json_t *json = r ? recording_json(r) : NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < n_pictures; i++)
        json_array_append_new(
            list, json_pack("{s:I, s:I}", "at", (json_int_t)pictures[i].ms, "bytes", (json_int_t)pictures[i].bytes));
    if (!json)
        route_reply_error(self->call, 404, "no-such-recording", "The recording was deleted.");
    else if (error < 0 && error != -ENOENT)
        route_reply_error(self->call, 500, "failed", "What is known of the recording cannot be read.");
    if (!json || (error < 0 && error != -ENOENT)) {
        json_decref(json);
        json_decref(list);
    } else {
        json_object_set_new(json, "marks", marks_json(marks, n));
        json_object_set_new(json, "pictures", list);
        api_reply_json(self->call, 200, json);
    }
    free(self);
}

static void get_recording(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    const struct api_recording *r = api_recording_look(api, call, RIGHT_VIEW);
    struct looking *self = r ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        if (r)
            reply_failure(call, -ENOMEM, NULL);
        return;
    }
    self->api = api;
    self->call = call;
    memcpy(self->id, r->id, sizeof self->id);
    api->recordings->marks(api->recordings_context, self->id, marks_done, self);
}

static void change_done(void *data, int error, const char *why)
{
    struct looking *self = data;
    const struct api_recording *r = self->api->recordings->find(self->api->recordings_context, self->id);
    if (error < 0 || !r)
        reply_failure(self->call, error, why);
    else
        api_reply_json(self->call, 200, recording_json(r));
    free(self);
}

/* A note may be written by who may record; what is never deleted by itself is for who may delete. */
static void patch_recording(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    const struct api_recording *r = api_recording_look(api, call, RIGHT_INPUT);
    const char *note = NULL;
    bool pinned = false;
    if (!r)
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"note", "pinned", NULL});
    const bool has_pinned = json_object_get(body, "pinned");
    if (!body || !read_note(call, body, &note) || (has_pinned && !api_bool(call, body, "pinned", &pinned)))
        return;
    if (has_pinned && !api_recording_look(api, call, RIGHT_CONFIGURE))
        return;
    struct looking *self = calloc(1, sizeof *self);
    if (!self) {
        reply_failure(call, -ENOMEM, NULL);
        return;
    }
    self->api = api;
    self->call = call;
    memcpy(self->id, r->id, sizeof self->id);
    api_audit(api, call, "recording-change", r->target, r->id);
    api->recordings->change(api->recordings_context, self->id, note, has_pinned ? &pinned : NULL, change_done, self);
}

static void remove_done(void *data, int error, const char *why)
{
    if (error < 0)
        reply_failure(data, error, why);
    else
        route_reply(data, 204, NULL, NULL, 0);
}

static void delete_recording(void *context, struct route_call *call)
{
    const struct api_context *api = context;
    const struct api_recording *r = api_recording_look(api, call, RIGHT_CONFIGURE);
    if (!r)
        return;
    if (!r->running)
        api_audit(api, call, "recording-delete", r->target, r->id);
    api->recordings->remove(api->recordings_context, call->params[0], remove_done, call);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/recording", ROUTE_RIGHT, RIGHT_VIEW, get_running),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/recording", ROUTE_RIGHT, RIGHT_INPUT, post_recording),
    ROUTE(ROUTE_GET, "/api/v1/recordings", ROUTE_ANYWHERE, RIGHT_VIEW, get_recordings),
    ROUTE(ROUTE_GET, "/api/v1/recordings/{recording}", ROUTE_ANYWHERE, RIGHT_VIEW, get_recording),
    ROUTE(ROUTE_PATCH, "/api/v1/recordings/{recording}", ROUTE_ANYWHERE, RIGHT_INPUT, patch_recording),
    ROUTE(ROUTE_DELETE, "/api/v1/recordings/{recording}", ROUTE_ANYWHERE, RIGHT_CONFIGURE, delete_recording),
};
const struct api_rows api_recording_rows = {rows, ARRAY_SIZE(rows)};
