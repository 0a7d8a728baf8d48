#include "transport/request_text.h"

#include <string.h>
#include <strings.h>

#include "core/attrs.h"
#include "core/utf8.h"

int64_t request_content_length(const char *text, int64_t limit)
{
    int64_t value = 0;
    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        if (value <= limit)
            value = value * 10 + (*text - '0');
    }
    return value > limit ? -2 : value;
}

static bool hex_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    return length > 0;
}

bool request_cookie(const char *header, const char *name, char *room, size_t size)
{
    size_t name_length = strlen(name);
    bool found = false;
    while (*header) {
        header += strspn(header, " \t;");
        size_t pair = strcspn(header, ";");
        if (pair > name_length && !strncmp(header, name, name_length) && header[name_length] == '=') {
            const char *value = header + name_length + 1;
            size_t length = pair - name_length - 1;
            while (length && (value[length - 1] == ' ' || value[length - 1] == '\t'))
                length--;
            if (found || length >= size || !hex_digits(value, length))
                return false;
            memcpy(room, value, length);
            room[length] = 0;
            found = true;
        }
        header += pair;
    }
    return found;
}

bool request_bearer(const char *header, char room[AUTH_API_TOKEN_MAX])
{
    static const char scheme[] = "Bearer ";
    static const size_t prefix = sizeof AUTH_API_TOKEN_PREFIX - 1;
    room[0] = 0;
    if (strncasecmp(header, scheme, sizeof scheme - 1) != 0)
        return false;
    header += sizeof scheme - 1;
    header += strspn(header, " ");
    size_t length = strlen(header);
    if (length != prefix + AUTH_TOKEN_HEX || strncmp(header, AUTH_API_TOKEN_PREFIX, prefix) != 0 ||
        !hex_digits(header + prefix, AUTH_TOKEN_HEX))
        return false;
    memcpy(room, header, length + 1);
    return true;
}

void request_agent(const char *header, char *room, size_t size)
{
    size_t used = 0, length = strlen(header);
    for (size_t at = 0; at < length;) {
        size_t n = utf8_printable(header + at, length - at);
        if (n && used + n >= size)
            break;
        memcpy(room + used, header + at, n);
        used += n;
        at += MAX(n, (size_t)1);
    }
    room[used] = 0;
}

bool request_reencode(const char *text, size_t length, bool query, char *room, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t at = 0;
    bool value = false; /* behind a query's first '=', which alone keeps its meaning */
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool escape = c == '%' || c <= ' ' || c >= 0x7f || (query && (c == '&' || c == '+' || (c == '=' && value)));
        if (query && c == '=')
            value = true;
        if (at + (escape ? 3 : 1) >= size)
            return false;
        if (escape) {
            room[at++] = '%';
            room[at++] = hex[c >> 4];
            room[at++] = hex[c & 15];
        } else {
            room[at++] = (char)c;
        }
    }
    if (at >= size)
        return false;
    room[at] = 0;
    return true;
}

bool request_is_json(const char *content_type)
{
    static const char json[] = "application/json";
    size_t n = sizeof json - 1;
    return !strncasecmp(content_type, json, n) &&
           (!content_type[n] || content_type[n] == ';' || content_type[n] == ' ');
}

bool request_list_has(const char *list, const char *item, bool star)
{
    size_t length = strlen(item);
    while (*list) {
        list += strspn(list, " \t,");
        size_t n = strcspn(list, ","), trimmed = n;
        while (trimmed && (list[trimmed - 1] == ' ' || list[trimmed - 1] == '\t'))
            trimmed--;
        const char *at = list;
        if (star && trimmed > 2 && at[0] == 'W' && at[1] == '/') { /* a weak tag compares like a strong one */
            at += 2;
            trimmed -= 2;
        }
        if ((trimmed == length && !memcmp(at, item, length)) || (star && trimmed == 1 && *at == '*'))
            return true;
        list += n;
    }
    return false;
}
