#include "media/upload_record.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "media/library_entry.h"

enum { KEEP_PACKED = 1, REPLACE = 2, ADOPTING = 4, UNPACKED = 8, ALL_FLAGS = 15 };

void upload_record_write(const struct upload_record *self, struct field_writer *ret)
{
    *ret = (struct field_writer){0};
    field_write(ret, "upload", "1");
    field_write(ret, "given", "%s", self->given);
    field_write(ret, "folder", "%s", self->folder);
    field_write(ret, "who", "%s", self->who);
    field_write(ret, "wanted", "%s", self->wanted);
    field_write(ret, "flags", "%d",
                (self->keep_packed ? KEEP_PACKED : 0) | (self->replace ? REPLACE : 0) |
                    (self->adopting ? ADOPTING : 0) | (self->unpacked ? UNPACKED : 0));
    field_write(ret, "size", "%llu", (unsigned long long)self->size);
    field_write(ret, "offset", "%llu", (unsigned long long)self->offset);
    field_write(ret, "begun", "%llu", (unsigned long long)self->begun);
    field_write(ret, "touched", "%llu", (unsigned long long)self->touched);
    field_write(ret, "phase", "%d", (int)self->phase);
    field_write(ret, "name", "%s", self->name);
    field_write(ret, "sha256", "%s", self->sha256);
    field_write(ret, "why", "%s", self->why);
    field_write(ret, "end", "1");
}

struct parsing {
    uint64_t version, flags, phase, end;
};

static bool parse_field(struct upload_record *self, struct parsing *parsing, const char *key, const char *value)
{
    const struct {
        const char *key;
        char *room;
        size_t size;
    } texts[] = {{"given", self->given, sizeof self->given},   {"folder", self->folder, sizeof self->folder},
                 {"who", self->who, sizeof self->who},         {"wanted", self->wanted, sizeof self->wanted},
                 {"name", self->name, sizeof self->name},      {"why", self->why, sizeof self->why},
                 {"sha256", self->sha256, sizeof self->sha256}};
    const struct {
        const char *key;
        uint64_t *ret;
    } numbers[] = {{"upload", &parsing->version}, {"flags", &parsing->flags}, {"size", &self->size},
                   {"offset", &self->offset},     {"begun", &self->begun},    {"touched", &self->touched},
                   {"phase", &parsing->phase},    {"end", &parsing->end}};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (!strcmp(key, texts[i].key))
            return text_copy(texts[i].room, texts[i].size, value);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        if (!strcmp(key, numbers[i].key))
            return field_number(value, numbers[i].ret);
    return false;
}

static bool sum_fits(const char *text)
{
    return !*text || field_is_hex(text, 64);
}

static bool holds_together(const struct upload_record *self, const struct parsing *parsing)
{
    const bool named = self->adopting || self->phase == UPLOAD_DONE;
    return parsing->version == 1 && parsing->end == 1 && parsing->flags <= ALL_FLAGS &&
           parsing->phase <= UPLOAD_FAILED && library_name_visible(self->given) &&
           (!self->folder[0] || library_name_visible(self->folder)) && (!named || library_name_visible(self->name)) &&
           sum_fits(self->wanted) && sum_fits(self->sha256) && self->offset <= self->size && self->size <= INT64_MAX &&
           self->touched <= UINT32_MAX && self->begun <= UINT32_MAX;
}

int upload_record_parse(const char *text, size_t size, struct upload_record *ret)
{
    struct field_reader reader = {.at = text, .end = text + size};
    struct upload_record record = {0};
    struct parsing parsing = {0};
    char key[FIELD_KEY_SIZE], value[FIELD_VALUE_SIZE];
    while (!parsing.end && field_next(&reader, key, value))
        if (!parse_field(&record, &parsing, key, value))
            return -EBADMSG;
    if (reader.bad || reader.at != reader.end)
        return -EBADMSG;
    record.keep_packed = parsing.flags & KEEP_PACKED;
    record.replace = parsing.flags & REPLACE;
    record.adopting = parsing.flags & ADOPTING;
    record.unpacked = parsing.flags & UNPACKED;
    record.phase = (enum upload_phase)MIN(parsing.phase, (uint64_t)UPLOAD_FAILED);
    if (!holds_together(&record, &parsing))
        return -EBADMSG;
    *ret = record;
    return 0;
}

/* Length of the name without .gz, .xz or .zst; all of it when it has none of them, or nothing but. */
static size_t stem(const char *name)
{
    static const char *const packed[] = {".gz", ".xz", ".zst"};
    const size_t size = strlen(name);
    for (size_t i = 0; i < ARRAY_SIZE(packed); i++) {
        const size_t n = strlen(packed[i]);
        if (size > n && !strcasecmp(name + size - n, packed[i]))
            return size - n;
    }
    return size;
}

void upload_record_name(const struct upload_record *self, bool unpacked, char ret[256])
{
    const size_t size = unpacked ? stem(self->given) : strlen(self->given);
    memcpy(ret, self->given, size);
    ret[size] = 0;
}

bool upload_record_seems_packed(const struct upload_record *self)
{
    return !self->keep_packed && !self->folder[0] && self->given[stem(self->given)];
}
