/* What a browser gets that came with plain http to the TLS port. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "transport/authority.h"
#include "transport/request_text.h"

#define PATH_MAX_LENGTH 1024

/* The request's path, kept only when nothing in it could break out of the Location line. */
static const char *safe_path(const char *line, const char *end, size_t *ret_length)
{
    const char *path = memchr(line, ' ', (size_t)(end - line));
    if (path && *++path == '/') {
        size_t n = 0;
        while (path + n < end && path[n] > ' ' && path[n] < 0x7f && path[n] != '"' && path[n] != '<' && path[n] != '\\')
            n++;
        bool scheme_relative = n > 1 && path[1] == '/';
        if (n < PATH_MAX_LENGTH && path + n < end && path[n] == ' ' && !scheme_relative) {
            *ret_length = n;
            return path;
        }
    }
    *ret_length = 1;
    return "/";
}

/* The Host header's value, trimmed, when there is exactly one. */
static bool find_host(const char *at, const char *end, char *room, size_t size)
{
    bool found = false;
    while (at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        eol = eol ? eol : end;
        if (eol - at > 5 && !strncasecmp(at, "host:", 5)) {
            const char *from = at + 5, *to = eol;
            while (from < to && (*from == ' ' || *from == '\t'))
                from++;
            while (to > from && (to[-1] == '\r' || to[-1] == ' ' || to[-1] == '\t'))
                to--;
            size_t length = (size_t)(to - from);
            if (found || length >= size || memchr(from, 0, length))
                return false;
            memcpy(room, from, length);
            room[length] = 0;
            found = true;
        }
        at = eol < end ? eol + 1 : end;
    }
    return found;
}

static size_t refuse(char *room, size_t size)
{
    static const char text[] = "This port speaks https only, under the gateway's own names. Open https:// instead.\n";
    int n = snprintf(room, size,
                     "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                     sizeof text - 1, text);
    return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

size_t request_redirect(const struct authority *authority, const char *bytes, size_t n, char *room, size_t size)
{
    const char *end = memmem(bytes, n, "\r\n\r\n", 4);
    if (!end)
        end = memmem(bytes, n, "\n\n", 2);
    if (!end)
        return 0;
    const char *line_end = memchr(bytes, '\n', n);
    char host[256], origin[AUTHORITY_MAX];
    int index = -1;
    if (find_host(line_end + 1, end + 1, host, sizeof host))
        index = authority_match_host(authority, host, true);
    if (index < 0 || !authority_format(authority, (unsigned)index, origin, sizeof origin))
        return refuse(room, size);
    size_t length;
    const char *path = safe_path(bytes, line_end, &length);
    int written = snprintf(room, size,
                           "HTTP/1.1 308 Permanent Redirect\r\nLocation: %s%.*s\r\n"
                           "Content-Length: 0\r\nConnection: close\r\n\r\n",
                           origin, (int)length, path);
    return written > 0 && (size_t)written < size ? (size_t)written : refuse(room, size);
}
