/* Enough of FAT12, FAT16 and FAT32 (Microsoft's specification 1.03; ECMA-107) to know whether firmware starts from it.
 */
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/recognise_internal.h"

#define ENTRY 32
#define ATTRIBUTE_LABEL 0x08
#define ATTRIBUTE_FOLDER 0x10
#define ATTRIBUTE_LONG_NAME 0x0f
#define MAX_CHAIN 64 /* clusters of a folder that are looked at */

struct fat {
    struct recognition *recognition;
    uint64_t table, root, data; /* offsets in bytes */
    uint32_t root_size;         /* bytes; 0: the root is a chain of clusters */
    uint32_t root_cluster, cluster_size, n_clusters;
    unsigned bits;
};

struct layout {
    uint32_t sector, cluster_sectors, reserved, tables, root_entries, sectors, table_sectors, root_cluster;
    uint8_t media;
};

static struct layout layout_read(const uint8_t boot[DISK_SECTOR])
{
    struct wire_reader r = wire_reader_init(boot + 11, 64);
    struct layout l = {.sector = wire_read_le16(&r)};
    l.cluster_sectors = wire_read_u8(&r);
    l.reserved = wire_read_le16(&r);
    l.tables = wire_read_u8(&r);
    l.root_entries = wire_read_le16(&r);
    l.sectors = wire_read_le16(&r);
    l.media = wire_read_u8(&r);
    l.table_sectors = wire_read_le16(&r);
    (void)wire_read_le64(&r); /* geometry, hidden sectors */
    uint32_t sectors = wire_read_le32(&r), table_sectors = wire_read_le32(&r);
    l.sectors = l.sectors ? l.sectors : sectors;
    l.table_sectors = l.table_sectors ? l.table_sectors : table_sectors;
    (void)wire_read_le32(&r); /* flags, version */
    l.root_cluster = wire_read_le32(&r);
    return l;
}

static bool power_of_two(uint32_t n)
{
    return n && !(n & (n - 1));
}

static bool plausible(const struct layout *l)
{
    return power_of_two(l->sector) && l->sector >= 512 && l->sector <= 4096 && power_of_two(l->cluster_sectors) &&
           l->cluster_sectors <= 128 && l->reserved && l->tables >= 1 && l->tables <= 2 && l->media >= 0xf0 &&
           l->sectors && l->table_sectors;
}

static bool fat_open(struct recognition *recognition, uint64_t offset, const uint8_t boot[DISK_SECTOR], struct fat *ret,
                     uint64_t *ret_size)
{
    struct layout l = layout_read(boot);
    if (!plausible(&l))
        return false;
    uint64_t root = l.reserved + (uint64_t)l.tables * l.table_sectors; /* in sectors, as the next */
    uint64_t data = root + (l.root_entries * ENTRY + l.sector - 1) / l.sector;
    if (data >= l.sectors)
        return false;
    uint32_t clusters = (uint32_t)((l.sectors - data) / l.cluster_sectors);
    *ret = (struct fat){
        .recognition = recognition,
        .table = offset + (uint64_t)l.reserved * l.sector,
        .root = offset + root * l.sector,
        .data = offset + data * l.sector,
        .root_size = l.root_entries * ENTRY,
        .root_cluster = l.root_cluster,
        .cluster_size = l.cluster_sectors * l.sector,
        .n_clusters = clusters,
        .bits = !l.root_entries   ? 32
                : clusters < 4085 ? 12
                                  : 16,
    };
    *ret_size = (uint64_t)l.sectors * l.sector;
    return true;
}

/* 0: the chain ends, or is broken. */
static uint32_t next_cluster(struct fat *self, uint32_t cluster)
{
    uint8_t entry[4] = {0};
    uint64_t at = self->table + (uint64_t)cluster * self->bits / 8;
    if (!recognition_read(self->recognition, at, entry, self->bits == 32 ? 4 : 2))
        return 0;
    struct wire_reader r = wire_reader_init(entry, sizeof entry);
    uint32_t next = wire_read_le32(&r);
    if (self->bits == 12)
        next = cluster & 1 ? next >> 4 : next & 0xfff;
    else if (self->bits == 32)
        next &= 0x0fffffff;
    return next >= 2 && next - 2 < self->n_clusters ? next : 0;
}

/* True: found, no need to go on. */
typedef bool visit_fn(void *data, const uint8_t entry[ENTRY]);

/* True: the visitor found what it wanted, or the folder ended. */
static bool visit_range(struct fat *self, uint64_t offset, uint32_t size, visit_fn *visit, void *data)
{
    uint8_t *room = self->recognition->chunk;
    while (size) {
        uint32_t n = MIN(size, (uint32_t)4096);
        if (!recognition_read(self->recognition, offset, room, n))
            return true;
        for (uint32_t i = 0; i + ENTRY <= n; i += ENTRY)
            if (!room[i] || (room[i] != 0xe5 && visit(data, room + i)))
                return true;
        offset += n;
        size -= n;
    }
    return false;
}

/* cluster 0: the root. */
static void visit_folder(struct fat *self, uint32_t cluster, visit_fn *visit, void *data)
{
    if (!cluster && self->root_size) {
        visit_range(self, self->root, self->root_size, visit, data);
        return;
    }
    cluster = cluster ? cluster : self->root_cluster;
    for (unsigned i = 0; i < MAX_CHAIN && cluster >= 2 && cluster - 2 < self->n_clusters; i++) {
        uint64_t at = self->data + (uint64_t)(cluster - 2) * self->cluster_size;
        if (visit_range(self, at, self->cluster_size, visit, data))
            return;
        cluster = next_cluster(self, cluster);
    }
}

struct search {
    const char *name; /* of 11 characters, as FAT writes it */
    bool found;
    uint32_t cluster;
};

static bool is_folder_named(void *data, const uint8_t entry[ENTRY])
{
    struct search *search = data;
    if (entry[11] == ATTRIBUTE_LONG_NAME || !(entry[11] & ATTRIBUTE_FOLDER) || memcmp(entry, search->name, 11) != 0)
        return false;
    search->cluster = (uint32_t)(entry[26] | entry[27] << 8) | (uint32_t)(entry[20] | entry[21] << 8) << 16;
    search->found = search->cluster >= 2;
    return search->found;
}

static bool is_efi_loader(void *data, const uint8_t entry[ENTRY])
{
    bool *found = data;
    *found |= !(entry[11] & (ATTRIBUTE_FOLDER | ATTRIBUTE_LABEL)) && !memcmp(entry, "BOOT", 4) &&
              !memcmp(entry + 8, "EFI", 3);
    return *found;
}

static bool has_efi_loader(struct fat *self)
{
    struct search efi = {.name = "EFI        "}, boot = {.name = "BOOT       "};
    bool found = false;
    visit_folder(self, 0, is_folder_named, &efi);
    if (efi.found)
        visit_folder(self, efi.cluster, is_folder_named, &boot);
    if (boot.found)
        visit_folder(self, boot.cluster, is_efi_loader, &found);
    return found;
}

/* Label, and files that boot sectors look for. */
static bool look_at_root(void *data, const uint8_t entry[ENTRY])
{
    static const char systems[][12] = {"BOOTMGR    ", "NTLDR      ", "IO      SYS", "KERNEL  SYS", "LDLINUX SYS"};
    struct fat_facts *facts = data;
    if (entry[11] == ATTRIBUTE_LONG_NAME || entry[11] & ATTRIBUTE_FOLDER)
        return false;
    if (entry[11] & ATTRIBUTE_LABEL)
        memcpy(facts->label, entry, sizeof facts->label);
    for (size_t i = 0; i < ARRAY_SIZE(systems); i++)
        facts->system |= !memcmp(entry, systems[i], 11);
    return false;
}

bool recognise_fat(struct recognition *self, uint64_t offset, struct fat_facts *ret)
{
    uint8_t boot[DISK_SECTOR];
    struct fat fat;
    struct fat_facts facts = {.label = "           "};
    if (!recognition_read(self, offset, boot, sizeof boot) || !fat_open(self, offset, boot, &fat, &facts.size))
        return false;
    const uint8_t *label = boot + (fat.bits == 32 ? 71 : 43);
    if (memcmp(label, "NO NAME", 7) != 0 && label[-5] == 0x29)
        memcpy(facts.label, label, sizeof facts.label);
    bool signed_sector = boot[510] == 0x55 && boot[511] == 0xaa;
    facts.not_bootable = !signed_sector || memmem(boot + 62, DISK_SECTOR - 62, "not a bootable disk", 19) ||
                         (boot[0] != 0xeb && boot[0] != 0xe9);
    facts.efi = has_efi_loader(&fat);
    visit_folder(&fat, 0, look_at_root, &facts);
    *ret = facts;
    return true;
}
