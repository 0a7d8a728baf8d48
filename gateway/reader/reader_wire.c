#include "gateway/reader/reader_wire.h"

#include <string.h>

#include "core/utf8.h"

bool reader_language_is_name(const char *language)
{
    size_t n = strlen(language);
    return n >= 3 && n < READER_LANGUAGE && !language[strspn(language, "abcdefghijklmnopqrstuvwxyz_")];
}

void reader_write_ask(struct wire_writer *w, const struct reader_ask *ask)
{
    wire_write_le16(w, ask->width);
    wire_write_le16(w, ask->height);
    ipc_write_string(w, ask->language);
}

bool reader_read_ask(const uint8_t *body, size_t size, struct reader_ask *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    ret->width = wire_read_le16(&r);
    ret->height = wire_read_le16(&r);
    return ipc_read_string(&r, ret->language, sizeof ret->language) && wire_read_complete(&r) && ret->width &&
           ret->height && (uint32_t)ret->width * ret->height <= READER_MOST_PIXELS &&
           reader_language_is_name(ret->language);
}

/* At most n bytes of it, whole characters. */
static size_t cut_text(const char *text, size_t n)
{
    size_t size = strnlen(text, n + 1);
    if (size <= n)
        return size;
    while (n && ((uint8_t)text[n] & 0xc0) == 0x80)
        n--;
    return n;
}

void reader_write_answer(struct wire_writer *w, int error, const char *text)
{
    size_t size = cut_text(text, READER_MOST_TEXT);
    wire_write_le32(w, (uint32_t)error);
    wire_write_le16(w, (uint16_t)size);
    wire_write_bytes(w, text, size);
}

bool reader_read_answer(const uint8_t *body, size_t size, struct reader_answer *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    ret->error = (int32_t)wire_read_le32(&r);
    return ipc_read_string(&r, ret->text, sizeof ret->text) && wire_read_complete(&r) && ret->error <= 0 &&
           utf8_valid(ret->text, strlen(ret->text));
}
