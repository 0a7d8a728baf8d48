/* What the parts of recognise share: bounded reading and the answer that grows. Each part takes the recognition first.
 */
#pragma once

#include "media/recognise.h"

/* All reads of one image together. A normal installer takes 30 to 150. */
#define RECOGNISE_READS 640
#define ISO_SECTOR 2048u
#define DISK_SECTOR 512u

struct recognition {
    uint64_t size;
    image_read_fn *read;
    void *data;
    unsigned reads_left;
    struct image_facts *facts;
    uint8_t chunk[32768]; /* of the part that is reading; a part that calls another no longer needs it */
};

/* False: outside the image, unreadable, or too much was read already. */
bool recognition_read(struct recognition *self, uint64_t offset, void *room, size_t size);
/* The first one counts. */
void recognition_why(struct recognition *self, const char *why);
/* Cut to the image; one that touches a range noted before widens that one. Beyond RECOGNISE_RANGES: nothing. */
void recognition_range(struct recognition *self, uint64_t offset, uint64_t size);

/* recognise_label.c: without the blanks at the end; what is no text becomes '?'. Empty ones change nothing. */
void recognition_label(struct recognition *self, const uint8_t *bytes, size_t size);
void recognition_label_utf16be(struct recognition *self, const uint8_t *bytes, size_t size);

/* recognise_volume.c: ISO 9660 and UDF volume recognition; false: neither. */
bool recognise_volume(struct recognition *self);
/* recognise_udf.c: label, and whether the partition is all there. */
void recognise_udf(struct recognition *self);
/* recognise_torito.c: El Torito boot catalogue in this sector. */
void recognise_torito(struct recognition *self, uint32_t sector);
/* recognise_tree.c: ranges of the files of an ISO that boot loaders read. root: the directory record of the root. */
void recognise_tree(struct recognition *self, const uint8_t root[34]);

/* recognise_fat.c: what stands in a FAT file system that begins at `offset`; false: there is none. */
struct fat_facts {
    bool efi;          /* has /EFI/BOOT/BOOT*.EFI, which is what UEFI starts from a medium that it does not know */
    bool system;       /* the root has a file that this file system's boot code loads */
    bool not_bootable; /* its boot code says so, or there is none */
    uint64_t size;     /* bytes */
    uint8_t label[11]; /* blanks: none */
};
bool recognise_fat(struct recognition *self, uint64_t offset, struct fat_facts *ret);

/* recognise_disk.c: partition tables and file systems; false: nothing that is known. */
struct disk_facts {
    bool table; /* has partitions */
    bool bios, uefi;
    bool has_label;
    struct fat_facts fat; /* has_label: whose label it is */
};
bool recognise_disk(struct recognition *self, struct disk_facts *ret);
/* recognise_gpt.c: false: no valid table (then an MBR table counts). */
bool recognise_gpt(struct recognition *self, struct disk_facts *disk, bool *ret_legacy_boot);
