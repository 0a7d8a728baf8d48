/* The volume descriptors of a CD or DVD: ECMA-119 8.1 to 8.5 (ISO 9660, the supplementary one of Joliet), El Torito 2.0
 * (boot record) and ECMA-167 2/9 (the recognition sequence of UDF), which stand side by side from sector 16 on. */
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/recognise_internal.h"

#define FIRST_DESCRIPTOR 16
#define MAX_DESCRIPTORS 24
#define LABEL_AT 40
#define LABEL_SIZE 32
#define JOLIET_LABEL_MAX 16 /* characters: a longer one is cut, so the primary's says more */

struct volumes {
    bool iso, udf, torito, joliet;
    uint32_t catalogue; /* sector */
    uint64_t space;     /* bytes that the primary volume takes */
    uint32_t path_table, path_table_size;
    uint8_t label[LABEL_SIZE], joliet_label[LABEL_SIZE];
    uint8_t root[34], joliet_root[34];
};

static struct wire_reader at(const uint8_t sector[ISO_SECTOR], size_t offset)
{
    return wire_reader_init(sector + offset, ISO_SECTOR - offset);
}

static void primary(struct volumes *ret, const uint8_t sector[ISO_SECTOR])
{
    struct wire_reader r = at(sector, 80);
    if (ret->iso)
        return;
    ret->iso = true;
    ret->space = (uint64_t)wire_read_le32(&r) * ISO_SECTOR;
    r = at(sector, 132);
    ret->path_table_size = wire_read_le32(&r);
    (void)wire_read_le32(&r); /* the same, the other way round */
    ret->path_table = wire_read_le32(&r);
    memcpy(ret->label, sector + LABEL_AT, LABEL_SIZE);
    memcpy(ret->root, sector + 156, sizeof ret->root);
}

/* A supplementary descriptor is Joliet's when it names a level of UCS-2 as its character set. */
static void supplementary(struct volumes *ret, const uint8_t sector[ISO_SECTOR])
{
    const uint8_t *escape = sector + 88;
    if (ret->joliet || escape[0] != 0x25 || escape[1] != 0x2f ||
        (escape[2] != 0x40 && escape[2] != 0x43 && escape[2] != 0x45))
        return;
    ret->joliet = true;
    memcpy(ret->joliet_label, sector + LABEL_AT, LABEL_SIZE);
    memcpy(ret->joliet_root, sector + 156, sizeof ret->joliet_root);
}

static void boot_record(struct volumes *ret, const uint8_t sector[ISO_SECTOR])
{
    static const char id[32] = "EL TORITO SPECIFICATION";
    struct wire_reader r = at(sector, 0x47);
    if (ret->torito || memcmp(sector + 7, id, 23) != 0)
        return;
    ret->torito = true;
    ret->catalogue = wire_read_le32(&r);
}

/* False: the sequence ends here. */
static bool descriptor(struct volumes *ret, const uint8_t sector[ISO_SECTOR])
{
    const char *id = (const char *)sector + 1;
    if (!memcmp(id, "NSR02", 5) || !memcmp(id, "NSR03", 5)) {
        ret->udf = true;
        return true;
    }
    if (!memcmp(id, "BEA01", 5) || !memcmp(id, "TEA01", 5) || !memcmp(id, "BOOT2", 5))
        return true;
    if (memcmp(id, "CD001", 5) != 0)
        return false;
    if (sector[0] == 0)
        boot_record(ret, sector);
    else if (sector[0] == 1)
        primary(ret, sector);
    else if (sector[0] == 2)
        supplementary(ret, sector);
    return true; /* also after the terminator (255): UDF's come behind it */
}

static unsigned scan(struct recognition *self, struct volumes *ret)
{
    uint8_t *sector = self->chunk;
    unsigned i = 0;
    while (i < MAX_DESCRIPTORS &&
           recognition_read(self, (uint64_t)(FIRST_DESCRIPTOR + i) * ISO_SECTOR, sector, ISO_SECTOR) &&
           descriptor(ret, sector))
        i++;
    return i;
}

static void labels(struct recognition *self, const struct volumes *volumes)
{
    if (volumes->iso)
        recognition_label(self, volumes->label, LABEL_SIZE);
    if (volumes->joliet && strlen(self->facts->label) <= JOLIET_LABEL_MAX)
        recognition_label_utf16be(self, volumes->joliet_label, LABEL_SIZE);
}

static void directory_range(struct recognition *self, const uint8_t record[34])
{
    struct wire_reader r = wire_reader_init(record + 2, 32);
    uint64_t offset = (uint64_t)wire_read_le32(&r) * ISO_SECTOR;
    (void)wire_read_le32(&r);
    recognition_range(self, offset, MIN(wire_read_le32(&r), 1u << 20));
}

bool recognise_volume(struct recognition *self)
{
    struct volumes volumes = {.iso = false};
    unsigned n = scan(self, &volumes);
    if (!volumes.iso && !volumes.udf)
        return false;
    recognition_range(self, 0, (uint64_t)(FIRST_DESCRIPTOR + n) * ISO_SECTOR);
    labels(self, &volumes);
    if (volumes.iso && volumes.space > self->size)
        recognition_why(self, "shorter than its file system says: it was not copied to its end");
    if (volumes.torito)
        recognise_torito(self, volumes.catalogue);
    self->facts->udf = volumes.udf;
    if (volumes.udf)
        recognise_udf(self);
    if (volumes.iso) {
        recognition_range(self, (uint64_t)volumes.path_table * ISO_SECTOR, MIN(volumes.path_table_size, 1u << 20));
        directory_range(self, volumes.root);
        if (volumes.joliet)
            directory_range(self, volumes.joliet_root);
        recognise_tree(self, volumes.root);
    }
    return true;
}
