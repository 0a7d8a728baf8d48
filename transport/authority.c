#include "transport/authority.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HTTPS_PORT 443

/* Cuts "NAME:PORT", "[V6]:PORT" or either without a port; *ret_port -1 when there is none. False: neither. */
static bool split(const char *text, const char **ret_name, size_t *ret_length, int *ret_port)
{
    size_t length;
    const char *rest;
    if (text[0] == '[') {
        const char *end = strchr(text, ']');
        if (!end)
            return false;
        text++;
        length = (size_t)(end - text);
        rest = end + 1;
    } else {
        length = strcspn(text, ":");
        rest = text + length;
    }
    if (!length)
        return false;
    int port = -1;
    if (*rest == ':') {
        port = 0;
        for (rest++; *rest >= '0' && *rest <= '9' && port <= UINT16_MAX; rest++)
            port = port * 10 + (*rest - '0');
        if (rest[-1] == ':' || port > UINT16_MAX)
            return false;
    }
    if (*rest)
        return false;
    *ret_name = text;
    *ret_length = length;
    *ret_port = port;
    return true;
}

static uint16_t port_of(const struct authority *self, unsigned i)
{
    return self->ports && self->ports[i] ? self->ports[i] : self->port;
}

int authority_match_host(const struct authority *self, const char *host, bool any_port)
{
    const char *name;
    size_t length;
    int port, found = -1;
    if (!split(host, &name, &length, &port))
        return -1;
    int wanted = any_port ? self->port : port < 0 ? HTTPS_PORT : port;
    bool bracketed = host[0] == '[';
    for (unsigned i = 0; i < self->n_names; i++) {
        const char *ours = self->names[i];
        if (strlen(ours) != length || strncasecmp(ours, name, length) != 0 || bracketed != !!strchr(ours, ':'))
            continue;
        if (port_of(self, i) == wanted)
            return (int)i;
        found = found < 0 ? (int)i : found;
    }
    return any_port ? found : -1;
}

bool authority_match_origin(const struct authority *self, const char *origin)
{
    static const char scheme[] = "https://";
    return !strncmp(origin, scheme, sizeof scheme - 1) &&
           authority_match_host(self, origin + sizeof scheme - 1, false) >= 0;
}

bool authority_format(const struct authority *self, unsigned index, char *room, size_t size)
{
    if (index >= self->n_names)
        return false;
    const char *name = self->names[index];
    bool v6 = strchr(name, ':');
    char port[8] = "";
    if (port_of(self, index) != HTTPS_PORT)
        snprintf(port, sizeof port, ":%u", port_of(self, index));
    int n = snprintf(room, size, "https://%s%s%s%s", v6 ? "[" : "", name, v6 ? "]" : "", port);
    return n > 0 && (size_t)n < size;
}
