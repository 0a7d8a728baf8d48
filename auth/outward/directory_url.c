#include "auth/outward/directory_url.h"

#include <string.h>

static bool read_port(const char *text, uint16_t *ret)
{
    unsigned v = 0;
    if (!*text || strlen(text) > 5)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        v = v * 10 + (unsigned)(*text - '0');
    }
    *ret = (uint16_t)v;
    return v > 0 && v <= 65535;
}

/* What a name or a numeric address is made of. */
static bool read_host(const char *text, size_t size, bool numeric6, char *room, size_t room_size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    static const char digits[] = "0123456789abcdefABCDEF:.";
    if (size == 0 || size >= room_size)
        return false;
    memcpy(room, text, size);
    room[size] = '\0';
    return strspn(room, numeric6 ? digits : letters) == size && room[0] != '-';
}

bool directory_url_parse(const char *text, struct directory_url *ret)
{
    struct directory_url url = {.tls = strncmp(text, "ldaps://", 8) == 0};
    if (!url.tls && strncmp(text, "ldap://", 7) != 0)
        return false;
    const char *host = text + (url.tls ? 8 : 7), *end = host + strcspn(host, "/");
    if (end[0] && end[1]) /* a single slash at the end is what people write */
        return false;
    bool numeric6 = *host == '[';
    const char *host_end = numeric6 ? strchr(host, ']') : host + strcspn(host, ":/");
    if (!host_end)
        return false;
    host += numeric6;
    const char *rest = host_end + numeric6;
    char port[8] = "";
    if (rest < end && (*rest != ':' || (size_t)(end - rest) > sizeof port))
        return false;
    if (rest < end) {
        memcpy(port, rest + 1, (size_t)(end - rest) - 1);
        port[end - rest - 1] = '\0';
    }
    url.port = url.tls ? 636 : 389;
    if ((rest < end && !read_port(port, &url.port)) ||
        !read_host(host, (size_t)(host_end - host), numeric6, url.host, sizeof url.host))
        return false;
    *ret = url;
    return true;
}
