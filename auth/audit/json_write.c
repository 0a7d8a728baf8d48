#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "auth/audit/json.h"
#include "core/utf8.h"

struct text {
    char *at, *end; /* end: where the closing NUL still fits */
};

static void put(struct text *self, const char *bytes, size_t size)
{
    size = MIN(size, (size_t)(self->end - self->at));
    memcpy(self->at, bytes, size);
    self->at += size;
    *self->at = '\0';
}

static attr_printf(2, 3) void print(struct text *self, const char *format, ...)
{
    char room[128];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(room, sizeof room, format, args);
    va_end(args);
    put(self, room, (size_t)MIN(MAX(n, 0), (int)sizeof room - 1));
}

static void print_hex(struct text *self, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        print(self, "%02x", bytes[i]);
}

/* The bytes of the character at the beginning, 1 to 4, and its number; 0: what stands there is none. */
static size_t next_character(const char *text, uint32_t *ret_code)
{
    size_t size = utf8_sequence(text, strnlen(text, 4));
    *ret_code = size ? utf8_read(text, size) : 0;
    return size;
}

/* Escaped so far that no reader, and no terminal it is shown on, sees a control character or one of Bidi_Control. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || code == '"' || code == '\\' || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
           code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static bool print_string(struct text *self, const char *text)
{
    bool good = true;
    put(self, "\"", 1);
    while (*text) {
        uint32_t code;
        size_t size = next_character(text, &code);
        if (size == 0)
            put(self, "\xef\xbf\xbd", 3);
        else if (needs_escape(code))
            print(self, "\\u%04x", code);
        else
            put(self, text, size);
        good &= size > 0;
        text += MAX(size, 1u);
    }
    put(self, "\"", 1);
    return good;
}

static void print_line(struct text *self, const struct audit_line *line)
{
    static const char *const names[] = {"who", "what", "target", "detail"};
    const char *texts[] = {line->text.who, line->text.what, line->text.target, line->text.detail};
    unsigned bad = 0;
    print(self, "{\"line\":{\"number\":%llu,\"time\":%lld", (unsigned long long)line->number, (long long)line->time);
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        print(self, ",\"%s\":", names[i]);
        if (!print_string(self, texts[i]))
            bad |= 1u << i;
    }
    if (bad)
        print(self, ",\"raw\":{");
    for (unsigned i = 0, n = 0; i < ARRAY_SIZE(names); i++)
        if (bad & 1u << i) {
            print(self, "%s\"%s\":\"", n++ ? "," : "", names[i]);
            print_hex(self, (const uint8_t *)texts[i], strlen(texts[i]));
            print(self, "\"");
        }
    print(self, "%s,\"mac\":\"", bad ? "}" : "");
    print_hex(self, line->mac, line->plain ? 0 : sizeof line->mac);
    print(self, "\",\"hash\":\"");
    print_hex(self, line->hash, sizeof line->hash);
    print(self, "\"}}");
}

static void print_head(struct text *self, const struct audit_head *head)
{
    print(self, "{\"head\":{\"level\":\"%s\",\"section\":%llu,\"counter\":%llu,",
          head->level == AUDIT_HEAD ? "head" : "milestone", (unsigned long long)head->section,
          (unsigned long long)head->counter);
    print(self, "\"number\":%llu,\"hash\":\"", (unsigned long long)head->line.number);
    print_hex(self, head->line.hash, sizeof head->line.hash);
    print(self, "\",\"time\":%lld,\"cut\":%llu,\"next\":\"", (long long)head->time, (unsigned long long)head->cut);
    print_hex(self, head->next, sizeof head->next);
    print(self, "\",\"heads\":%llu,\"below\":\"", (unsigned long long)head->heads);
    print_hex(self, head->below, sizeof head->below);
    print(self, "\",\"signature\":\"");
    print_hex(self, head->signature, sizeof head->signature);
    print(self, "\"}}");
}

size_t audit_json_write(const struct audit_object *object, char room[AUDIT_JSON_MAX])
{
    struct text text = {.at = room, .end = room + AUDIT_JSON_MAX - 1};
    switch (object->item) {
    case AUDIT_ITEM_ANCHOR:
        print(&text, "{\"anchor\":{\"number\":%llu,\"hash\":\"", (unsigned long long)object->anchor.number);
        print_hex(&text, object->anchor.hash, sizeof object->anchor.hash);
        print(&text, "\"}}");
        break;
    case AUDIT_ITEM_ROOT:
        print(&text, "{\"root\":{\"section\":%llu,\"key\":\"", (unsigned long long)object->section);
        print_hex(&text, object->root, sizeof object->root);
        print(&text, "\"}}");
        break;
    case AUDIT_ITEM_LINE:
        print_line(&text, &object->line);
        break;
    case AUDIT_ITEM_HEAD:
        print_head(&text, &object->head);
        break;
    }
    return (size_t)(text.at - room);
}

size_t audit_text_show(const char *text, char *room, size_t size)
{
    struct text out = {.at = room, .end = room + size - 1};
    *room = '\0';
    while (*text) {
        uint32_t code = 0;
        size_t n = next_character(text, &code);
        bool escape = n == 0 || (needs_escape(code) && code != '"' && code != '\\');
        n = MAX(n, 1u);
        for (size_t i = 0; escape && i < n; i++)
            print(&out, "\\x%02x", (uint8_t)text[i]);
        if (!escape)
            put(&out, text, n);
        text += n;
    }
    return (size_t)(out.at - room);
}
