#include "media/outward/address_policy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct kind {
    uint8_t bytes[16];
    uint8_t bits;
    const char *why;
};

/* Whole networks that nobody keeps images in. */
static const struct kind refused_v4[] = {
    {{0}, 8, "is an unspecified address"},       {{127}, 8, "is a loopback address"},
    {{169, 254}, 16, "is a link-local address"}, {{224}, 4, "is a multicast address"},
    {{240}, 4, "is a reserved address"}, /* the broadcast address among them */
};

static const struct kind refused_v6[] = {
    {{[15] = 0}, 128, "is an unspecified address"},
    {{[15] = 1}, 128, "is a loopback address"},
    {{0xfe, 0x80}, 10, "is a link-local address"},
    {{0xfe, 0xc0}, 10, "is a site-local address"},
    {{0xff}, 8, "is a multicast address"},
    /* where the IPv4 address stands in these depends on the translator's own prefix (RFC 8215, RFC 6052 2.2) */
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "is an address of a local translator"},
};

static bool has_prefix(const uint8_t *bytes, const uint8_t *prefix, unsigned bits)
{
    if (memcmp(bytes, prefix, bits / 8) != 0)
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || ((bytes[bits / 8] ^ prefix[bits / 8]) >> (8 - rest)) == 0;
}

bool address_network_parse(const char *text, struct address_network *ret)
{
    char host[INET6_ADDRSTRLEN];
    struct address_network self = {.bits = 128};
    size_t n = strcspn(text, "/");
    if (n >= sizeof host)
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    unsigned longest = 128;
    if (inet_pton(AF_INET, host, self.bytes + 12) == 1) {
        memcpy(self.bytes, mapped, sizeof mapped);
        longest = 32;
    } else if (inet_pton(AF_INET6, host, self.bytes) != 1) {
        return false;
    }
    if (text[n] == '/') {
        const char *digits = text + n + 1;
        size_t count = strspn(digits, "0123456789");
        if (count == 0 || count > 3 || digits[count] != '\0')
            return false;
        unsigned bits = 0;
        for (size_t i = 0; i < count; i++)
            bits = bits * 10 + (unsigned)(digits[i] - '0');
        if (bits > longest)
            return false;
        self.bits = (uint8_t)(128 - longest + bits);
    }
    for (unsigned bit = self.bits; bit < 128; bit++)
        if (self.bytes[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    *ret = self;
    return true;
}

bool address_networks_have(const struct address_networks *self, const uint8_t bytes[16])
{
    for (unsigned i = 0; i < self->n; i++)
        if (has_prefix(bytes, self->list[i].bytes, self->list[i].bits))
            return true;
    return false;
}

/* IPv4 addresses that packets to an IPv6 address may end at. Returns how many. */
static unsigned embedded(const uint8_t a[16], uint8_t ret[2][4])
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    static const uint8_t zeros[12];
    static const uint8_t isatap[4] = {0x00, 0x00, 0x5e, 0xfe};
    if (has_prefix(a, mapped, 96) || has_prefix(a, nat64, 96) ||
        (has_prefix(a, zeros, 96) && (a[12] || a[13] || a[14] || a[15] > 1))) {
        memcpy(ret[0], a + 12, 4);
        return 1;
    }
    if (a[0] == 0x20 && a[1] == 0x02) { /* 6to4, RFC 3056 */
        memcpy(ret[0], a + 2, 4);
        return 1;
    }
    if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0 && a[3] == 0) { /* Teredo, RFC 4380: server, and client inverted */
        memcpy(ret[0], a + 4, 4);
        for (unsigned i = 0; i < 4; i++)
            ret[1][i] = a[12 + i] ^ 0xff;
        return 2;
    }
    if ((a[8] & 0xfd) == isatap[0] && memcmp(a + 9, isatap + 1, 3) == 0) { /* RFC 5214 */
        memcpy(ret[0], a + 12, 4);
        return 1;
    }
    return 0;
}

static const char *kind_of(const struct kind *kinds, size_t n, const uint8_t *bytes)
{
    for (size_t i = 0; i < n; i++)
        if (has_prefix(bytes, kinds[i].bytes, kinds[i].bits))
            return kinds[i].why;
    return NULL;
}

static const char *judge_v4(const struct address_policy *self, const uint8_t v4[4],
                            bool (*own)(const struct sockaddr *address))
{
    uint8_t bytes[16];
    memcpy(bytes, mapped, sizeof mapped);
    memcpy(bytes + 12, v4, 4);
    if (address_networks_have(&self->deny, bytes))
        return "is denied by outward-deny of the configuration";
    if (address_networks_have(&self->allow, bytes))
        return NULL;
    const char *why = kind_of(refused_v4, ARRAY_SIZE(refused_v4), v4);
    if (why || !own)
        return why;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    memcpy(&address.sin_addr, v4, 4);
    return own((const struct sockaddr *)&address) ? "is an address of this host" : NULL;
}

static const char *judge_v6(const struct address_policy *self, const struct sockaddr_in6 *address,
                            bool (*own)(const struct sockaddr *address))
{
    uint8_t bytes[16], inside[2][4];
    memcpy(bytes, &address->sin6_addr, sizeof bytes);
    bool is_mapped = has_prefix(bytes, mapped, 96);
    if (!is_mapped && address_networks_have(&self->deny, bytes))
        return "is denied by outward-deny of the configuration";
    bool allowed = !is_mapped && address_networks_have(&self->allow, bytes);
    unsigned n = embedded(bytes, inside);
    for (unsigned i = 0; i < n; i++) {
        const char *why = judge_v4(self, inside[i], own);
        if (why && !allowed)
            return why;
    }
    if (allowed || is_mapped)
        return NULL;
    const char *why = kind_of(refused_v6, ARRAY_SIZE(refused_v6), bytes);
    if (why || !own)
        return why;
    return own((const struct sockaddr *)address) ? "is an address of this host" : NULL;
}

const char *address_policy_judge(const struct address_policy *self, const struct sockaddr *address,
                                 bool (*own)(const struct sockaddr *address))
{
    if (address->sa_family == AF_INET) {
        uint8_t v4[4];
        memcpy(v4, &((const struct sockaddr_in *)address)->sin_addr, sizeof v4);
        return judge_v4(self, v4, own);
    }
    if (address->sa_family == AF_INET6)
        return judge_v6(self, (const struct sockaddr_in6 *)address, own);
    return "is no internet address";
}

void address_text(const struct sockaddr *address, char room[ADDRESS_TEXT])
{
    char text[INET6_ADDRSTRLEN] = "?";
    bool v6 = address->sa_family == AF_INET6;
    if (v6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text, sizeof text);
    else if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
    snprintf(room, ADDRESS_TEXT, v6 ? "[%s]" : "%s", text);
}
