#include "api/tus.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void tus_add_version(struct route_call *call)
{
    route_reply_header(call, "Tus-Resumable", "1.0.0");
}

void tus_add_number(struct route_call *call, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    route_reply_header(call, name, text);
}

void tus_reply_error(struct route_call *call, int status, const char *code, const char *message, ...)
{
    va_list args;
    tus_add_version(call);
    va_start(args, message);
    route_vreply_error(call, status, code, message, args);
    va_end(args);
}

bool tus_version_fits(struct route_call *call)
{
    char version[16] = "";
    if (route_request_header(call, "tus-resumable:", version, sizeof version) && !strcmp(version, "1.0.0"))
        return true;
    route_reply_header(call, "Tus-Version", "1.0.0");
    tus_reply_error(call, 412, "bad-version", "Uploads speak tus 1.0.0: send Tus-Resumable: 1.0.0.");
    return false;
}

bool tus_number(struct route_call *call, const char *name, uint64_t *ret)
{
    char text[24];
    uint64_t n = 0;
    if (!route_request_header(call, name, text, sizeof text) || !*text)
        return false;
    for (const char *c = text; *c; c++)
        if (*c < '0' || *c > '9' || mul_overflows(n, 10u, &n) || add_overflows(n, (unsigned)(*c - '0'), &n))
            return false;
    *ret = n;
    return true;
}

void tus_reply_state(struct route_call *call, int status, const struct upload_state *state)
{
    char text[64];
    struct tm t;
    const time_t expires = (time_t)state->expires;
    tus_add_version(call);
    tus_add_number(call, "Upload-Offset", state->offset);
    if (state->phase == UPLOAD_ARRIVING && gmtime_r(&expires, &t) &&
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &t))
        route_reply_header(call, "Upload-Expires", text);
    route_reply(call, status, NULL, NULL, 0);
}

void tus_reply_options(struct route_call *call)
{
    tus_add_version(call);
    route_reply_header(call, "Tus-Version", "1.0.0");
    route_reply_header(call, "Tus-Extension", "creation,creation-with-upload,checksum,termination,expiration");
    route_reply_header(call, "Tus-Checksum-Algorithm", "sha1,sha256");
    route_reply(call, 204, NULL, NULL, 0);
}
