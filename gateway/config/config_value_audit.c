/* Values of the keys about the audit log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/config_keys.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)
#define SYSLOG_TLS_PORT 6514 /* RFC 5425 section 4.1 */

/* A numeric IPv6 address has more than one colon, and stands in brackets when a port follows. */
static const char *split(const char *value, size_t *ret_host)
{
    const char *colon = strchr(value, ':');
    if (value[0] == '[') {
        const char *end = strchr(value, ']');
        *ret_host = end ? (size_t)(end - value) - 1 : 0;
        return end && (end[1] == '\0' || end[1] == ':') ? end + 1 : NULL;
    }
    bool many = colon && strchr(colon + 1, ':');
    *ret_host = colon && !many ? (size_t)(colon - value) : strlen(value);
    return value + *ret_host;
}

static bool read_port(const char *text, uint16_t *ret)
{
    if (*text == '\0') {
        *ret = SYSLOG_TLS_PORT;
        return true;
    }
    size_t digits = strspn(text + 1, "0123456789");
    unsigned long port = strtoul(text + 1, NULL, 10);
    *ret = (uint16_t)port;
    return digits > 0 && digits < 6 && text[1 + digits] == '\0' && port > 0 && port <= UINT16_MAX;
}

bool config_value_syslog(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct config_syslog *syslog = field;
    size_t size;
    const char *port = split(value, &size), *host = value + (value[0] == '[');
    if (!port || !size || size >= sizeof syslog->host ||
        strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:") < size) {
        WHY("is no name or address of a server");
        return false;
    }
    if (!read_port(port, &syslog->port)) {
        WHY("has '%.10s' where a port from 1 to 65535 should be", port);
        return false;
    }
    memcpy(syslog->host, host, size);
    syslog->host[size] = '\0';
    return true;
}
