/* The sectors that are neither a folder's nor a file's: MBR, boot sector, the two tables of clusters. Made when they
 * are read. */
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/folder_disk_internal.h"

#define TYPE_FAT16 0x0e
#define TYPE_FAT32 0x0c
#define MEDIA 0xf8
#define FAT32_INFO 1 /* sectors of the partition */
#define FAT32_BACKUP 6

/* Asks the BIOS for the next device to boot from, and stops should it come back. */
static const uint8_t next_device[] = {0xcd, 0x18, 0xf4, 0xeb, 0xfd};

static uint32_t partition_sectors(const struct folder_disk *self)
{
    return (uint32_t)(disk_size(self) / DISK_SECTOR - DISK_PARTITION);
}

static void sign(uint8_t room[DISK_SECTOR])
{
    room[510] = 0x55;
    room[511] = 0xaa;
}

/* Cylinder, head and sector of a disk with 255 heads and 63 sectors, in three bytes; the last one when it is beyond. */
static void write_chs(struct wire_writer *w, uint32_t sector)
{
    uint32_t cylinder = sector / (255 * 63);
    if (cylinder > 1023) {
        wire_write_bytes(w, "\xfe\xff\xff", 3);
        return;
    }
    wire_write_u8(w, (uint8_t)(sector / 63 % 255));
    wire_write_u8(w, (uint8_t)(cylinder >> 2 & 0xc0) | (uint8_t)(sector % 63 + 1));
    wire_write_u8(w, (uint8_t)cylinder);
}

static void mbr(const struct folder_disk *self, uint8_t room[DISK_SECTOR])
{
    struct wire_writer w = wire_writer_init(room + 440, DISK_SECTOR - 440);
    memcpy(room, next_device, sizeof next_device);
    wire_write_le32(&w, self->serial);
    wire_write_le16(&w, 0);
    wire_write_u8(&w, 0); /* not active */
    write_chs(&w, DISK_PARTITION);
    wire_write_u8(&w, self->fat32 ? TYPE_FAT32 : TYPE_FAT16);
    write_chs(&w, DISK_PARTITION + partition_sectors(self) - 1);
    wire_write_le32(&w, DISK_PARTITION);
    wire_write_le32(&w, partition_sectors(self));
    sign(room);
}

static void boot_sector(const struct folder_disk *self, uint8_t room[DISK_SECTOR])
{
    struct wire_writer w = wire_writer_init(room, DISK_SECTOR);
    uint32_t sectors = partition_sectors(self);
    bool small = !self->fat32 && sectors < 65536;
    wire_write_bytes(&w, self->fat32 ? "\xeb\x58\x90" : "\xeb\x3c\x90", 3);
    wire_write_bytes(&w, "MSWIN4.1", 8); /* what the specification asks for */
    wire_write_le16(&w, DISK_SECTOR);
    wire_write_u8(&w, DISK_CLUSTER / DISK_SECTOR);
    wire_write_le16(&w, (uint16_t)self->reserved);
    wire_write_u8(&w, 2);
    wire_write_le16(&w, self->fat32 ? 0 : DISK_ROOT_ENTRIES);
    wire_write_le16(&w, small ? (uint16_t)sectors : 0);
    wire_write_u8(&w, MEDIA);
    wire_write_le16(&w, self->fat32 ? 0 : (uint16_t)self->table_sectors);
    wire_write_le16(&w, 63);
    wire_write_le16(&w, 255);
    wire_write_le32(&w, DISK_PARTITION);
    wire_write_le32(&w, small ? 0 : sectors);
    if (self->fat32) {
        wire_write_le32(&w, self->table_sectors);
        wire_write_le32(&w, 0); /* both tables count; version 0 */
        wire_write_le32(&w, self->nodes[0]->first);
        wire_write_le16(&w, FAT32_INFO);
        wire_write_le16(&w, FAT32_BACKUP);
        (void)wire_write_room(&w, 12);
    }
    wire_write_u8(&w, 0x80);
    wire_write_u8(&w, 0);
    wire_write_u8(&w, 0x29);
    wire_write_le32(&w, self->serial);
    wire_write_bytes(&w, self->label, 11);
    wire_write_bytes(&w, self->fat32 ? "FAT32   " : "FAT16   ", 8);
    wire_write_bytes(&w, next_device, sizeof next_device);
    sign(room);
}

static void info_sector(const struct folder_disk *self, uint8_t room[DISK_SECTOR])
{
    struct wire_writer w = wire_writer_init(room, DISK_SECTOR);
    wire_write_bytes(&w, "RRaA", 4);
    (void)wire_write_room(&w, 480);
    wire_write_bytes(&w, "rrAa", 4);
    wire_write_le32(&w, self->n_clusters - self->used);
    wire_write_le32(&w, self->used + 2 < self->n_clusters + 2 ? self->used + 2 : 0xffffffffu);
    sign(room);
}

const struct disk_node *disk_node_at(const struct folder_disk *self, uint32_t cluster)
{
    unsigned low = 0, high = self->n_order;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const struct disk_node *node = self->order[middle];
        if (cluster < node->first)
            high = middle;
        else if (cluster - node->first >= node->n_clusters)
            low = middle + 1;
        else
            return node;
    }
    return NULL;
}

/* What the table says of a cluster: where it goes on, that it is the last, or that it is free. */
static uint32_t table_entry(const struct folder_disk *self, uint32_t cluster)
{
    uint32_t last = self->fat32 ? 0x0fffffffu : 0xffffu;
    if (cluster == 0)
        return (last & ~0xffu) | MEDIA;
    if (cluster == 1)
        return last;
    const struct disk_node *node = disk_node_at(self, cluster);
    if (!node)
        return 0;
    return cluster + 1 < node->first + node->n_clusters ? cluster + 1 : last;
}

static void table_sector(const struct folder_disk *self, uint32_t number, uint8_t room[DISK_SECTOR])
{
    struct wire_writer w = wire_writer_init(room, DISK_SECTOR);
    uint32_t size = self->fat32 ? 4 : 2, first = number * (DISK_SECTOR / size);
    for (uint32_t i = 0; i < DISK_SECTOR / size && first + i < self->n_clusters + 2; i++)
        if (self->fat32)
            wire_write_le32(&w, table_entry(self, first + i));
        else
            wire_write_le16(&w, (uint16_t)table_entry(self, first + i));
}

void disk_sector(const struct folder_disk *self, uint64_t number, uint8_t room[DISK_SECTOR])
{
    memset(room, 0, DISK_SECTOR);
    if (number == 0)
        mbr(self, room);
    if (number < DISK_PARTITION)
        return;
    uint32_t sector = (uint32_t)(number - DISK_PARTITION);
    if (sector == 0 || (self->fat32 && sector == FAT32_BACKUP))
        boot_sector(self, room);
    else if (self->fat32 && (sector == FAT32_INFO || sector == FAT32_BACKUP + 1))
        info_sector(self, room);
    else if (sector >= self->reserved && sector < self->reserved + 2 * self->table_sectors)
        table_sector(self, (sector - self->reserved) % self->table_sectors, room);
}
