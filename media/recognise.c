#include "media/recognise.h"

#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "core/text.h"
#include "media/recognise_internal.h"

static const char *const names[] = {
    [IMAGE_UNKNOWN] = "unknown", [IMAGE_ISO] = "iso",   [IMAGE_DISK] = "disk",     [IMAGE_GZIP] = "gzip",
    [IMAGE_XZ] = "xz",           [IMAGE_ZSTD] = "zstd", [IMAGE_FOLDER] = "folder",
};

const char *image_format_name(enum image_format format)
{
    return (size_t)format < ARRAY_SIZE(names) ? names[format] : "unknown";
}

bool image_format_parse(const char *word, enum image_format *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (!strcmp(word, names[i])) {
            *ret = (enum image_format)i;
            return true;
        }
    return false;
}

bool recognition_read(struct recognition *self, uint64_t offset, void *room, size_t size)
{
    if (offset > self->size || size > self->size - offset || !self->reads_left)
        return false;
    self->reads_left--;
    return self->read(self->data, offset, room, size);
}

void recognition_why(struct recognition *self, const char *why)
{
    if (!self->facts->why[0])
        text_copy(self->facts->why, sizeof self->facts->why, why);
}

void recognition_range(struct recognition *self, uint64_t offset, uint64_t size)
{
    struct image_facts *facts = self->facts;
    if (offset >= self->size || !size)
        return;
    size = MIN(size, self->size - offset);
    for (unsigned i = 0; i < facts->n_ranges; i++) {
        struct image_range *range = &facts->ranges[i];
        uint64_t end = MAX(range->offset + range->size, offset + size);
        if (offset > range->offset + range->size || range->offset > offset + size)
            continue;
        range->offset = MIN(range->offset, offset);
        range->size = end - range->offset;
        return;
    }
    if (facts->n_ranges < RECOGNISE_RANGES)
        facts->ranges[facts->n_ranges++] = (struct image_range){offset, size};
}

/* The packed formats by their magic numbers: RFC 1952 section 2.3.1, the .xz format 2.1.1.1, RFC 8878 section 3.1.1. */
static enum image_format packed(const uint8_t head[8])
{
    static const uint8_t xz[6] = {0xfd, '7', 'z', 'X', 'Z', 0}, zstd[4] = {0x28, 0xb5, 0x2f, 0xfd};
    if (head[0] == 0x1f && head[1] == 0x8b && head[2] == 8 && !(head[3] & 0xe0))
        return IMAGE_GZIP;
    if (!memcmp(head, xz, sizeof xz))
        return IMAGE_XZ;
    return memcmp(head, zstd, sizeof zstd) ? IMAGE_UNKNOWN : IMAGE_ZSTD;
}

static void as_volume(struct recognition *self)
{
    struct image_facts *facts = self->facts;
    struct disk_facts disk = {0};
    facts->format = IMAGE_ISO;
    if (!recognise_disk(self, &disk))
        return;
    facts->hybrid = disk.table;
    facts->disk_boots_bios = disk.bios;
    facts->disk_boots_uefi = disk.uefi;
}

static void as_disk(struct recognition *self)
{
    struct image_facts *facts = self->facts;
    struct disk_facts disk = {0};
    if (!recognise_disk(self, &disk))
        return;
    facts->format = IMAGE_DISK;
    facts->boots_bios = disk.bios;
    facts->boots_uefi = disk.uefi;
    if (disk.has_label)
        recognition_label(self, disk.fat.label, sizeof disk.fat.label);
}

void recognise(uint64_t size, image_read_fn *read, void *data, struct image_facts *ret)
{
    struct recognition self = {.size = size, .read = read, .data = data, .reads_left = RECOGNISE_READS, .facts = ret};
    uint8_t head[8] = {0};
    *ret = (struct image_facts){.format = IMAGE_UNKNOWN};
    if (size < sizeof head || !recognition_read(&self, 0, head, sizeof head))
        return;
    ret->format = packed(head);
    if (ret->format != IMAGE_UNKNOWN)
        return;
    if (recognise_volume(&self))
        as_volume(&self);
    else
        as_disk(&self);
}
