/* Values of the keys about media of other machines. */
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "gateway/config/config_keys.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)

bool config_value_networks(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct address_networks *networks = field;
    for (;;) {
        char word[64];
        value += strspn(value, " \t,");
        size_t n = strcspn(value, " \t,");
        if (n == 0)
            return networks->n > 0;
        if (networks->n == ADDRESS_MAX_NETWORKS) {
            WHY("lists more than %d networks", ADDRESS_MAX_NETWORKS);
            return false;
        }
        if (n < sizeof word) {
            memcpy(word, value, n);
            word[n] = '\0';
        }
        if (n >= sizeof word || !address_network_parse(word, &networks->list[networks->n])) {
            WHY("holds '%.*s', which is no numeric address or network (bits behind the prefix must be zero)",
                (int)MIN(n, sizeof word), value);
            return false;
        }
        networks->n++;
        value += n;
    }
}

/* Shown in messages: no password. */
bool config_value_proxy(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    size_t scheme = strncmp(value, "http://", 7) == 0 ? 7 : strncmp(value, "https://", 8) == 0 ? 8 : 0;
    if (!scheme) {
        WHY("begins with neither http:// nor https://");
        return false;
    }
    const char *host = value + scheme, *colon = strrchr(host, ':');
    if (!*host || host[strcspn(host, "/@?# \t")] || !colon || colon == host || !colon[1] ||
        colon[1 + strspn(colon + 1, "0123456789")] || strlen(colon + 1) > 5) {
        WHY("is not just a host and a port behind that");
        return false;
    }
    return text_copy(field, CONFIG_PROXY_MAX, value);
}
