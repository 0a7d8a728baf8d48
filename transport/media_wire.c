#include "transport/media_wire.h"

#include <string.h>

#include "core/attrs.h"
#include "core/utf8.h"
#include "transport/wire_text.h"

enum { FLAG_WRITABLE = 1, FLAG_COPY = 2, FLAG_BOOT_ONCE = 4, FLAGS = 7 };
#define LAST_END 8

bool media_name_good(const char *name, size_t size)
{
    if (size == 0 || size >= MEDIUM_NAME_MAX || (size == 1 && name[0] == '.') || (size == 2 && !memcmp(name, "..", 2)))
        return false;
    for (size_t at = 0; at < size;) {
        size_t n = utf8_printable(name + at, size - at);
        if (n == 0 || name[at] == '/')
            return false;
        at += n;
    }
    return true;
}

static const char *parse_name(struct wire_reader *r, struct media_hello *hello)
{
    size_t size = wire_read_le16(r);
    const uint8_t *name = wire_read_bytes(r, size);
    if (!name)
        return NULL;
    if (!media_name_good((const char *)name, size))
        return "HELLO with a name that is no file name";
    memcpy(hello->name, name, size);
    hello->name[size] = 0;
    return NULL;
}

static const char *check_hello(const struct media_hello *hello, uint8_t version, uint8_t flags, uint8_t overlay)
{
    if (version != MEDIA_VERSION)
        return "HELLO of a version that this server does not speak";
    if (flags & ~FLAGS)
        return "HELLO with reserved bits set";
    if (hello->kind > 2 || overlay > MEDIUM_OVERLAY_KEEP)
        return "HELLO with an unknown kind or overlay";
    if (hello->writable && overlay == MEDIUM_OVERLAY_NONE)
        return "HELLO of a writable medium without an overlay";
    if (hello->size == 0 || hello->size > INT64_MAX)
        return "HELLO with a size that no medium has";
    if (!wire_is_hex(hello->ticket, MEDIA_TICKET_SIZE))
        return "HELLO with a ticket that is not hex";
    return NULL;
}

static const char *parse_hello(struct wire_reader *r, struct media_message *m)
{
    struct media_hello *hello = &m->hello;
    uint8_t version = wire_read_u8(r);
    hello->drive = wire_read_u8(r);
    uint8_t flags = wire_read_u8(r);
    const uint8_t *ticket = wire_read_bytes(r, MEDIA_TICKET_SIZE);
    const uint8_t *id = wire_read_bytes(r, MEDIUM_ID_SIZE);
    hello->size = wire_read_le64(r);
    hello->modified_ms = (int64_t)wire_read_le64(r);
    hello->rate = wire_read_le64(r);
    hello->kind = wire_read_u8(r);
    uint8_t overlay = wire_read_u8(r);
    const char *why = parse_name(r, hello);
    if (r->bad || why)
        return why; /* the caller reports the length */
    memcpy(hello->ticket, ticket, MEDIA_TICKET_SIZE);
    hello->ticket[MEDIA_TICKET_SIZE] = 0;
    memcpy(hello->id, id, MEDIUM_ID_SIZE);
    hello->writable = flags & FLAG_WRITABLE;
    hello->copy = flags & FLAG_COPY;
    hello->boot_once = flags & FLAG_BOOT_ONCE;
    why = check_hello(hello, version, flags, overlay);
    hello->overlay = why ? MEDIUM_OVERLAY_NONE : (enum medium_overlay)overlay;
    return why;
}

static const char *parse_data(struct wire_reader *r, struct media_message *m)
{
    bool reserved = wire_reserved_set(r, 3);
    m->data.request = wire_read_le32(r);
    m->data.size = r->left;
    m->data.bytes = wire_read_bytes(r, m->data.size);
    if (m->data.size == 0 || m->data.size > MEDIA_LONGEST)
        return "DATA of no bytes, or of too many";
    return reserved ? "DATA with reserved bytes set" : NULL;
}

static const char *parse_fail(struct wire_reader *r, struct media_message *m)
{
    uint8_t reason = wire_read_u8(r);
    bool reserved = wire_reserved_set(r, 2);
    m->fail.request = wire_read_le32(r);
    if (reason < MEDIA_FAIL_UNREADABLE || reason > MEDIA_FAIL_CHANGED)
        return "FAIL with an unknown reason";
    m->fail.reason = (enum media_fail)reason;
    return reserved ? "FAIL with reserved bytes set" : NULL;
}

static const char *parse_nothing(attr_unused struct wire_reader *r, attr_unused struct media_message *m)
{
    return NULL;
}

static const char *parse_ready(struct wire_reader *r, struct media_message *m)
{
    bool reserved = wire_reserved_set(r, 3);
    m->ready.longest = wire_read_le32(r);
    m->ready.most = wire_read_le32(r);
    const uint8_t *id = wire_read_bytes(r, MEDIUM_ID_SIZE);
    if (!id)
        return NULL;
    memcpy(m->ready.id, id, MEDIUM_ID_SIZE);
    if (m->ready.longest == 0 || m->ready.longest > MEDIA_LONGEST || m->ready.most == 0 || m->ready.most > MEDIA_MOST)
        return "READY with limits out of range";
    return reserved ? "READY with reserved bytes set" : NULL;
}

static const char *parse_read(struct wire_reader *r, struct media_message *m)
{
    bool reserved = wire_reserved_set(r, 3);
    m->read.request = wire_read_le32(r);
    m->read.offset = wire_read_le64(r);
    m->read.length = wire_read_le32(r);
    if (!r->bad &&
        (m->read.length == 0 || m->read.length > MEDIA_LONGEST || m->read.offset > INT64_MAX - MEDIA_LONGEST))
        return "READ of no bytes, or of too many";
    return reserved ? "READ with reserved bytes set" : NULL;
}

static const char *parse_progress(struct wire_reader *r, struct media_message *m)
{
    uint8_t complete = wire_read_u8(r);
    bool reserved = wire_reserved_set(r, 2);
    m->progress.copied = wire_read_le64(r);
    m->progress.size = wire_read_le64(r);
    m->progress.complete = complete & 1;
    return reserved || complete > 1 ? "PROGRESS with reserved bits set" : NULL;
}

static const char *parse_end(struct wire_reader *r, struct media_message *m)
{
    m->end.reason = wire_read_u8(r);
    size_t size = wire_read_le16(r);
    const uint8_t *text = wire_read_bytes(r, size);
    if (!text)
        return NULL;
    if (size > MEDIA_MAX_TEXT || !utf8_valid((const char *)text, size) || memchr(text, 0, size))
        return "END with a sentence that is too long, or no text";
    if (m->end.reason < 1 || m->end.reason > LAST_END)
        return "END with an unknown reason";
    memcpy(m->end.why, text, size);
    m->end.why[size] = 0;
    return NULL;
}

typedef const char *parse_fn(struct wire_reader *, struct media_message *);

static const char *parse(const uint8_t *bytes, size_t size, unsigned first, parse_fn *const parsers[4],
                         struct media_message *ret)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    unsigned type = wire_read_u8(&r);
    if (size == 0)
        return "an empty message";
    if (type < first || type > first + 3)
        return "a message of an unknown type";
    ret->type = (enum media_type)type;
    const char *why = parsers[type - first](&r, ret);
    if (why)
        return why;
    return wire_read_complete(&r) ? NULL : "a message of a wrong length";
}

const char *media_parse_owner(const uint8_t *bytes, size_t size, struct media_message *ret)
{
    static parse_fn *const parsers[] = {parse_hello, parse_data, parse_fail, parse_nothing};
    return parse(bytes, size, MEDIA_HELLO, parsers, ret);
}

const char *media_parse_gateway(const uint8_t *bytes, size_t size, struct media_message *ret)
{
    static parse_fn *const parsers[] = {parse_ready, parse_read, parse_progress, parse_end};
    return parse(bytes, size, MEDIA_READY, parsers, ret);
}

static void write_head(struct wire_writer *w, enum media_type type, uint8_t a, uint8_t b, uint8_t c)
{
    wire_write_u8(w, (uint8_t)type);
    wire_write_u8(w, a);
    wire_write_u8(w, b);
    wire_write_u8(w, c);
}

void media_write_hello(struct wire_writer *w, const struct media_hello *hello)
{
    unsigned flags = (hello->writable ? FLAG_WRITABLE : 0u) | (hello->copy ? FLAG_COPY : 0u) |
                     (hello->boot_once ? FLAG_BOOT_ONCE : 0u);
    size_t length = strlen(hello->name);
    write_head(w, MEDIA_HELLO, MEDIA_VERSION, hello->drive, (uint8_t)flags);
    wire_write_bytes(w, hello->ticket, MEDIA_TICKET_SIZE);
    wire_write_bytes(w, hello->id, MEDIUM_ID_SIZE);
    wire_write_le64(w, hello->size);
    wire_write_le64(w, (uint64_t)hello->modified_ms);
    wire_write_le64(w, hello->rate);
    wire_write_u8(w, hello->kind);
    wire_write_u8(w, (uint8_t)hello->overlay);
    wire_write_le16(w, (uint16_t)length);
    wire_write_bytes(w, hello->name, length);
}

void media_write_data_header(struct wire_writer *w, uint32_t request)
{
    write_head(w, MEDIA_DATA, 0, 0, 0);
    wire_write_le32(w, request);
}

void media_write_fail(struct wire_writer *w, enum media_fail reason, uint32_t request)
{
    write_head(w, MEDIA_FAIL, (uint8_t)reason, 0, 0);
    wire_write_le32(w, request);
}

void media_write_bye(struct wire_writer *w)
{
    wire_write_u8(w, MEDIA_BYE);
}

void media_write_ready(struct wire_writer *w, const uint8_t id[MEDIUM_ID_SIZE])
{
    write_head(w, MEDIA_READY, 0, 0, 0);
    wire_write_le32(w, MEDIA_LONGEST);
    wire_write_le32(w, MEDIA_MOST);
    wire_write_bytes(w, id, MEDIUM_ID_SIZE);
}

void media_write_read(struct wire_writer *w, uint32_t request, uint64_t offset, uint32_t length)
{
    write_head(w, MEDIA_READ, 0, 0, 0);
    wire_write_le32(w, request);
    wire_write_le64(w, offset);
    wire_write_le32(w, length);
}

void media_write_progress(struct wire_writer *w, bool complete, uint64_t copied, uint64_t size)
{
    write_head(w, MEDIA_PROGRESS, complete, 0, 0);
    wire_write_le64(w, copied);
    wire_write_le64(w, size);
}

void media_write_end(struct wire_writer *w, uint8_t reason, const char *why)
{
    uint8_t text[MEDIA_MAX_TEXT];
    size_t size = wire_clean_text(why, text, sizeof text);
    wire_write_u8(w, MEDIA_END);
    wire_write_u8(w, reason);
    wire_write_le16(w, (uint16_t)size);
    wire_write_bytes(w, text, size);
}
