/* The text of a record of facts. */
#include <errno.h>
#include <string.h>

#include "core/text.h"
#include "media/field_text.h"
#include "media/library_facts.h"
#include "media/library_record.h"

enum { BIOS = 1, UEFI = 2, HYBRID = 4, DISK_BIOS = 8, DISK_UEFI = 16, UDF = 32, WRITTEN = 64, ALL_FLAGS = 127 };

static unsigned flags_of(const struct library_record *self)
{
    const struct image_facts *f = &self->facts.image;
    return (f->boots_bios ? BIOS : 0u) | (f->boots_uefi ? UEFI : 0u) | (f->hybrid ? HYBRID : 0u) |
           (f->disk_boots_bios ? DISK_BIOS : 0u) | (f->disk_boots_uefi ? DISK_UEFI : 0u) | (f->udf ? UDF : 0u) |
           (self->written ? WRITTEN : 0u);
}

static void set_flags(struct library_record *self, uint64_t flags)
{
    struct image_facts *f = &self->facts.image;
    f->boots_bios = flags & BIOS;
    f->boots_uefi = flags & UEFI;
    f->hybrid = flags & HYBRID;
    f->disk_boots_bios = flags & DISK_BIOS;
    f->disk_boots_uefi = flags & DISK_UEFI;
    f->udf = flags & UDF;
    self->written = flags & WRITTEN;
}

void library_record_write(const struct library_record *self, struct field_writer *ret)
{
    const struct image_facts *f = &self->facts.image;
    *ret = (struct field_writer){0};
    field_write(ret, "facts", "1");
    field_write(ret, "size", "%llu", (unsigned long long)self->size);
    field_write(ret, "seconds", "%llu", (unsigned long long)self->seconds);
    field_write(ret, "nanoseconds", "%llu", (unsigned long long)self->nanoseconds);
    field_write(ret, "inode", "%llu", (unsigned long long)self->inode);
    field_write(ret, "format", "%s", image_format_name(f->format));
    field_write(ret, "flags", "%u", flags_of(self));
    field_write(ret, "label", "%s", f->label);
    field_write(ret, "why", "%s", f->why);
    for (unsigned i = 0; i < f->n_ranges; i++) {
        field_write(ret, "range", "%llu", (unsigned long long)f->ranges[i].offset);
        field_write(ret, "range-size", "%llu", (unsigned long long)f->ranges[i].size);
    }
    field_write(ret, "sha256", "%s", self->facts.sha256);
    field_write(ret, "end", "1");
}

static bool parse_range(struct image_facts *f, const char *key, uint64_t number)
{
    if (!strcmp(key, "range")) {
        if (f->n_ranges == RECOGNISE_RANGES)
            return false;
        f->ranges[f->n_ranges++].offset = number;
        return true;
    }
    if (strcmp(key, "range-size") != 0 || !f->n_ranges)
        return false;
    f->ranges[f->n_ranges - 1].size = number;
    return true;
}

static bool parse_field(struct library_record *self, const char *key, const char *value, uint64_t *ret_end)
{
    struct image_facts *f = &self->facts.image;
    uint64_t number = 0;
    const struct {
        const char *key;
        uint64_t *ret;
    } numbers[] = {{"size", &self->size},
                   {"seconds", &self->seconds},
                   {"nanoseconds", &self->nanoseconds},
                   {"inode", &self->inode},
                   {"end", ret_end}};
    if (!strcmp(key, "format"))
        return image_format_parse(value, &f->format);
    if (!strcmp(key, "label"))
        return text_copy(f->label, sizeof f->label, value);
    if (!strcmp(key, "why"))
        return text_copy(f->why, sizeof f->why, value);
    if (!strcmp(key, "sha256"))
        return (!*value || field_is_hex(value, 64)) && text_copy(self->facts.sha256, sizeof self->facts.sha256, value);
    if (!field_number(value, &number))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        if (!strcmp(key, numbers[i].key)) {
            *numbers[i].ret = number;
            return true;
        }
    if (!strcmp(key, "facts"))
        return number == 1;
    if (!strcmp(key, "flags")) {
        set_flags(self, number);
        return number <= ALL_FLAGS;
    }
    return parse_range(f, key, number);
}

int library_record_parse(const char *text, size_t size, struct library_record *ret)
{
    struct field_reader reader = {.at = text, .end = text + size};
    struct library_record record = {0};
    char key[FIELD_KEY_SIZE], value[FIELD_VALUE_SIZE];
    uint64_t end = 0;
    while (!end && field_next(&reader, key, value))
        if (!parse_field(&record, key, value, &end))
            return -EBADMSG;
    if (reader.bad || !end || reader.at != reader.end)
        return -EBADMSG;
    *ret = record;
    return 0;
}

/* A file that was put in place of the one that was written is another inode; one that was copied over it, to the same
 * size, is not noticed: it is described as the old one was, until it is uploaded or renamed. */
bool library_record_fits(const struct library_record *self, const struct stat *st)
{
    if (self->size != (uint64_t)st->st_size)
        return false;
    if (self->written)
        return self->inode == st->st_ino;
    return self->seconds == (uint64_t)st->st_mtim.tv_sec && self->nanoseconds == (uint64_t)st->st_mtim.tv_nsec;
}
