/* A backup as a download: sealed by the passphrase before any of it comes here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/config.h"
#include "api/json.h"
#include "api/tables.h"

#define PHRASE_LEAST 12
#define PHRASE_MOST 1023

struct backup {
    struct api_context *api;
    struct route_call *call;
    int fd;
    uint64_t at, size;
};

static void backup_free(struct backup *self)
{
    if (self->fd >= 0)
        close(self->fd);
    free(self);
}

/* It was written a moment ago: these bytes are in memory. */
static void pull(void *data, size_t room)
{
    struct backup *self = data;
    uint8_t bytes[16384];
    size_t want = room < sizeof bytes ? room : sizeof bytes;
    ssize_t n = pread(self->fd, bytes, want, (off_t)self->at);
    self->at += n > 0 ? (uint64_t)n : 0;
    route_reply_piece(self->call, bytes, n > 0 ? (size_t)n : 0);
}

static void ended(void *data)
{
    backup_free(data);
}

static void reply_error(struct route_call *call, int error, const char *why)
{
    if (error == -EBUSY)
        route_reply_error(call, 409, "not-now", "Another backup is being made: try again in a minute.");
    else
        route_reply_error(call, 503, "failed", "%s", why ? why : "The backup cannot be made just now; try again.");
}

static void on_done(void *data, int error, const char *why, int fd, uint64_t size)
{
    static const struct route_source source = {.pull = pull, .ended = ended};
    struct backup *self = data;
    struct tm tm;
    time_t now = time(NULL);
    char disposition[96] = "attachment; filename=lightsout.backup";
    if (error) {
        reply_error(self->call, error, why);
        backup_free(self);
        return;
    }
    self->fd = fd;
    self->size = size;
    if (gmtime_r(&now, &tm))
        strftime(disposition, sizeof disposition, "attachment; filename=lightsout-%Y%m%d-%H%M%S.backup", &tm);
    route_reply_header(self->call, "Content-Disposition", disposition);
    route_reply_stream(self->call, 200, "application/octet-stream", size, &source, self);
}

static void post_backup(void *context, struct route_call *call)
{
    struct api_context *api = context;
    const char *passphrase = NULL;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"passphrase", NULL});
    if (!body || !api_string(call, body, "passphrase", true, &passphrase))
        return;
    size_t n = strlen(passphrase);
    if (n < PHRASE_LEAST || n > PHRASE_MOST || strchr(passphrase, '\n')) {
        route_reply_error(call, 422, "weak-passphrase",
                          "A passphrase is one line of %d to %d bytes: take several words.", PHRASE_LEAST, PHRASE_MOST);
        return;
    }
    struct backup *self = api->config && api->config->backup ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        reply_error(call, -ENOTCONN, NULL);
        return;
    }
    *self = (struct backup){.api = api, .call = call, .fd = -1};
    api_audit(api, call, "backup-made", "", "");
    api->config->backup(api->config_context, passphrase, on_done, self);
}

static const struct route rows[] = {
    ROUTE(ROUTE_POST, "/api/v1/backup", ROUTE_RIGHT, RIGHT_CONFIGURE | RIGHT_USERS, post_backup),
};
const struct api_rows api_backup_rows = {rows, ARRAY_SIZE(rows)};
