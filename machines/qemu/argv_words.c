#include <string.h>

#include "machines/qemu/argv.h"

static bool word_find(const char *word, const char *const *words, size_t n, int *ret)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(word, words[i])) {
            *ret = (int)i;
            return true;
        }
    return false;
}

bool qemu_firmware_parse(const char *word, enum qemu_firmware *ret)
{
    static const char *const words[] = {[QEMU_BIOS] = "bios", [QEMU_UEFI] = "uefi", [QEMU_UEFI_SECURE] = "uefi-secure"};
    int i;
    if (!word_find(word, words, ARRAY_SIZE(words), &i))
        return false;
    *ret = (enum qemu_firmware)i;
    return true;
}

bool qemu_disk_bus_parse(const char *word, enum qemu_disk_bus *ret)
{
    static const char *const words[] = {
        [QEMU_BUS_SATA] = "sata", [QEMU_BUS_VIRTIO] = "virtio", [QEMU_BUS_NVME] = "nvme"};
    int i;
    if (!word_find(word, words, ARRAY_SIZE(words), &i))
        return false;
    *ret = (enum qemu_disk_bus)i;
    return true;
}

bool qemu_disk_format_parse(const char *word, enum qemu_disk_format *ret)
{
    static const char *const words[] = {[QEMU_QCOW2] = "qcow2", [QEMU_RAW] = "raw"};
    int i;
    if (!word_find(word, words, ARRAY_SIZE(words), &i))
        return false;
    *ret = (enum qemu_disk_format)i;
    return true;
}

bool qemu_nic_parse(const char *word, enum qemu_nic *ret)
{
    static const char *const words[] = {[QEMU_NIC_NONE] = "none", [QEMU_NIC_USER] = "user", [QEMU_NIC_TAP] = "tap"};
    int i;
    if (!word_find(word, words, ARRAY_SIZE(words), &i))
        return false;
    *ret = (enum qemu_nic)i;
    return true;
}
