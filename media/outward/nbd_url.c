#include "media/outward/nbd_url.h"

#include <string.h>
#include <strings.h>

#include "core/attrs.h"
#include "core/text.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(const char *text, char *room, size_t size)
{
    size_t used = 0;
    for (; *text; text++) {
        char c = *text;
        if (c == '%') {
            int high = hex(text[1]), low = high < 0 ? -1 : hex(text[2]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            c = (char)(high << 4 | low);
            text += 2;
        }
        if (used + 1 >= size)
            return false;
        room[used++] = c;
    }
    room[used] = '\0';
    return true;
}

static bool copy_part(char *room, size_t size, const char *text, size_t n)
{
    if (n == 0 || n >= size)
        return false;
    memcpy(room, text, n);
    room[n] = '\0';
    return true;
}

static bool split_host(const char *text, size_t size, struct nbd_url *self)
{
    const char *end = text + size;
    const char *host = text, *host_end;
    if (*text == '[') {
        host = text + 1;
        host_end = memchr(host, ']', size - 1);
        if (!host_end)
            return false;
        text = host_end + 1;
    } else {
        host_end = memchr(text, ':', size);
        host_end = host_end ? host_end : end;
        text = host_end;
    }
    if (!copy_part(self->host, sizeof self->host, host, (size_t)(host_end - host)))
        return false;
    for (const char *c = self->host; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c == 0x7f)
            return false;
    if (text == end)
        return text_copy(self->port, sizeof self->port, "10809");
    if (*text != ':' || !copy_part(self->port, sizeof self->port, text + 1, (size_t)(end - text - 1)))
        return false;
    return self->port[strspn(self->port, "0123456789")] == '\0';
}

bool nbd_url_parse(const char *text, struct nbd_url *ret, const char **why)
{
    memset(ret, 0, sizeof *ret);
    ret->tls = strncasecmp(text, "nbds://", 7) == 0;
    *why = "An NBD medium's URL is nbd://HOST[:PORT]/EXPORT or nbds://HOST[:PORT]/EXPORT.";
    if (!ret->tls && strncasecmp(text, "nbd://", 6) != 0)
        return false;
    text += ret->tls ? 7 : 6;
    size_t n = strcspn(text, "/?#");
    if (memchr(text, '@', n)) {
        *why = "Give user and key apart from the URL, which is shown and logged.";
        return false;
    }
    if (!n || !split_host(text, n, ret))
        return false;
    text += n;
    if (strchr(text, '?') || strchr(text, '#')) {
        *why = "An NBD medium's URL has no options; ? and # in an export's name are written %3F and %23.";
        return false;
    }
    return decode(*text == '/' ? text + 1 : text, ret->export, sizeof ret->export);
}
