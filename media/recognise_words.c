#include <stdio.h>

#include "media/recognise.h"

static const char *starters(bool bios, bool uefi)
{
    if (bios && uefi)
        return "that BIOS and UEFI machines start from";
    if (bios)
        return "that BIOS machines start from; UEFI machines do not";
    return uefi ? "that UEFI machines start from; BIOS machines do not" : "that machines do not start from";
}

static void of_cd(const struct image_facts *facts, char *room, size_t size)
{
    snprintf(room, size, "A CD %s", starters(facts->boots_bios, facts->boots_uefi));
}

static void of_disk(const struct image_facts *facts, char *room, size_t size)
{
    bool cd = facts->format == IMAGE_ISO;
    bool bios = cd ? facts->disk_boots_bios : facts->boots_bios;
    bool uefi = cd ? facts->disk_boots_uefi : facts->boots_uefi;
    bool better_as_cd = cd && !bios && !uefi && (facts->boots_bios || facts->boots_uefi);
    if (better_as_cd && facts->boots_uefi) {
        /* those that look for the boot catalogue of a CD on a disk, too, as EDK II does */
        snprintf(room, size, "A disk that only some UEFI machines start from; as a CD more do");
        return;
    }
    snprintf(room, size, "A disk %s%s", starters(bios, uefi), better_as_cd ? "; as a CD they do" : "");
}

void recognise_words(const struct image_facts *facts, bool as_disk, char *room, size_t size)
{
    char what[160];
    const char *broken = facts->why[0] ? ". It is " : "";
    switch (facts->format) {
    case IMAGE_GZIP:
    case IMAGE_XZ:
    case IMAGE_ZSTD:
        snprintf(room, size, "A packed image (%s), of no use to a machine until it is unpacked.",
                 image_format_name(facts->format));
        return;
    case IMAGE_FOLDER:
        snprintf(room, size, "A disk of small files%s%s, made from a folder.",
                 facts->label[0] ? " with the label " : "", facts->label);
        return;
    case IMAGE_UNKNOWN:
        snprintf(room, size, "A %s without anything that is known here; machines do not start from it.",
                 as_disk ? "disk" : "CD");
        return;
    case IMAGE_DISK:
        if (!as_disk && (facts->boots_bios || facts->boots_uefi))
            snprintf(what, sizeof what,
                     "A disk image in a CD drive that machines do not start from; as a disk they do");
        else if (!as_disk)
            snprintf(what, sizeof what, "A disk image in a CD drive that machines do not start from");
        else
            of_disk(facts, what, sizeof what);
        break;
    case IMAGE_ISO:
        if (as_disk)
            of_disk(facts, what, sizeof what);
        else
            of_cd(facts, what, sizeof what);
        break;
    }
    snprintf(room, size, "%s%s%s.", what, broken, facts->why);
}
