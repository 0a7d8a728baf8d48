#include "transport/forwarded.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool forwarded_parse(const char *text, uint8_t ret[FORWARDED_BYTES])
{
    uint8_t bytes[FORWARDED_BYTES];
    if (inet_pton(AF_INET, text, bytes + sizeof mapped) == 1)
        memcpy(bytes, mapped, sizeof mapped);
    else if (inet_pton(AF_INET6, text, bytes) != 1)
        return false;
    memcpy(ret, bytes, sizeof bytes);
    return true;
}

static void write_text(const uint8_t bytes[FORWARDED_BYTES], char room[FORWARDED_TEXT])
{
    bool v4 = memcmp(bytes, mapped, sizeof mapped) == 0;
    inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes + sizeof mapped : bytes, room, FORWARDED_TEXT);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The entry that ends at `end`, without its blanks; *ret_begin is where the comma in front of it would be. */
static bool last_entry(const char *header, const char *end, char room[FORWARDED_TEXT], const char **ret_begin)
{
    const char *from = end;
    while (from > header && from[-1] != ',')
        from--;
    *ret_begin = from;
    while (from < end && is_blank(*from))
        from++;
    while (end > from && is_blank(end[-1]))
        end--;
    size_t n = (size_t)(end - from);
    if (n == 0 || n >= FORWARDED_TEXT)
        return false;
    memcpy(room, from, n);
    room[n] = '\0';
    return true;
}

bool forwarded_client(const char *header, forwarded_trusts_fn *trusts, const void *context, char room[FORWARDED_TEXT])
{
    const char *end = header + strlen(header);
    for (unsigned hops = 0; hops < FORWARDED_HOPS; hops++) {
        char entry[FORWARDED_TEXT];
        uint8_t address[FORWARDED_BYTES];
        const char *begin;
        if (!last_entry(header, end, entry, &begin) || !forwarded_parse(entry, address))
            return false;
        if (!trusts(context, address)) {
            write_text(address, room);
            return true;
        }
        if (begin == header)
            return false;
        end = begin - 1;
    }
    return false;
}
