/* Disks: an MBR's partition table, a GPT (recognise_gpt.c), a FAT file system without either, and file systems that
 * are no use to firmware but show that this is a disk.
 *
 * Whether a BIOS starts from it cannot be known, only that it will not: it needs code in the first sector; the usual
 * code needs an active partition with code of its own, and the loaders that need none are told by their names. */
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/recognise_internal.h"

#define CODE_SIZE 440
#define PARTITIONS 4
#define TYPE_GPT 0xee

struct partition {
    bool active;
    uint8_t type;
    uint64_t offset, size; /* bytes; size 0: unused */
};

struct mbr {
    bool valid, code, own_loader;
    struct partition partitions[PARTITIONS];
};

static bool has(const uint8_t *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

static bool any_byte(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return true;
    return false;
}

static bool mbr_read(const uint8_t sector[DISK_SECTOR], struct mbr *ret)
{
    *ret = (struct mbr){.valid = sector[510] == 0x55 && sector[511] == 0xaa};
    bool used = false;
    for (unsigned i = 0; i < PARTITIONS; i++) {
        const uint8_t *entry = sector + 446 + (size_t)i * 16;
        struct wire_reader r = wire_reader_init(entry + 8, 8);
        uint64_t start = wire_read_le32(&r), length = wire_read_le32(&r);
        ret->partitions[i] = (struct partition){entry[0] == 0x80, entry[4], start * DISK_SECTOR, length * DISK_SECTOR};
        ret->valid = ret->valid && !(entry[0] & 0x7f);
        used |= length > 0;
    }
    ret->valid = ret->valid && used;
    ret->code = any_byte(sector, CODE_SIZE);
    /* GRUB, isohybrid and Limine know themselves where they go on */
    ret->own_loader =
        has(sector, CODE_SIZE, "GRUB") || has(sector, CODE_SIZE, "isolinux") || has(sector, CODE_SIZE, "Limine");
    return ret->valid;
}

/* A file system that fills the disk, or none; only for what it is called. */
static bool other_file_system(struct recognition *self, const uint8_t sector[DISK_SECTOR])
{
    uint8_t super[256];
    if (!memcmp(sector + 3, "NTFS    ", 8) || !memcmp(sector + 3, "EXFAT   ", 8) || !memcmp(sector, "XFSB", 4) ||
        !memcmp(sector, "hsqs", 4))
        return true;
    if (!recognition_read(self, 1024, super, sizeof super) || super[56] != 0x53 || super[57] != 0xef)
        return false;
    recognition_label(self, super + 120, 16); /* ext2, ext3, ext4 */
    return true;
}

/* UEFI firmware leaves a table alone in which partitions that have a type overlap. */
static bool overlapping(const struct mbr *mbr)
{
    for (unsigned i = 0; i < PARTITIONS; i++)
        for (unsigned j = i + 1; j < PARTITIONS; j++) {
            const struct partition *a = &mbr->partitions[i], *b = &mbr->partitions[j];
            if (a->type && b->type && a->size && b->size && a->offset < b->offset + b->size &&
                b->offset < a->offset + a->size)
                return true;
        }
    return false;
}

static void partition_fat(struct recognition *self, const struct partition *partition, struct disk_facts *disk)
{
    struct fat_facts fat;
    if (!partition->offset || !recognise_fat(self, partition->offset, &fat))
        return;
    disk->uefi |= fat.efi;
    recognition_range(self, partition->offset, MIN(fat.size, fat.efi ? 16u << 20 : 1u << 20));
    if (!disk->has_label) {
        disk->has_label = true;
        disk->fat = fat;
    }
}

static bool active_starts(struct recognition *self, const struct mbr *mbr)
{
    for (unsigned i = 0; i < PARTITIONS; i++) {
        const struct partition *partition = &mbr->partitions[i];
        uint8_t boot[DISK_SECTOR];
        if (!partition->active || !partition->size || !recognition_read(self, partition->offset, boot, sizeof boot))
            continue;
        recognition_range(self, partition->offset, 1u << 20);
        if (boot[510] == 0x55 && boot[511] == 0xaa && any_byte(boot, CODE_SIZE) &&
            !has(boot, DISK_SECTOR, "not a bootable disk"))
            return true;
    }
    return false;
}

static void check_ends(struct recognition *self, const struct mbr *mbr)
{
    for (unsigned i = 0; i < PARTITIONS; i++) {
        const struct partition *partition = &mbr->partitions[i];
        /* the one that guards a GPT may claim all that its maker could count */
        if (partition->type != TYPE_GPT && partition->size && partition->offset + partition->size > self->size)
            recognition_why(self, "shorter than its partition table says: it was not copied to its end");
    }
}

static void partitions(struct recognition *self, const struct mbr *mbr, struct disk_facts *ret)
{
    bool legacy_boot = false;
    ret->table = true;
    if (self->facts->format != IMAGE_ISO) {
        check_ends(self, mbr);
        recognition_range(self, 0, 1u << 20);
    }
    if (!recognise_gpt(self, ret, &legacy_boot) && !overlapping(mbr))
        for (unsigned i = 0; i < PARTITIONS; i++)
            if (mbr->partitions[i].type && mbr->partitions[i].size)
                partition_fat(self, &mbr->partitions[i], ret);
    ret->bios = mbr->code && (mbr->own_loader || legacy_boot || active_starts(self, mbr));
}

bool recognise_disk(struct recognition *self, struct disk_facts *ret)
{
    uint8_t sector[DISK_SECTOR];
    struct mbr mbr;
    *ret = (struct disk_facts){.table = false};
    if (!recognition_read(self, 0, sector, sizeof sector))
        return false;
    bool volume = self->facts->format == IMAGE_ISO;
    if (!volume && recognise_fat(self, 0, &ret->fat)) {
        ret->has_label = true;
        ret->uefi = ret->fat.efi;
        ret->bios = !ret->fat.not_bootable && ret->fat.system;
        recognition_range(self, 0, MIN(ret->fat.size, 16u << 20));
        if (ret->fat.size > self->size)
            recognition_why(self, "shorter than its file system says: it was not copied to its end");
        return true;
    }
    if (mbr_read(sector, &mbr)) {
        partitions(self, &mbr, ret);
        return true;
    }
    return !volume && other_file_system(self, sector);
}
