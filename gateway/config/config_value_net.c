/* Values of the keys about who may reach the gateway, and under which names. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "gateway/config/config_keys.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)

/* The next word of a list whose words stand between blanks and commas; false at the end or when it is too long. */
static bool next_word(const char **at, char *room, size_t size, bool *too_long)
{
    *at += strspn(*at, " \t,");
    size_t n = strcspn(*at, " \t,");
    *too_long = n >= size;
    if (n == 0 || *too_long)
        return false;
    memcpy(room, *at, n);
    room[n] = '\0';
    *at += n;
    return true;
}

static bool read_port(const char *text, uint16_t *ret)
{
    unsigned long v = 0;
    size_t n = strlen(text);
    if (n < 1 || n > 5 || strspn(text, "0123456789") != n)
        return false;
    for (; *text; text++)
        v = v * 10 + (unsigned long)(*text - '0');
    *ret = (uint16_t)v;
    return v >= 1 && v <= UINT16_MAX;
}

/* The kernel's own rule for names of interfaces, without what would be a host's name by mistake. */
static bool is_interface(const char *text)
{
    size_t n = strlen(text);
    return n >= 1 && n < sizeof((struct config_listen *)NULL)->interface && strcmp(text, ".") != 0 &&
           strcmp(text, "..") != 0 && !text[strcspn(text, "/:%[]*\" \t")] && text[strspn(text, "0123456789.")] &&
           strcmp(text, "localhost") != 0;
}

static bool read_v4(const char *host, struct config_listen *ret)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->address;
    if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
        return false;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(ret->port);
    ret->size = sizeof *v4;
    return true;
}

/* Without its brackets; a scope only where the address needs one. */
static bool read_v6(char *host, struct config_listen *ret)
{
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->address;
    char *scope = strchr(host, '%');
    if (scope)
        *scope++ = '\0';
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
        return false;
    bool local = IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
    if (local != (scope != NULL) ||
        (scope && (!is_interface(scope) || !text_copy(ret->interface, sizeof ret->interface, scope))))
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(ret->port);
    ret->size = sizeof *v6;
    return true;
}

/* Numeric only, or an interface of this machine: a name server's answer must not decide where a KVM listens. */
static bool read_listen(const char *word, struct config_listen *ret)
{
    char host[INET6_ADDRSTRLEN + 20];
    const char *colon = strrchr(word, ':');
    memset(ret, 0, sizeof *ret);
    if (!colon || (size_t)(colon - word) >= sizeof host || !read_port(colon + 1, &ret->port))
        return false;
    size_t n = (size_t)(colon - word);
    memcpy(host, word, n);
    host[n] = '\0';
    if (strcmp(host, "*") == 0) {
        ret->kind = CONFIG_LISTEN_ALL;
    } else if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        if (!read_v6(host + 1, ret))
            return false;
    } else if (!read_v4(host, ret)) {
        ret->kind = CONFIG_LISTEN_INTERFACE;
        if (!is_interface(host) || !text_copy(ret->interface, sizeof ret->interface, host))
            return false;
    }
    return text_copy(ret->text, sizeof ret->text, word);
}

bool config_value_listen(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct config_listens *listens = field;
    char word[80];
    bool too_long = false;
    while (next_word(&value, word, sizeof word, &too_long)) {
        if (listens->n == CONFIG_MAX_LISTEN) {
            WHY("names more than %d addresses", CONFIG_MAX_LISTEN);
            return false;
        }
        if (!read_listen(word, &listens->list[listens->n])) {
            WHY("holds '%s', which is no numeric address or interface with a port", word);
            return false;
        }
        /* one page has one authority: the redirect and the Origin check know a single port */
        if (listens->n > 0 && listens->list[listens->n].port != listens->list[0].port) {
            WHY("names two ports, %u and %u; all addresses must have the same", listens->list[0].port,
                listens->list[listens->n].port);
            return false;
        }
        listens->n++;
    }
    return listens->n > 0 && !too_long;
}

/* ---- names ---- */

static bool is_host_name(const char *text)
{
    if (text[0] == '.' || text[0] == '-' || text[0] == '\0')
        return false;
    for (; *text; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9') || strchr("-._", *text);
        if (!plain)
            return false;
    }
    return true;
}

/* In one form, as browsers write it into their headers. */
static bool is_v6(char *text, size_t size)
{
    struct in6_addr address;
    return inet_pton(AF_INET6, text, &address) == 1 && inet_ntop(AF_INET6, &address, text, (socklen_t)size);
}

/* "kvm.example", "kvm.example:443", "192.0.2.1", "2001:db8::1", "[2001:db8::1]:443". */
static bool read_name(char *word, char *room, uint16_t *ret_port)
{
    char address[INET6_ADDRSTRLEN];
    char *rest, *end = word[0] == '[' ? strchr(word, ']') : NULL;
    *ret_port = 0;
    if (end || strchr(word, ':') != strrchr(word, ':')) {
        rest = end ? end + 1 : word + strlen(word);
        char port_mark = *rest;
        if (end)
            *end = '\0';
        if (!text_copy(address, sizeof address, end ? word + 1 : word) || !is_v6(address, sizeof address))
            return false;
        word = address;
        if (port_mark == '\0')
            return text_copy(room, CONFIG_NAME_MAX, word);
    } else {
        rest = word + strcspn(word, ":");
        if (*rest == '\0')
            return is_host_name(word) && text_copy(room, CONFIG_NAME_MAX, word);
        if (!read_port(rest + 1, ret_port))
            return false;
        *rest = '\0';
        return is_host_name(word) && text_copy(room, CONFIG_NAME_MAX, word);
    }
    return *rest == ':' && read_port(rest + 1, ret_port) && text_copy(room, CONFIG_NAME_MAX, word);
}

bool config_value_names(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct config_names *names = field;
    char word[CONFIG_NAME_MAX + 8], shown[CONFIG_NAME_MAX + 8];
    bool too_long = false;
    while (next_word(&value, word, sizeof word, &too_long)) {
        if (names->n == CONFIG_MAX_NAMES) {
            WHY("lists more than %d names", CONFIG_MAX_NAMES);
            return false;
        }
        for (char *c = word; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                *c = (char)(*c - 'A' + 'a');
        text_copy(shown, sizeof shown, word);
        if (!read_name(word, names->list[names->n], &names->ports[names->n])) {
            WHY("holds '%.100s', which is no host name", shown);
            return false;
        }
        names->n++;
    }
    return names->n > 0 && !too_long;
}

/* ---- proxies ---- */

/* IPv4 has 96 bits in front that are always the same. */
static bool is_everybody(const struct address_network *network)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return network->bits == 0 || (network->bits <= 96 && memcmp(network->bytes, mapped, network->bits / 8) == 0);
}

bool config_value_trusted(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    const struct address_networks *networks = field;
    if (!config_value_networks(key, value, field, why, why_size))
        return false;
    for (unsigned i = 0; i < networks->n; i++)
        if (is_everybody(&networks->list[i])) {
            WHY("would believe everybody");
            return false;
        }
    return true;
}

bool config_value_base_path(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    size_t n = strlen(value);
    if (value[0] != '/' || n < 2 || n >= CONFIG_BASE_MAX || value[n - 1] == '/' || strstr(value, "//")) {
        WHY("is no path that begins with / and ends without one");
        return false;
    }
    /* nothing that a header, a cookie or a page would take apart, and no dots that mean a folder */
    if (value[strspn(value, "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")]) {
        WHY("holds something other than letters, digits, - and _");
        return false;
    }
    return text_copy(field, CONFIG_BASE_MAX, value);
}
