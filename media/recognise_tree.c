/* Which files of an ISO the boot loader is going to read: those of /boot, /isolinux, /EFI and their like, and kernels
 * and initial RAM disks wherever the known installers keep them. Directory records: ECMA-119 9.1. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/recognise_internal.h"

#define MAX_EXTENTS 256
#define MAX_FOLDERS 48
#define MAX_DEPTH 4
#define FOLDER_BYTES 65536u      /* looked at, of each folder */
#define SMALL_FILE (4u << 20)    /* modules, fonts, menus, loaders */
#define KERNEL_FILE (160u << 20) /* kernels, initial RAM disks, boot.wim is left to what the target reads */
#define ALL_FILES (256u << 20)
#define NEAR (256u << 10) /* between files: read along rather than skipped */

struct folder {
    uint64_t offset;
    uint32_t size;
    uint8_t depth;
};

struct tree {
    struct recognition *recognition;
    struct folder folders[MAX_FOLDERS]; /* a queue */
    unsigned n_folders;
    struct image_range extents[MAX_EXTENTS];
    unsigned n_extents;
    uint64_t total;
};

struct record {
    uint64_t offset;
    uint32_t size;
    bool folder;
    char name[32]; /* cut; "" for the folder itself and the one above */
};

static bool begins(const char *name, const char *with)
{
    return !strncasecmp(name, with, strlen(with));
}

static bool any(const char *name, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (begins(name, words[i]))
            return true;
    return false;
}

static bool boot_folder(const char *name)
{
    static const char *const words[] = {"BOOT", "ISOLINUX", "SYSLINUX", "EFI",  "CASPER",
                                        "LIVE", "INSTALL",  "IMAGES",   "ARCH", "LOADER"};
    return any(name, words, ARRAY_SIZE(words));
}

static bool kernel(const char *name)
{
    static const char *const words[] = {"VMLINUZ", "INITRD", "INITRAMFS", "LINUX", "BZIMAGE", "KERNEL"};
    return any(name, words, ARRAY_SIZE(words));
}

/* The record at the start of `bytes`; 0: there is none up to the end of this sector. Returns its length. */
static size_t record_read(const uint8_t *bytes, size_t size, struct record *ret)
{
    size_t length = size ? bytes[0] : 0;
    if (length < 34 || length > size || bytes[32] > length - 33)
        return 0;
    struct wire_reader r = wire_reader_init(bytes + 2, 16);
    *ret = (struct record){.offset = (uint64_t)wire_read_le32(&r) * ISO_SECTOR, .folder = bytes[25] & 2};
    (void)wire_read_le32(&r);
    ret->size = wire_read_le32(&r);
    size_t n = MIN((size_t)bytes[32], sizeof ret->name - 1);
    if (bytes[33] > 1)
        memcpy(ret->name, bytes + 33, n);
    return length;
}

static void add_folder(struct tree *self, const struct record *record, unsigned depth)
{
    if (self->n_folders < MAX_FOLDERS && depth < MAX_DEPTH)
        self->folders[self->n_folders++] = (struct folder){record->offset, record->size, (uint8_t)depth};
}

static void add_file(struct tree *self, const struct record *record)
{
    uint32_t most = kernel(record->name) ? KERNEL_FILE : SMALL_FILE;
    if (!record->size || record->size > most || self->n_extents == MAX_EXTENTS ||
        self->total + record->size > ALL_FILES)
        return;
    self->total += record->size;
    self->extents[self->n_extents++] = (struct image_range){record->offset, record->size};
}

static void visit(struct tree *self, const struct record *record, unsigned depth)
{
    if (!record->name[0])
        return;
    if (record->folder && (depth > 0 || boot_folder(record->name)))
        add_folder(self, record, depth + 1);
    else if (!record->folder && (depth > 0 || kernel(record->name)))
        add_file(self, record);
}

/* Records do not cross sectors. */
static void visit_sector(struct tree *self, const uint8_t sector[ISO_SECTOR], unsigned depth)
{
    struct record record;
    size_t at = 0, n;
    while ((n = record_read(sector + at, ISO_SECTOR - at, &record)) > 0) {
        visit(self, &record, depth);
        at += n;
    }
}

static void visit_folder(struct tree *self, const struct folder *folder)
{
    struct recognition *recognition = self->recognition;
    uint32_t size = MIN(folder->size, FOLDER_BYTES) / ISO_SECTOR * ISO_SECTOR;
    recognition_range(recognition, folder->offset, size);
    for (uint32_t at = 0, n; at < size; at += n) {
        n = MIN(size - at, (uint32_t)sizeof recognition->chunk);
        if (!recognition_read(recognition, folder->offset + at, recognition->chunk, n))
            return;
        for (uint32_t i = 0; i < n; i += ISO_SECTOR)
            visit_sector(self, recognition->chunk + i, folder->depth);
    }
}

static int by_offset(const void *a, const void *b)
{
    uint64_t x = ((const struct image_range *)a)->offset, y = ((const struct image_range *)b)->offset;
    return (x > y) - (x < y);
}

/* Files that lie near each other become one range. */
static void merge(struct tree *self)
{
    unsigned n = 0;
    qsort(self->extents, self->n_extents, sizeof *self->extents, by_offset);
    for (unsigned i = 0; i < self->n_extents; i++) {
        const struct image_range *next = &self->extents[i];
        struct image_range *last = n ? &self->extents[n - 1] : NULL;
        if (last && next->offset <= last->offset + last->size + NEAR)
            last->size = MAX(last->offset + last->size, next->offset + next->size) - last->offset;
        else
            self->extents[n++] = *next;
    }
    self->n_extents = n;
}

void recognise_tree(struct recognition *self, const uint8_t root[34])
{
    struct record record;
    struct tree *tree = calloc(1, sizeof *tree);
    if (!tree)
        return; /* only ranges are lost */
    tree->recognition = self;
    if (record_read(root, 34, &record))
        add_folder(tree, &record, 0);
    for (unsigned i = 0; i < tree->n_folders; i++) /* the queue grows meanwhile */
        visit_folder(tree, &tree->folders[i]);
    merge(tree);
    for (unsigned i = 0; i < tree->n_extents; i++)
        recognition_range(self, tree->extents[i].offset, tree->extents[i].size);
    free(tree);
}
