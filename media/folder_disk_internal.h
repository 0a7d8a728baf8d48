/* What the parts of a folder as a disk share. Built once by a thread of the pool, never changed afterwards. FAT16 or
 * FAT32: Microsoft's specification 1.03 of FAT, which also has the long names. */
#pragma once

#include <time.h>

#include "media/folder_disk.h"

#define DISK_SECTOR 512u
#define DISK_CLUSTER 4096u
#define DISK_PARTITION 2048u   /* sector in which the partition begins */
#define DISK_ROOT_ENTRIES 512u /* of FAT16 */
#define DISK_ENTRY 32u
#define DISK_DEPTH 16
#define DISK_LONG_MAX 255  /* UTF-16 units of a name */
#define DISK_LONG_UNITS 13 /* of them in one entry */

struct disk_node {
    struct disk_node *parent;
    char *name; /* in the folder, UTF-8 */
    uint8_t short_name[11];
    bool is_folder, has_long;
    unsigned depth;

    /* what a file must still be when it is read */
    dev_t dev;
    ino_t ino;
    uint32_t size;
    struct timespec modified, changed;

    uint32_t first, n_clusters;
    uint8_t *entries; /* a folder's, entries_size bytes: whole clusters, but the root of FAT16 */
    uint32_t n_entries, entries_size;
};

struct folder_disk {
    int folder_fd;
    char label[12];
    struct disk_node *nodes[1 + FOLDER_DISK_FILES]; /* [0]: the root; a folder's stand together, behind it */
    unsigned n_nodes, left_out;
    uint64_t bytes; /* of all files */

    bool fat32;
    uint32_t serial;
    uint32_t reserved, table_sectors, root_sectors, n_clusters; /* sectors, but the last */
    uint32_t used;                                              /* clusters that hold something */
    struct disk_node *order[1 + FOLDER_DISK_FILES];             /* those that have clusters, by their first */
    unsigned n_order;
};

/* folder_disk_scan.c: fills nodes. 0, or -errno with a sentence. */
int disk_scan(struct folder_disk *self, char *why, size_t why_size);
/* The file of a node as it was when it was looked at, open for reading; -errno; -EIO: another. */
int disk_open(const struct folder_disk *self, const struct disk_node *node);
bool disk_unchanged(const struct disk_node *node, int fd);

/* folder_disk_names.c. Units of a long name; < 0: FAT cannot have it. */
int disk_long_name(const char *name, uint16_t ret[DISK_LONG_MAX]);
/* As order of names that differ not only in case. */
int disk_name_compare(const char *a, const char *b);
/* Gives every node of the disk a short name that is its folder's only one. */
int disk_short_names(struct folder_disk *self);
uint8_t disk_short_sum(const uint8_t name[11]);
bool disk_label_fits(const char *label, char ret[12]);

/* folder_disk_layout.c: places everything, writes the folders. -EFBIG, -EMFILE, -ENOMEM. */
int disk_lay_out(struct folder_disk *self);
uint64_t disk_size(const struct folder_disk *self);
uint32_t disk_data_sector(const struct folder_disk *self); /* of the partition */
/* folder_disk_sectors.c: a sector that is neither a folder's nor a file's; number: of the disk. */
void disk_sector(const struct folder_disk *self, uint64_t number, uint8_t room[DISK_SECTOR]);
/* The node that holds this cluster; NULL: nobody. */
const struct disk_node *disk_node_at(const struct folder_disk *self, uint32_t cluster);
