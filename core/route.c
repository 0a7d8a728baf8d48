#include "core/route.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"
#include "core/wire.h"

#define MESSAGE_SIZE 1024

void route_reply_header(struct route_call *call, const char *name, const char *value)
{
    call->reply->header(call, name, value);
}

void route_reply(struct route_call *call, int status, const char *content_type, const void *body, size_t size)
{
    assert(content_type || size == 0);
    call->reply->send(call, status, content_type, body, size);
}

unsigned route_peer_chain(struct route_call *call, struct route_der *ret, unsigned max, const char **ret_why)
{
    *ret_why = "";
    return call->reply->peer_chain ? call->reply->peer_chain(call, ret, max, ret_why) : 0;
}

bool route_request_header(struct route_call *call, const char *name, char *room, size_t size)
{
    return call->reply->request_header && call->reply->request_header(call, name, room, size);
}

void route_body_more(struct route_call *call)
{
    call->reply->body_more(call);
}

void route_reply_stream(struct route_call *call, int status, const char *content_type, uint64_t size,
                        const struct route_source *source, void *data)
{
    call->reply->send_stream(call, status, content_type, size, source, data);
}

void route_reply_piece(struct route_call *call, const void *bytes, size_t size)
{
    call->reply->piece(call, bytes, size);
}

/* As the inside of a JSON string (RFC 8259 section 7); what is not UTF-8 becomes U+FFFD. At most 6 bytes for one. */
static void write_escaped(struct wire_writer *w, const char *text, size_t size)
{
    while (size > 0) {
        size_t length = utf8_sequence(text, size);
        char escaped[8];
        int n = 0;
        if (length == 0) {
            n = snprintf(escaped, sizeof(escaped), "\\ufffd");
            length = 1;
        } else if (*text == '"' || *text == '\\') {
            n = snprintf(escaped, sizeof(escaped), "\\%c", *text);
        } else if (utf8_printable(text, size) == 0) {
            unsigned code = length == 1 ? (unsigned char)text[0] : (unsigned char)text[1];
            n = snprintf(escaped, sizeof(escaped), "\\u%04x", code);
        }
        if (n > 0)
            wire_write_bytes(w, escaped, (size_t)n);
        else
            wire_write_bytes(w, text, length);
        text += length;
        size -= length;
    }
}

static void write_text(struct wire_writer *w, const char *text)
{
    wire_write_bytes(w, text, strlen(text));
}

static void write_string(struct wire_writer *w, const char *text, size_t size)
{
    write_text(w, "\"");
    write_escaped(w, text, size);
    write_text(w, "\"");
}

/* Behind the next conversion of a format; NULL: there is none. */
static const char *conversion_end(const char *format)
{
    while ((format = strchr(format, '%')) && format[1] == '%')
        format += 2;
    return format ? format + strcspn(format, "diuxsc") + 1 : NULL;
}

/* How long a message is up to a place in its format. */
attr_printf(1, 0) static size_t length_until(const char *format, const char *end, va_list args)
{
    int (*const print)(char *, size_t, const char *, va_list) = vsnprintf; /* of a part of what is checked as a whole */
    char part[MESSAGE_SIZE];
    va_list again;
    snprintf(part, sizeof(part), "%.*s", (int)(end - format), format);
    va_copy(again, args);
    int size = print(NULL, 0, part, again);
    va_end(again);
    return (size_t)MAX(0, size);
}

/* What was put into a message. One that is a sentence put in whole has no parts. */
attr_printf(2, 0) static void write_parts(struct wire_writer *w, const char *format, const char *text, size_t size,
                                          va_list args)
{
    const char *end = format;
    if (strcmp(format, "%s") == 0 || !conversion_end(format))
        return;
    write_text(w, ",\"args\":[");
    for (unsigned n = 0; (end = conversion_end(end)); n++) {
        const char *begin = end;
        while (*--begin != '%')
            ;
        size_t to = MIN(length_until(format, end, args), size), from = MIN(length_until(format, begin, args), to);
        write_text(w, n ? "," : "");
        write_string(w, text + from, to - from);
    }
    write_text(w, "]");
}

void route_vreply_error(struct route_call *call, int status, const char *code, const char *message, va_list args)
{
    char text[MESSAGE_SIZE], body[12 * MESSAGE_SIZE + 512];
    struct wire_writer w = wire_writer_init(body, sizeof(body));
    va_list again;

    va_copy(again, args);
    int n = vsnprintf(text, sizeof(text), message, again);
    va_end(again);
    size_t size = (size_t)MAX(0, MIN(n, (int)sizeof(text) - 1));

    write_text(&w, "{\"error\":{\"code\":");
    write_string(&w, code, strnlen(code, 64));
    write_text(&w, ",\"message\":");
    write_string(&w, text, size);
    write_parts(&w, message, text, size, args);
    write_text(&w, "}}\n");
    assert(!w.full);
    route_reply(call, status, "application/json", body, wire_written(&w));
}

void route_reply_error(struct route_call *call, int status, const char *code, const char *message, ...)
{
    va_list args;
    va_start(args, message);
    route_vreply_error(call, status, code, message, args);
    va_end(args);
}
