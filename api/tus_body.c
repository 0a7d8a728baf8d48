/* The bytes of an upload's request on their way from the peer to the disk: one piece is asked for when there is room.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base64.h"
#include "api/tables.h"
#include "api/tus.h"
#include "api/upload_metadata.h"
#include "core/text.h"

struct tus_body {
    struct api_context *api;
    struct route_call *call;
    struct upload_writer *writer;
    struct upload_state state;
    bool creating; /* by POST */
    bool broken;
    uint64_t length; /* of the body */
    enum upload_check check;
    uint8_t checksum[32];
    uint8_t *held; /* what came before the upload was there */
    size_t held_size;
};

static void body_free(struct tus_body *self)
{
    free(self->held);
    free(self);
}

static void reply_begin_error(struct route_call *call, int error, const char *why)
{
    static const struct {
        int error, status;
        const char *code;
    } replies[] = {{-EEXIST, 409, "name-taken"},     {-EBUSY, 409, "in-use"},    {-ENOSPC, 507, "no-room"},
                   {-ENOENT, 404, "no-such-folder"}, {-EINVAL, 422, "bad-name"}, {-EFBIG, 413, "too-large"},
                   {-EMFILE, 409, "too-many"},       {-EDQUOT, 507, "no-room"}};
    for (size_t i = 0; i < ARRAY_SIZE(replies); i++)
        if (replies[i].error == error) {
            tus_reply_error(call, replies[i].status, replies[i].code, "%s", why);
            return;
        }
    tus_reply_error(call, 500, "failed", "%s", why);
}

static void reply_write_error(struct route_call *call, int error, const struct upload_state *state)
{
    switch (error) {
    case -EBADMSG:
        tus_reply_error(call, 460, "checksum-mismatch", "What arrived has another checksum; send it again.");
        break;
    case -ENOSPC:
    case -EDQUOT:
        tus_reply_error(call, 507, "no-room", "The disk is full. Remove images, then resume the upload.");
        break;
    case -EBUSY:
        tus_reply_error(call, 423, "busy", "%s is being written by another request.", state->name);
        break;
    case -ESTALE:
        tus_reply_error(call, 409, "bad-offset", "This upload goes on at byte %llu.",
                        (unsigned long long)state->offset);
        break;
    case -EPERM:
        tus_reply_error(call, 410, "failed", "%s", state->why);
        break;
    default:
        tus_reply_error(call, 500, "failed", "What arrived cannot be stored: %s.", strerror(-error));
    }
}

static void add_location(struct route_call *call, const struct upload_state *state)
{
    char location[160];
    snprintf(location, sizeof location, "%s/api/v1/uploads/%s", call->base ? call->base : "", state->id);
    route_reply_header(call, "Location", location);
}

static void on_closed(void *data, int error, const struct upload_state *state)
{
    struct tus_body *self = data;
    if (error && self->creating && error == -EBADMSG)
        uploads_cancel(self->api->uploads, self->state.id); /* nobody knows its name */
    /* a new one that broke off can be found in the list and goes on */
    if (error) {
        reply_write_error(self->call, error, state);
    } else {
        if (self->creating)
            add_location(self->call, state);
        tus_reply_state(self->call, self->creating ? 201 : 204, state);
    }
    body_free(self);
}

static void close_writer(struct tus_body *self, bool whole)
{
    upload_writer_close(take(self->writer), whole, on_closed, self);
}

static void on_more(void *data, int error)
{
    struct tus_body *self = data;
    if (error)
        close_writer(self, false); /* the answer says why, and ends the connection when more was to come */
    else
        route_body_more(self->call);
}

static void on_piece(void *data, const void *bytes, size_t size)
{
    struct tus_body *self = data;
    if (self->writer) {
        upload_writer_put(self->writer, bytes, size, on_more, self);
        return;
    }
    self->held = malloc(size); /* the only one: no more is asked for until the upload is there */
    if (self->held)
        memcpy(self->held, bytes, size);
    self->held_size = size;
}

static void on_end(void *data)
{
    close_writer(data, true);
}

static void on_broken(void *data)
{
    struct tus_body *self = data;
    self->broken = true;
    if (self->writer)
        close_writer(self, false);
}

static const struct route_body on_body = {.piece = on_piece, .end = on_end, .broken = on_broken};

static bool read_checksum(struct route_call *call, struct tus_body *self)
{
    static const struct {
        const char *name;
        enum upload_check check;
        int size;
    } known[] = {{"sha1 ", UPLOAD_CHECK_SHA1, 20}, {"sha256 ", UPLOAD_CHECK_SHA256, 32}};
    char text[96];
    if (!route_request_header(call, "upload-checksum:", text, sizeof text))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        const size_t n = strlen(known[i].name);
        if (strncmp(text, known[i].name, n) != 0)
            continue;
        self->check = known[i].check;
        if (base64_decode(text + n, self->checksum, sizeof self->checksum) == known[i].size)
            return true;
    }
    tus_reply_error(call, 400, "bad-checksum", "Upload-Checksum is 'sha1' or 'sha256', a blank and the base64 of it.");
    return false;
}

/* NULL: replied. */
static struct tus_body *body_create(struct api_context *api, struct route_call *call)
{
    char type[64] = "";
    struct tus_body *self = calloc(1, sizeof *self);
    if (!self) {
        tus_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
        return NULL;
    }
    self->api = api;
    self->call = call;
    self->length = call->body_length;
    if (self->length && (!route_request_header(call, "content-type:", type, sizeof type) ||
                         strcmp(type, "application/offset+octet-stream") != 0)) {
        tus_reply_error(call, 415, "bad-type", "The bytes of an upload are application/offset+octet-stream.");
    } else if (read_checksum(call, self)) {
        return self;
    }
    body_free(self);
    return NULL;
}

static void on_begun(void *data, int error, const char *why, const struct upload_state *state)
{
    struct tus_body *self = data;
    if (error) {
        reply_begin_error(self->call, error, why);
        body_free(self);
        return;
    }
    self->state = *state;
    api_audit(self->api, self->call, "upload", NULL, state->name);
    if (!self->length) {
        add_location(self->call, state);
        tus_reply_state(self->call, 201, state);
        body_free(self);
        return;
    }
    int r = self->held_size && !self->held ? -ENOMEM : 0;
    if (!r)
        r = uploads_write(self->api->uploads, state->id, 0, self->check, self->checksum, &self->writer);
    if (r < 0 || self->broken) { /* nobody knows its name */
        if (self->writer)
            upload_writer_close(take(self->writer), false, NULL, NULL);
        uploads_cancel(self->api->uploads, state->id);
        reply_write_error(self->call, r, state);
        body_free(self);
        return;
    }
    if (self->held_size)
        upload_writer_put(self->writer, self->held, self->held_size, on_more, self);
}

void tus_create(struct api_context *api, struct route_call *call)
{
    struct upload_metadata metadata = {0};
    struct upload_request request = {.who = call->session ? call->session->user : call->peer};
    char text[2048];
    const char *why = "";
    if (!tus_version_fits(call))
        return;
    if (!tus_number(call, "upload-length:", &request.size)) {
        tus_reply_error(call, 400, "bad-length", "Upload-Length must say how many bytes will come.");
        return;
    }
    const bool parsed = route_request_header(call, "upload-metadata:", text, sizeof text) &&
                        upload_metadata_parse(text, &metadata, &why);
    if (!parsed || !metadata.filename[0]) {
        tus_reply_error(call, 400, "bad-metadata", "Upload-Metadata must name a filename: %s.",
                        *why && !parsed ? why : "it has none");
        return;
    }
    if (call->body_length > request.size) {
        tus_reply_error(call, 413, "too-large", "More bytes are announced here than Upload-Length says.");
        return;
    }
    struct tus_body *self = body_create(api, call);
    if (!self)
        return;
    self->creating = true;
    request.name = metadata.filename;
    request.folder = metadata.folder[0] ? metadata.folder : NULL;
    request.sha256 = metadata.sha256[0] ? metadata.sha256 : NULL;
    request.keep_packed = metadata.keep_packed;
    request.replace = metadata.replace;
    if (self->length) {
        call->on_body = &on_body;
        call->on_body_data = self;
    }
    uploads_begin(api->uploads, &request, on_begun, self);
}

void tus_append(struct api_context *api, struct route_call *call, const struct upload_state *state)
{
    uint64_t offset;
    if (!tus_number(call, "upload-offset:", &offset)) {
        tus_reply_error(call, 400, "bad-offset", "Upload-Offset must say where the bytes go.");
        return;
    }
    struct tus_body *self = body_create(api, call);
    if (!self)
        return;
    const bool whole = offset == state->size && state->offset == state->size && !self->length;
    if (whole && (state->phase == UPLOAD_DONE || state->phase == UPLOAD_FINISHING)) {
        tus_reply_state(call, 204, state);
        body_free(self);
        return;
    }
    if (offset == state->offset && self->length > state->size - offset) {
        tus_reply_error(call, 413, "too-large", "More bytes come than Upload-Length announced.");
        body_free(self);
        return;
    }
    int r = uploads_write(api->uploads, state->id, offset, self->check, self->checksum, &self->writer);
    if (r < 0) {
        reply_write_error(call, r, state);
        body_free(self);
    } else if (!self->length) {
        close_writer(self, true);
    } else {
        call->on_body = &on_body;
        call->on_body_data = self;
    }
}
