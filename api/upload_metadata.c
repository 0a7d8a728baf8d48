#include "api/upload_metadata.h"

#include <ctype.h>
#include <string.h>

#include "api/base64.h"
#include "core/attrs.h"

#define KEY_SIZE 32
#define VALUE_SIZE 512

/* A flag is set by being there, unless its value says otherwise. */
static bool is_set(const char *value)
{
    return strcmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

static bool take_field(struct upload_metadata *self, const char *key, const char *value, size_t size, const char **why)
{
    const struct {
        const char *key;
        char *room;
        size_t size;
        const char *why;
    } texts[] = {{"filename", self->filename, sizeof self->filename, "filename is empty, too long or no text"},
                 {"folder", self->folder, sizeof self->folder, "folder is empty, too long or no text"},
                 {"sha256", self->sha256, sizeof self->sha256, "sha256 must be 64 hexadecimal digits"}};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (strcmp(key, texts[i].key) != 0)
            continue;
        *why = texts[i].room[0] ? "a key stands there twice" : texts[i].why;
        if (texts[i].room[0] || !size || size >= texts[i].size || strlen(value) != size)
            return false;
        memcpy(texts[i].room, value, size + 1);
        return true;
    }
    if (!strcmp(key, "keep-packed"))
        self->keep_packed = is_set(value);
    else if (!strcmp(key, "replace"))
        self->replace = is_set(value);
    return true;
}

static bool is_ours(const char *key)
{
    static const char *const ours[] = {"filename", "folder", "sha256", "keep-packed", "replace"};
    for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
        if (!strcmp(key, ours[i]))
            return true;
    return false;
}

/* One "key base64" or "key". */
static bool take_pair(struct upload_metadata *self, const char *text, size_t size, const char **why)
{
    char key[KEY_SIZE], packed[VALUE_SIZE * 4 / 3 + 8], value[VALUE_SIZE + 1];
    const char *blank = memchr(text, ' ', size);
    const size_t key_size = blank ? (size_t)(blank - text) : size;
    const size_t packed_size = blank ? size - key_size - 1 : 0;
    *why = "a key is empty";
    if (!key_size)
        return false;
    if (key_size >= sizeof key)
        return true; /* none of ours */
    memcpy(key, text, key_size);
    key[key_size] = 0;
    if (!is_ours(key))
        return true;
    *why = "a value is too long or no base64";
    if (packed_size >= sizeof packed)
        return false;
    if (packed_size)
        memcpy(packed, blank + 1, packed_size);
    packed[packed_size] = 0;
    int n = base64_decode(packed, (uint8_t *)value, VALUE_SIZE);
    if (n < 0)
        return false;
    value[n] = 0;
    return take_field(self, key, value, (size_t)n, why);
}

bool upload_metadata_parse(const char *text, struct upload_metadata *ret, const char **why)
{
    struct upload_metadata metadata = {0};
    while (*text) {
        while (*text == ' ')
            text++;
        size_t size = strcspn(text, ","), next = size;
        while (size && text[size - 1] == ' ')
            size--;
        if (!take_pair(&metadata, text, size, why))
            return false;
        text += next + (text[next] == ',');
    }
    for (char *c = metadata.sha256; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *ret = metadata;
    return true;
}
