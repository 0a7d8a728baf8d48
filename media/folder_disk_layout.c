/* Where everything stands, and the entries of the folders. Files and folders lie in one piece each, one after the
 * other, so that the table of clusters follows from the list of nodes. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/folder_disk_internal.h"

#define FOLDER_ENTRIES_MAX 65536u
#define ATTRIBUTE_READ_ONLY 0x01
#define ATTRIBUTE_LABEL 0x08
#define ATTRIBUTE_FOLDER 0x10
#define ATTRIBUTE_ARCHIVE 0x20
#define ATTRIBUTE_LONG_NAME 0x0f
/* The number of clusters tells the kind (4085 and 65525 are the limits); the specification asks to stay away from them,
 * because others counted wrongly. */
#define FAT16_LEAST 4200u
#define FAT16_MOST 65400u
#define FAT32_LEAST 65600u

static unsigned long_entries(const struct disk_node *node)
{
    uint16_t units[DISK_LONG_MAX];
    int n = node->has_long ? disk_long_name(node->name, units) : 0;
    return ((unsigned)MAX(n, 0) + DISK_LONG_UNITS - 1) / DISK_LONG_UNITS;
}

static int count_entries(struct folder_disk *self)
{
    for (unsigned i = 0; i < self->n_nodes; i++) {
        struct disk_node *node = self->nodes[i];
        if (node->is_folder)
            node->n_entries = node->parent ? 2 : 1; /* "." and ".."; the label */
        if (!node->parent)
            continue;
        node->parent->n_entries += 1 + long_entries(node);
        if (node->parent->n_entries > FOLDER_ENTRIES_MAX)
            return -EMFILE;
    }
    return 0;
}

static uint32_t clusters_for(uint64_t bytes)
{
    return (uint32_t)((bytes + DISK_CLUSTER - 1) / DISK_CLUSTER);
}

static uint32_t sum_clusters(const struct folder_disk *self)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < self->n_nodes; i++) {
        const struct disk_node *node = self->nodes[i];
        sum += clusters_for(node->is_folder ? (uint64_t)node->n_entries * DISK_ENTRY : node->size);
    }
    return sum;
}

static void place(struct folder_disk *self)
{
    uint32_t next = 2;
    for (unsigned i = 0; i < self->n_nodes; i++) {
        struct disk_node *node = self->nodes[i];
        bool fixed_root = !node->parent && !self->fat32;
        uint64_t bytes = node->is_folder ? (uint64_t)node->n_entries * DISK_ENTRY : node->size;
        node->n_clusters = fixed_root ? 0 : clusters_for(bytes);
        node->first = node->n_clusters ? next : 0;
        if (node->is_folder)
            node->entries_size = fixed_root ? DISK_ROOT_ENTRIES * DISK_ENTRY : node->n_clusters * DISK_CLUSTER;
        if (node->n_clusters)
            self->order[self->n_order++] = node;
        next += node->n_clusters;
    }
    self->used = next - 2;
}

/* Clusters begin at a multiple of their size on the disk. */
static void choose(struct folder_disk *self)
{
    uint32_t clusters = sum_clusters(self);
    self->fat32 = clusters > FAT16_MOST || self->nodes[0]->n_entries > DISK_ROOT_ENTRIES;
    self->n_clusters = MAX(clusters, self->fat32 ? FAT32_LEAST : FAT16_LEAST);
    self->table_sectors = ((self->n_clusters + 2) * (self->fat32 ? 4 : 2) + DISK_SECTOR - 1) / DISK_SECTOR;
    self->root_sectors = self->fat32 ? 0 : DISK_ROOT_ENTRIES * DISK_ENTRY / DISK_SECTOR;
    self->reserved = self->fat32 ? 32 : 8;
    while ((self->reserved + 2 * self->table_sectors + self->root_sectors) % (DISK_CLUSTER / DISK_SECTOR))
        self->reserved++;
}

static void write_time(struct wire_writer *w, const struct timespec *time)
{
    struct tm tm;
    uint16_t day = 1 << 5 | 1, second = 0; /* 1 January 1980, the first that FAT knows */
    if (gmtime_r(&time->tv_sec, &tm) && tm.tm_year >= 80 && tm.tm_year < 80 + 128) {
        day = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
        second = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | MIN(tm.tm_sec, 59) / 2);
    }
    wire_write_le16(w, second);
    wire_write_le16(w, day);
}

static void write_entry(struct wire_writer *w, const void *name, uint8_t attributes, const struct timespec *time,
                        uint32_t cluster, uint32_t size)
{
    uint8_t stamp[4];
    struct wire_writer s = wire_writer_init(stamp, sizeof stamp);
    write_time(&s, time);
    wire_write_bytes(w, name, 11);
    wire_write_u8(w, attributes);
    wire_write_le16(w, 0);
    wire_write_bytes(w, stamp, 4);     /* made */
    wire_write_bytes(w, stamp + 2, 2); /* read */
    wire_write_le16(w, (uint16_t)(cluster >> 16));
    wire_write_bytes(w, stamp, 4); /* changed */
    wire_write_le16(w, (uint16_t)cluster);
    wire_write_le32(w, size);
}

/* The last part stands first; behind the name's end 0, then 0xffff. */
static void write_long(struct wire_writer *w, const struct disk_node *node)
{
    uint16_t units[DISK_LONG_MAX + DISK_LONG_UNITS];
    memset(units, 0xff, sizeof units);
    int length = disk_long_name(node->name, units);
    if (length < 0)
        return;
    units[length] = 0;
    unsigned n = long_entries(node);
    for (unsigned i = n; i-- > 0;) {
        const uint16_t *part = units + (size_t)i * DISK_LONG_UNITS;
        wire_write_u8(w, (uint8_t)((i + 1) | (i + 1 == n ? 0x40 : 0)));
        for (int k = 0; k < DISK_LONG_UNITS; k++) {
            if (k == 5) {
                wire_write_u8(w, ATTRIBUTE_LONG_NAME);
                wire_write_u8(w, 0);
                wire_write_u8(w, disk_short_sum(node->short_name));
            }
            if (k == 11)
                wire_write_le16(w, 0);
            wire_write_le16(w, part[k]);
        }
    }
}

static void begin_folder(const struct folder_disk *self, const struct disk_node *node, struct wire_writer *w)
{
    if (!node->parent) {
        write_entry(w, self->label, ATTRIBUTE_LABEL, &node->modified, 0, 0);
        return;
    }
    /* the root is 0 here, also where it has clusters */
    uint32_t above = node->parent->parent ? node->parent->first : 0;
    write_entry(w, ".          ", ATTRIBUTE_FOLDER, &node->modified, node->first, 0);
    write_entry(w, "..         ", ATTRIBUTE_FOLDER, &node->modified, above, 0);
}

static int begin_folders(struct folder_disk *self)
{
    for (unsigned i = 0; i < self->n_nodes; i++) {
        struct disk_node *node = self->nodes[i];
        if (!node->is_folder)
            continue;
        assert(node->entries_size >= DISK_CLUSTER);
        if (!(node->entries = calloc(1, node->entries_size)))
            return -ENOMEM;
        struct wire_writer w = wire_writer_init(node->entries, node->entries_size);
        begin_folder(self, node, &w);
    }
    return 0;
}

/* The nodes of one folder stand together: one writer moves along. */
static void write_nodes(struct folder_disk *self)
{
    const struct disk_node *folder = NULL;
    struct wire_writer w = {.left = 0};
    for (unsigned i = 1; i < self->n_nodes; i++) {
        const struct disk_node *node = self->nodes[i];
        if (node->parent != folder) {
            folder = node->parent;
            size_t at = (folder->parent ? 2 : 1) * DISK_ENTRY;
            w = wire_writer_init(folder->entries + at, folder->entries_size - at);
        }
        if (node->has_long)
            write_long(&w, node);
        uint8_t attributes = node->is_folder ? ATTRIBUTE_FOLDER : ATTRIBUTE_READ_ONLY | ATTRIBUTE_ARCHIVE;
        write_entry(&w, node->short_name, attributes, &node->modified, node->first, node->size);
    }
}

int disk_lay_out(struct folder_disk *self)
{
    int r = count_entries(self);
    if (r < 0)
        return r;
    choose(self);
    place(self);
    r = begin_folders(self);
    if (r == 0)
        write_nodes(self);
    return r;
}

uint32_t disk_data_sector(const struct folder_disk *self)
{
    return self->reserved + 2 * self->table_sectors + self->root_sectors;
}

uint64_t disk_size(const struct folder_disk *self)
{
    return ((uint64_t)DISK_PARTITION + disk_data_sector(self)) * DISK_SECTOR +
           (uint64_t)self->n_clusters * DISK_CLUSTER;
}
