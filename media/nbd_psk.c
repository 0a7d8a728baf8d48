#include "media/nbd_psk.h"

#include <string.h>

#include "core/utf8.h"

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static const char *read_name(const char *text, size_t size, struct nbd_psk *ret)
{
    if (size == 0 || size > NBD_PSK_NAME_MAX)
        return "the name must have 1 to 127 bytes";
    for (size_t at = 0, n; at < size; at += n) {
        n = utf8_printable(text + at, size - at);
        if (!n)
            return "the name must be printable UTF-8";
    }
    memcpy(ret->name, text, size);
    ret->name[size] = 0;
    return NULL;
}

static const char *read_key(const char *text, size_t size, struct nbd_psk *ret)
{
    if (size % 2 || size / 2 < NBD_PSK_KEY_MIN || size / 2 > NBD_PSK_KEY_MAX)
        return "the key must be 32 to 128 hexadecimal digits";
    for (size_t i = 0; i < size; i += 2) {
        int high = digit(text[i]), low = digit(text[i + 1]);
        if (high < 0 || low < 0)
            return "the key must be hexadecimal digits only";
        ret->key[i / 2] = (uint8_t)(high << 4 | low);
    }
    ret->key_size = size / 2;
    return NULL;
}

static const char *read_line(struct nbd_psks *self, const char *line, size_t size)
{
    struct nbd_psk psk = {.key_size = 0};
    const char *colon = memchr(line, ':', size);
    if (!colon)
        return "write NAME:KEY, the key in hexadecimal, as psktool does";
    size_t name_size = (size_t)(colon - line);
    const char *why = read_name(line, name_size, &psk);
    why = why ? why : read_key(colon + 1, size - name_size - 1, &psk);
    if (why)
        return why;
    if (nbd_psks_find(self, psk.name))
        return "this name stands in an earlier line already";
    if (self->n == NBD_PSK_MAX)
        return "at most 64 keys are possible";
    self->list[self->n++] = psk;
    return NULL;
}

unsigned nbd_psks_parse(const char *text, size_t size, struct nbd_psks *ret, const char **ret_why)
{
    ret->n = 0;
    for (unsigned line = 1; size; line++) {
        const char *end = memchr(text, '\n', size);
        size_t whole = end ? (size_t)(end - text) + 1 : size, n = end ? whole - 1 : whole;
        n -= n && text[n - 1] == '\r';
        *ret_why = n && *text != '#' ? read_line(ret, text, n) : NULL;
        if (*ret_why)
            return line;
        text += whole;
        size -= whole;
    }
    return 0;
}

const struct nbd_psk *nbd_psks_find(const struct nbd_psks *self, const char *name)
{
    for (unsigned i = 0; i < self->n; i++)
        if (strcmp(self->list[i].name, name) == 0)
            return &self->list[i];
    return NULL;
}
