/* The bytes of recordings: films with ranges, so that players can seek and downloads go on, single pictures, and a
 * whole series as one archive. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/recording_look.h"
#include "api/recordings.h"
#include "api/tables.h"

struct sending {
    const struct api_context *api;
    struct route_call *call;
    char range[128], if_range[96];
    char name[160]; /* "": it is shown, not kept */
    const char *type;
    struct api_recording_reader *reader;
    uint64_t at, end;
};

static void sending_free(struct sending *self)
{
    self->api->recordings->close(self->reader);
    free(self);
}

static void on_bytes(void *data, int error, const uint8_t *bytes, size_t size)
{
    struct sending *self = data;
    self->at += size;
    route_reply_piece(self->call, error ? NULL : bytes, error ? 0 : size);
}

static void pull(void *data, size_t room)
{
    struct sending *self = data;
    const uint64_t left = self->end - self->at;
    self->api->recordings->read(self->reader, self->at, left < room ? (size_t)left : room, on_bytes, self);
}

static void ended(void *data)
{
    sending_free(data);
}

static const struct route_source source = {.pull = pull, .ended = ended};

static void reply_range_error(struct sending *self, uint64_t size)
{
    char text[64];
    snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)size);
    route_reply_header(self->call, "Content-Range", text);
    route_reply_error(self->call, 416, "bad-range", "The recording has %llu bytes; none of those asked for.",
                      (unsigned long long)size);
    sending_free(self);
}

static void reply_bytes(struct sending *self, uint64_t size, const char *tag)
{
    char text[224];
    uint64_t first = 0, last = size - 1;
    const bool same = !self->if_range[0] || !strcmp(self->if_range, tag);
    const int ranged = same && self->range[0] ? route_range(self->range, size, &first, &last) : 0;
    route_reply_header(self->call, "Accept-Ranges", "bytes");
    route_reply_header(self->call, "Cache-Control", "private, no-store");
    if (ranged < 0) {
        reply_range_error(self, size);
        return;
    }
    route_reply_header(self->call, "ETag", tag);
    if (self->name[0]) {
        snprintf(text, sizeof text, "attachment; filename=\"%s\"", self->name);
        route_reply_header(self->call, "Content-Disposition", text);
    }
    if (ranged) {
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first, (unsigned long long)last,
                 (unsigned long long)size);
        route_reply_header(self->call, "Content-Range", text);
    } else {
        first = 0;
        last = size - 1;
    }
    self->at = first;
    self->end = last + 1;
    route_reply_stream(self->call, ranged ? 206 : 200, self->type, self->end - self->at, &source, self);
}

static void on_open(void *data, int error, struct api_recording_reader *reader, uint64_t size, const char *tag)
{
    struct sending *self = data;
    self->reader = reader;
    if (!error) {
        reply_bytes(self, size, tag);
        return;
    }
    if (error == -ENOENT)
        route_reply_error(self->call, 404, "no-picture",
                          "There is none: no picture was recorded, or none of this time.");
    else
        route_reply_error(self->call, 500, "failed", "The recording cannot be read.");
    free(self);
}

/* Letters, digits and dashes alone, because the target's name has no others. */
static void name_file(struct sending *self, const struct api_recording *r, const char *ending)
{
    const time_t seconds = (time_t)(r->began_ms / 1000);
    struct tm tm;
    char when[40] = "";
    if (gmtime_r(&seconds, &tm))
        strftime(when, sizeof when, "%Y%m%d-%H%M%S", &tm);
    snprintf(self->name, sizeof self->name, "%s-%s.%s", r->target, when, ending);
}

static bool wants_download(const struct route_call *call)
{
    char text[4];
    return route_query(call, "download", text, sizeof text) && !strcmp(text, "1");
}

static void header(struct route_call *call, const char *name, char *room, size_t size)
{
    if (!route_request_header(call, name, room, size))
        room[0] = '\0';
}

static void send(const struct api_context *api, struct route_call *call, enum api_recording_part part, const char *type,
                 const char *ending, uint32_t picture)
{
    const struct api_recording *r = api_recording_look(api, call, RIGHT_VIEW);
    struct sending *self = r ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        if (r)
            route_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
        return;
    }
    self->api = api;
    self->call = call;
    self->type = type;
    header(call, "range:", self->range, sizeof self->range);
    header(call, "if-range:", self->if_range, sizeof self->if_range);
    const bool download = part == API_RECORDING_TAR || wants_download(call);
    if (download)
        name_file(self, r, ending);
    if (part != API_RECORDING_POSTER &&
        api->recordings->new_look(api->recordings_context, call->session, r->id, download))
        api_audit(api, call, download ? "recording-download" : "recording-play", r->target, r->id);
    api->recordings->open(api->recordings_context, r->id, part, picture, on_open, self);
}

static void get_video(void *context, struct route_call *call)
{
    send(context, call, API_RECORDING_VIDEO, "video/webm", "webm", 0);
}

static void get_poster(void *context, struct route_call *call)
{
    send(context, call, API_RECORDING_POSTER, "image/jpeg", "jpg", 0);
}

static void get_archive(void *context, struct route_call *call)
{
    send(context, call, API_RECORDING_TAR, "application/x-tar", "tar", 0);
}

static void get_picture(void *context, struct route_call *call)
{
    char *end;
    const char *text = call->params[1];
    errno = 0;
    const unsigned long long ms = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || ms > UINT32_MAX) {
        route_reply_error(call, 404, "no-picture", "A picture is named by its milliseconds since the begin.");
        return;
    }
    send(context, call, API_RECORDING_PICTURE, "image/png", "png", (uint32_t)ms);
}

static const struct route rows[] = {
    ROUTE_STREAM(ROUTE_GET, "/api/v1/recordings/{recording}/video", ROUTE_ANYWHERE, RIGHT_VIEW, get_video),
    ROUTE_STREAM(ROUTE_GET, "/api/v1/recordings/{recording}/poster", ROUTE_ANYWHERE, RIGHT_VIEW, get_poster),
    ROUTE_STREAM(ROUTE_GET, "/api/v1/recordings/{recording}/pictures.tar", ROUTE_ANYWHERE, RIGHT_VIEW, get_archive),
    ROUTE_STREAM(ROUTE_GET, "/api/v1/recordings/{recording}/pictures/{picture}", ROUTE_ANYWHERE, RIGHT_VIEW,
                 get_picture),
};
const struct api_rows api_recording_file_rows = {rows, ARRAY_SIZE(rows)};
