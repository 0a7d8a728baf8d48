/* The boot catalogue of El Torito 1.0 section 2. What real firmware does with it counts: BIOSes start the default entry
 * when the catalogue's platform is x86; UEFI firmware takes each entry without emulation that holds a FAT file system
 * with a loader in it, whatever the entry's platform. */
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/recognise_internal.h"

#define ENTRY 32
#define ENTRIES (ISO_SECTOR / ENTRY)
#define PLATFORM_X86 0
#define BOOTABLE 0x88
#define MAX_IMAGES 8

enum emulation { NONE, FLOPPY_1200, FLOPPY_1440, FLOPPY_2880, HARD_DISK };

struct boot_entry {
    bool bootable;
    uint8_t emulation;
    uint64_t offset; /* bytes */
    uint32_t load;   /* bytes that the firmware itself loads */
};

static struct boot_entry entry_at(const uint8_t *entry)
{
    struct wire_reader r = wire_reader_init(entry + 6, ENTRY - 6);
    struct boot_entry ret = {.bootable = entry[0] == BOOTABLE, .emulation = entry[1] & 0xf};
    ret.load = (uint32_t)wire_read_le16(&r) * DISK_SECTOR;
    ret.offset = (uint64_t)wire_read_le32(&r) * ISO_SECTOR;
    return ret;
}

static bool valid(const uint8_t *entry)
{
    uint16_t sum = 0;
    for (int i = 0; i < ENTRY; i += 2)
        sum = (uint16_t)(sum + (entry[i] | entry[i + 1] << 8));
    return entry[0] == 1 && entry[30] == 0x55 && entry[31] == 0xaa && sum == 0;
}

/* The loader may load the rest of itself: its table of boot information (as mkisofs writes it for isolinux and GRUB)
 * says how long it is. */
static uint64_t loader_size(struct recognition *self, const struct boot_entry *entry)
{
    uint8_t head[64];
    if (!recognition_read(self, entry->offset, head, sizeof head))
        return entry->load;
    struct wire_reader r = wire_reader_init(head + 12, 8);
    uint64_t own = (uint64_t)wire_read_le32(&r) * ISO_SECTOR;
    uint32_t length = wire_read_le32(&r);
    return own == entry->offset ? MAX(entry->load, MIN(length, 16u << 20)) : entry->load;
}

static uint64_t emulated_size(enum emulation emulation)
{
    static const uint64_t sizes[] = {
        [FLOPPY_1200] = 1200 * 1024, [FLOPPY_1440] = 1440 * 1024, [FLOPPY_2880] = 2880 * 1024, [HARD_DISK] = 16 << 20};
    return emulation <= HARD_DISK ? sizes[emulation] : 0;
}

static void boot_image(struct recognition *self, const struct boot_entry *entry, bool starts_bios)
{
    struct fat_facts fat = {0};
    if (!entry->bootable || !entry->offset)
        return;
    if (entry->offset >= self->size) {
        recognition_why(self, "without its boot image, which would stand behind its end");
        return;
    }
    if (entry->emulation != NONE) {
        self->facts->boots_bios |= starts_bios && entry->emulation <= HARD_DISK;
        recognition_range(self, entry->offset, emulated_size(entry->emulation));
        return;
    }
    bool efi = recognise_fat(self, entry->offset, &fat) && fat.efi;
    self->facts->boots_uefi |= efi;
    /* a BIOS would start what says that it is not bootable */
    self->facts->boots_bios |= starts_bios && !efi;
    recognition_range(self, entry->offset, efi ? MIN(fat.size, 32u << 20) : MAX(loader_size(self, entry), ISO_SECTOR));
}

static void sections(struct recognition *self, const uint8_t catalogue[ISO_SECTOR])
{
    unsigned left = 0, images = 0;
    bool last = false;
    for (unsigned i = 2; i < ENTRIES && images < MAX_IMAGES; i++) {
        const uint8_t *entry = catalogue + (size_t)i * ENTRY;
        if (entry[0] == 0x44)
            continue; /* an extension of the entry before it */
        if (left) {
            struct boot_entry boot = entry_at(entry);
            boot_image(self, &boot, false);
            images++;
            left--;
        } else if (!last && (entry[0] == 0x90 || entry[0] == 0x91)) {
            left = (unsigned)(entry[2] | entry[3] << 8);
            last = entry[0] == 0x91;
        } else {
            return;
        }
    }
}

void recognise_torito(struct recognition *self, uint32_t sector)
{
    uint8_t catalogue[ISO_SECTOR];
    uint64_t offset = (uint64_t)sector * ISO_SECTOR;
    if (!recognition_read(self, offset, catalogue, sizeof catalogue)) {
        recognition_why(self, "without its boot catalogue, which would stand behind its end");
        return;
    }
    recognition_range(self, offset, sizeof catalogue);
    if (!valid(catalogue)) {
        recognition_why(self, "damaged: its boot catalogue does not add up");
        return;
    }
    struct boot_entry boot = entry_at(catalogue + ENTRY);
    boot_image(self, &boot, catalogue[1] == PLATFORM_X86);
    sections(self, catalogue);
}
