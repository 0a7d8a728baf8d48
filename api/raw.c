/* The bytes of an image, whole or a range (RFC 9110 section 14), so that a broken download goes on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/tables.h"

struct download {
    struct api_context *api;
    struct route_call *call;
    char range[128], if_range[128];
    char name[256];
    struct library_reader *reader;
    uint64_t at, end;
};

static struct download *download_free(struct download *self)
{
    library_reader_close(self->reader);
    free(self);
    return NULL;
}

static void on_bytes(void *data, int error, const uint8_t *bytes, size_t size)
{
    struct download *self = data;
    self->at += size;
    route_reply_piece(self->call, error ? NULL : bytes, error ? 0 : size);
}

static void pull(void *data, size_t room)
{
    struct download *self = data;
    const uint64_t left = self->end - self->at;
    library_reader_read(self->reader, self->at, left < room ? (size_t)left : room, on_bytes, self);
}

static void ended(void *data)
{
    download_free(data);
}

static const struct route_source source = {.pull = pull, .ended = ended};

/* A name as a header may carry it (RFC 6266, RFC 8187). */
static void add_disposition(struct route_call *call, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    char value[3 * 256 + 64] = "attachment; filename*=UTF-8''";
    size_t n = strlen(value);
    for (; *name; name++)
        n +=
            (size_t)snprintf(value + n, sizeof value - n, strchr(plain, *name) ? "%c" : "%%%02X", (unsigned char)*name);
    route_reply_header(call, "Content-Disposition", value);
}

static void reply_bytes(struct download *self, const struct library_image *image, const char *tag)
{
    char text[96];
    uint64_t first = 0, last = image->size - 1;
    /* another image than the one whose begin the peer has: all of it */
    const bool same = !self->if_range[0] || !strcmp(self->if_range, tag);
    int ranged = same && self->range[0] ? route_range(self->range, image->size, &first, &last) : 0;
    route_reply_header(self->call, "Accept-Ranges", "bytes");
    if (ranged < 0) {
        snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)image->size);
        route_reply_header(self->call, "Content-Range", text);
        route_reply_error(self->call, 416, "bad-range", "The image has %llu bytes; none of those asked for.",
                          (unsigned long long)image->size);
        download_free(self);
        return;
    }
    route_reply_header(self->call, "ETag", tag);
    add_disposition(self->call, self->name);
    if (ranged) {
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first, (unsigned long long)last,
                 (unsigned long long)image->size);
        route_reply_header(self->call, "Content-Range", text);
    } else {
        first = 0;
        last = image->size - 1;
    }
    self->at = first;
    self->end = last + 1;
    route_reply_stream(self->call, ranged ? 206 : 200, "application/octet-stream", self->end - self->at, &source, self);
}

static void on_reader(void *data, int error, const char *why, struct library_reader *reader,
                      const struct library_image *image, const char *tag)
{
    struct download *self = data;
    self->reader = reader;
    if (!error) {
        reply_bytes(self, image, tag);
        return;
    }
    const bool missing = error == -ENOENT || error == -EINVAL;
    route_reply_error(self->call, missing ? 404 : 422, missing ? "no-such-image" : "bad-image", "%s", why);
    download_free(self);
}

static void get_raw(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct download *self = api->library ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        route_reply_error(call, 404, "no-library", "This gateway has no image library.");
        return;
    }
    self->api = api;
    self->call = call;
    snprintf(self->name, sizeof self->name, "%s", call->params[0]);
    if (!route_request_header(call, "range:", self->range, sizeof self->range))
        self->range[0] = 0;
    if (!route_request_header(call, "if-range:", self->if_range, sizeof self->if_range))
        self->if_range[0] = 0;
    int r = library_reader_open(api->library, self->name, on_reader, self);
    if (r < 0)
        on_reader(self, r, "There is no memory for this.", NULL, NULL, "");
}

static const struct route rows[] = {
    ROUTE_STREAM(ROUTE_GET, "/api/v1/images/{image}/raw", ROUTE_RIGHT, RIGHT_LIBRARY, get_raw)};
const struct api_rows api_raw_rows = {rows, ARRAY_SIZE(rows)};
