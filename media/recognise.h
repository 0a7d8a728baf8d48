/* What an image is, told from its bytes once, on arrival, before any target could write to it; and what firmware will
 * see of it. ECMA-119 (ISO 9660), El Torito 1.0, ECMA-167 volume recognition (UDF), UEFI 2.10 section 5 (GPT), MBR,
 * FAT. Pure: the caller brings the bytes; a hostile image costs a bounded number of reads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum image_format {
    IMAGE_UNKNOWN, /* served as a raw disk */
    IMAGE_ISO,
    IMAGE_DISK, /* has a partition table or a file system of its own */
    IMAGE_GZIP, /* compressed: unpacked on arrival */
    IMAGE_XZ,
    IMAGE_ZSTD,
    IMAGE_FOLDER, /* of the library, as a FAT disk */
};
const char *image_format_name(enum image_format format); /* "unknown", "iso", "disk", "gzip", "xz", "zstd", "folder" */
bool image_format_parse(const char *word, enum image_format *ret);

#define RECOGNISE_RANGES 16

struct image_range {
    uint64_t offset, size;
};

struct image_facts {
    enum image_format format;
    bool boots_bios, boots_uefi;           /* as a CD for IMAGE_ISO, else as a disk */
    bool hybrid;                           /* an ISO that is a disk as well (isohybrid) */
    bool disk_boots_bios, disk_boots_uefi; /* of a hybrid, inserted as a disk */
    bool udf;
    char label[128];                             /* UTF-8, without control characters; "" none */
    char why[128];                               /* what is broken: "shorter than its file system says"; "" nothing */
    struct image_range ranges[RECOGNISE_RANGES]; /* what firmware reads first, in order; for copies in the background */
    unsigned n_ranges;
};

/* Reads size bytes at offset into room; false: they cannot be read. */
typedef bool image_read_fn(void *data, uint64_t offset, void *room, size_t size);
void recognise(uint64_t size, image_read_fn *read, void *data, struct image_facts *ret);

/* What the firmware will see, one sentence: "A CD that BIOS and UEFI machines start from." */
void recognise_words(const struct image_facts *facts, bool as_disk, char *room, size_t size);
