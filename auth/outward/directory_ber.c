#include "auth/outward/directory_ber.h"

#include <errno.h>

#include "core/attrs.h"
#include "core/wire.h"

/* X.690; RFC 4511 section 5.1 allows only definite lengths. */
enum { INTEGER = 0x02, OCTETS = 0x04, ENUMERATED = 0x0a, SEQUENCE = 0x30, SET = 0x31, CONTROLS = 0xa0 };
/* RFC 4511 appendix B */
enum { BIND_RESULT = 0x61, ENTRY = 0x64, SEARCH_RESULT = 0x65, REFERENCE = 0x73, EXTENDED_RESULT = 0x78 };
enum { REFERRAL = 0xa3, SASL_CREDENTIALS = 0x87, RESPONSE_NAME = 0x8a, RESPONSE_VALUE = 0x8b };

/* ---- one element ---- */

/* Its tag, and what is in it; 0 and both readers bad when it makes no sense. Tags are of one byte here. */
static unsigned next(struct wire_reader *r, struct wire_reader *ret)
{
    unsigned tag = wire_read_u8(r), first = wire_read_u8(r);
    size_t length = first;
    if (first & 0x80) {
        unsigned n = first & 0x7f;
        r->bad |= n == 0 || n > 4;
        for (length = 0; n && !r->bad; n--)
            length = length << 8 | wire_read_u8(r);
    }
    r->bad |= (tag & 0x1f) == 0x1f;
    *ret = wire_read_sub(r, length);
    return r->bad ? 0 : tag;
}

static bool skip(struct wire_reader *r, unsigned tag)
{
    struct wire_reader in;
    return next(r, &in) == tag;
}

/* A number of one to four bytes. */
static bool number(struct wire_reader *r, unsigned tag, int32_t *ret)
{
    struct wire_reader in;
    if (next(r, &in) != tag || in.left == 0 || in.left > 4)
        return false;
    int32_t v = in.at[0] & 0x80 ? -1 : 0;
    while (in.left)
        v = (int32_t)((uint32_t)v << 8 | wire_read_u8(&in));
    *ret = v;
    return true;
}

/* Nothing but octet strings, one at least where `some`. */
static bool strings(struct wire_reader *r, bool some)
{
    if (some && r->left == 0)
        return false;
    while (r->left)
        if (!skip(r, OCTETS))
            return false;
    return !r->bad;
}

/* ---- messages ---- */

/* LDAPResult, and what bind and extended results have behind it. */
static bool is_result(struct wire_reader *r, unsigned kind)
{
    struct wire_reader in;
    int32_t code;
    if (!number(r, ENUMERATED, &code) || code < 0 || !skip(r, OCTETS) || !skip(r, OCTETS))
        return false;
    unsigned seen = 0; /* each once */
    while (r->left) {
        unsigned tag = next(r, &in);
        unsigned bit = tag == REFERRAL                                    ? 1
                       : tag == SASL_CREDENTIALS && kind == BIND_RESULT   ? 2
                       : tag == RESPONSE_NAME && kind == EXTENDED_RESULT  ? 4
                       : tag == RESPONSE_VALUE && kind == EXTENDED_RESULT ? 8
                                                                          : 0;
        if (!bit || (seen & bit) || (bit == 1 && !strings(&in, true)))
            return false;
        seen |= bit;
    }
    return !r->bad;
}

/* SearchResultEntry: a name, and attributes with their values. */
static bool is_entry(struct wire_reader *r)
{
    struct wire_reader attributes, attribute, values;
    if (!skip(r, OCTETS) || next(r, &attributes) != SEQUENCE || r->left)
        return false;
    while (attributes.left) {
        if (next(&attributes, &attribute) != SEQUENCE || !skip(&attribute, OCTETS) ||
            next(&attribute, &values) != SET || attribute.left || !strings(&values, false))
            return false;
    }
    return !attributes.bad;
}

static bool is_controls(struct wire_reader *r)
{
    struct wire_reader control, in;
    while (r->left) {
        if (next(r, &control) != SEQUENCE || !skip(&control, OCTETS))
            return false;
        while (control.left) {
            unsigned tag = next(&control, &in);
            if (tag != OCTETS && !(tag == 0x01 && in.left == 1)) /* criticality, value */
                return false;
        }
    }
    return !r->bad;
}

int directory_ber_size(const uint8_t *bytes, size_t have, size_t most, size_t *ret)
{
    if (have < 2)
        return 1;
    size_t head = 2, length = bytes[1];
    if (bytes[0] != SEQUENCE)
        return -EPROTO;
    if (length & 0x80) {
        size_t n = length & 0x7f;
        head += n;
        if (n == 0 || n > 4)
            return -EPROTO;
        if (have < head)
            return 1;
        length = 0;
        for (size_t i = 0; i < n; i++)
            length = length << 8 | bytes[2 + i];
    }
    if (length > most - head)
        return -EPROTO;
    *ret = head + length;
    return 0;
}

bool directory_ber_check(const uint8_t *bytes, size_t size, int operation)
{
    struct wire_reader r = wire_reader_init(bytes, size), message, body, controls;
    int32_t id;
    if (next(&r, &message) != SEQUENCE || r.left || !number(&message, INTEGER, &id) || id <= 0 || id != operation)
        return false;
    unsigned kind = next(&message, &body);
    bool good = kind == BIND_RESULT || kind == SEARCH_RESULT || kind == EXTENDED_RESULT ? is_result(&body, kind)
                : kind == ENTRY                                                         ? is_entry(&body)
                : kind == REFERENCE                                                     ? strings(&body, true)
                                                                                        : false;
    if (good && message.left)
        good = next(&message, &controls) == CONTROLS && is_controls(&controls);
    return good && !message.left && !message.bad;
}
