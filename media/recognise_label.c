#include <string.h>

#include "core/attrs.h"
#include "core/utf8.h"
#include "media/recognise_internal.h"

struct label {
    char text[sizeof((struct image_facts *)0)->label];
    size_t length;
};

static void put(struct label *label, const char *bytes, size_t n)
{
    if (n < sizeof label->text - label->length) {
        memcpy(label->text + label->length, bytes, n);
        label->length += n;
    }
}

static void put_code_point(struct label *label, uint32_t c)
{
    char bytes[4];
    size_t n = utf8_write(bytes, c);
    if (utf8_printable(bytes, n) == n)
        put(label, bytes, n);
    else
        put(label, "?", 1);
}

static void keep(struct recognition *self, struct label *label)
{
    while (label->length && label->text[label->length - 1] == ' ')
        label->length--;
    if (!label->length)
        return;
    label->text[label->length] = 0;
    memcpy(self->facts->label, label->text, label->length + 1);
}

void recognition_label(struct recognition *self, const uint8_t *bytes, size_t size)
{
    struct label label = {.length = 0};
    for (size_t i = 0, n; i < size && bytes[i]; i += MAX(n, 1)) {
        n = utf8_printable((const char *)bytes + i, size - i);
        put(&label, n ? (const char *)bytes + i : "?", MAX(n, 1));
    }
    keep(self, &label);
}

void recognition_label_utf16be(struct recognition *self, const uint8_t *bytes, size_t size)
{
    struct label label = {.length = 0};
    for (size_t i = 0; i + 2 <= size; i += 2) {
        uint32_t c = (uint32_t)bytes[i] << 8 | bytes[i + 1];
        if (!c)
            break;
        if (c >= 0xd800 && c < 0xdc00 && i + 4 <= size && (bytes[i + 2] & 0xfc) == 0xdc) {
            c = 0x10000 + ((c & 0x3ff) << 10) + (((uint32_t)bytes[i + 2] << 8 | bytes[i + 3]) & 0x3ff);
            i += 2;
        }
        put_code_point(&label, c);
    }
    keep(self, &label);
}
