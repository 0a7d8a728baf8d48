/* What strangers write into request lines and headers: names, lengths, cookies, lists, the plain-http request. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/route.h"
#include "transport/authority.h"
#include "transport/request_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"localhost", "kvm.example", "2001:db8::7"};
static const struct authority ours = {.names = names, .n_names = ARRAY_SIZE(names), .port = 8443};

static void redirect(const char *text, size_t size)
{
    char answer[2048];
    size_t n = request_redirect(&ours, text, size, answer, sizeof answer);
    if (!n)
        return;
    /* one head and at most one Location, which is ours */
    if (n > sizeof answer || memcmp(answer, "HTTP/1.1 ", 9) != 0)
        abort();
    const char *location = memmem(answer, n, "Location: ", 10);
    if (location && memcmp(location, "Location: https://localhost:8443/", 33) != 0 &&
        memcmp(location, "Location: https://kvm.example:8443/", 35) != 0 &&
        memcmp(location, "Location: https://[2001:db8::7]:8443/", 37) != 0)
        abort();
    if (location && memmem(location + 1, n - (size_t)(location + 1 - answer), "Location: ", 10) &&
        !memmem(location, n - (size_t)(location - answer), "\r\n", 2))
        abort();
}

/* Coded text must decode to what it was. */
static void reencode(const char *text, size_t size)
{
    static const struct route route = {.path = "/{name}"};
    char path[256] = "/", coded[1024], room[1024], *params[ROUTE_MAX_PARAMS];
    if (size >= sizeof path - 1)
        return;
    memcpy(path + 1, text, size + 1);
    if (request_reencode(path, size + 1, false, coded, sizeof coded) && route_match(&route, coded, room, params) &&
        (strlen(params[0]) != size || memcmp(params[0], text, size) != 0))
        abort();
    if (request_reencode(text, size, true, coded, sizeof coded)) {
        struct route_call call = {.query = coded};
        route_query(&call, "q", room, sizeof room);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char room[65];
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    authority_match_host(&ours, text, false);
    authority_match_host(&ours, text, true);
    authority_match_origin(&ours, text);
    int64_t length = request_content_length(text, ROUTE_MAX_BODY);
    if (length > ROUTE_MAX_BODY || length < -2)
        abort();
    if (request_cookie(text, ROUTE_COOKIE, room, sizeof room) &&
        (!*room || strspn(room, "0123456789abcdef") != strlen(room)))
        abort();
    request_is_json(text);
    request_list_has(text, "\"etag\"", true);
    request_list_has(text, "lightsout.console.1", false);
    redirect(text, size);
    reencode(text, size);
    free(text);
    return 0;
}
