/* The GUID partition table, UEFI 2.10 section 5.3: firmware believes it only when its two sums are right. */
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/recognise_internal.h"

#define HEADER_MIN 92
#define MAX_LOOKED_AT 16 /* partitions whose content is looked at */
#define LEGACY_BOOT 4u   /* attribute bit 2: where a BIOS's loader goes on */

struct header {
    uint32_t size, sum, n, entry_size, entries_sum;
    uint64_t entries, backup, last;
};

/* CRC-32 of ISO 3309, bit by bit: it is over a few kilobytes once an image. */
static uint32_t crc32_of(uint32_t crc, const uint8_t *bytes, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static bool header_read(uint8_t sector[DISK_SECTOR], struct header *ret)
{
    struct wire_reader r = wire_reader_init(sector + 12, DISK_SECTOR - 12);
    if (memcmp(sector, "EFI PART", 8) != 0)
        return false;
    *ret = (struct header){.size = wire_read_le32(&r)};
    ret->sum = wire_read_le32(&r);
    (void)wire_read_le32(&r);
    (void)wire_read_le64(&r); /* where it is itself */
    ret->backup = wire_read_le64(&r);
    (void)wire_read_le64(&r); /* the first sector for partitions */
    ret->last = wire_read_le64(&r);
    (void)wire_read_bytes(&r, 16); /* the disk's GUID */
    ret->entries = wire_read_le64(&r);
    ret->n = wire_read_le32(&r);
    ret->entry_size = wire_read_le32(&r);
    ret->entries_sum = wire_read_le32(&r);
    if (ret->size < HEADER_MIN || ret->size > DISK_SECTOR)
        return false;
    memset(sector + 16, 0, 4);
    return crc32_of(0, sector, ret->size) == ret->sum;
}

static bool entries_read(struct recognition *self, const struct header *header)
{
    uint64_t size = (uint64_t)header->n * header->entry_size;
    if (header->entry_size < 128 || header->entry_size % 8 || !size || size > sizeof self->chunk ||
        header->entries > self->size / DISK_SECTOR)
        return false;
    return recognition_read(self, header->entries * DISK_SECTOR, self->chunk, size) &&
           crc32_of(0, self->chunk, size) == header->entries_sum;
}

struct found {
    uint64_t offsets[MAX_LOOKED_AT];
    unsigned n;
    bool legacy_boot;
};

/* All are noted first: looking into one uses the room that the entries are in. */
static void note(const struct recognition *self, const struct header *header, struct found *ret)
{
    static const uint8_t unused[16];
    for (uint32_t i = 0; i < header->n; i++) {
        const uint8_t *entry = self->chunk + (size_t)i * header->entry_size;
        struct wire_reader r = wire_reader_init(entry + 32, 24);
        uint64_t first = wire_read_le64(&r);
        (void)wire_read_le64(&r);
        uint64_t attributes = wire_read_le64(&r);
        if (!memcmp(entry, unused, sizeof unused) || ret->n == MAX_LOOKED_AT || first > self->size / DISK_SECTOR)
            continue;
        ret->legacy_boot |= (attributes & LEGACY_BOOT) != 0;
        ret->offsets[ret->n++] = first * DISK_SECTOR;
    }
}

bool recognise_gpt(struct recognition *self, struct disk_facts *disk, bool *ret_legacy_boot)
{
    uint8_t sector[DISK_SECTOR];
    struct header header;
    struct found found = {.n = 0};
    if (!recognition_read(self, DISK_SECTOR, sector, sizeof sector) || !header_read(sector, &header) ||
        !entries_read(self, &header))
        return false;
    note(self, &header, &found);
    if (self->facts->format != IMAGE_ISO && header.last >= self->size / DISK_SECTOR)
        recognition_why(self, "shorter than its partition table says: it was not copied to its end");
    for (unsigned i = 0; i < found.n; i++) {
        struct fat_facts fat;
        if (!found.offsets[i] || !recognise_fat(self, found.offsets[i], &fat))
            continue;
        disk->uefi |= fat.efi;
        recognition_range(self, found.offsets[i], MIN(fat.size, fat.efi ? 16u << 20 : 1u << 20));
        if (!disk->has_label) {
            disk->has_label = true;
            disk->fat = fat;
        }
    }
    /* the copy of the table at the end, which firmware compares */
    uint64_t backup = (uint64_t)header.n * header.entry_size + DISK_SECTOR;
    if (self->facts->format != IMAGE_ISO && self->size > backup)
        recognition_range(self, self->size - backup, backup);
    *ret_legacy_boot = found.legacy_boot;
    return true;
}
