/* Names that somebody uploaded into a folder, separated by NUL: those that are taken get short names that differ, and
 * folders whose entries can be walked. */
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "media/folder_disk_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct disk_node *node_new(struct folder_disk *disk, struct disk_node *parent, const char *name, bool folder)
{
    struct disk_node *node = calloc(1, sizeof *node);
    if (!node || !(node->name = strdup(name)))
        abort();
    node->parent = parent;
    node->is_folder = folder;
    node->size = folder ? 0 : (uint32_t)strlen(name);
    disk->nodes[disk->n_nodes++] = node;
    return node;
}

static bool known(const struct folder_disk *disk, const char *name)
{
    for (unsigned i = 1; i < disk->n_nodes; i++)
        if (!disk_name_compare(disk->nodes[i]->name, name))
            return true;
    return false;
}

static void check_names(const struct folder_disk *disk)
{
    for (unsigned i = 1; i < disk->n_nodes; i++) {
        const uint8_t *name = disk->nodes[i]->short_name;
        for (int k = 0; k < 11; k++)
            if (name[k] < 0x20 || name[k] > 0x7e || strchr("\"*+,./:;<=>?[\\]|", name[k]) ||
                (name[k] >= 'a' && name[k] <= 'z'))
                abort();
        for (unsigned j = 1; j < i; j++)
            if (!memcmp(disk->nodes[j]->short_name, name, 11))
                abort();
    }
}

/* As many short entries as there are nodes, and nothing behind the end. */
static void check_entries(const struct folder_disk *disk)
{
    const struct disk_node *root = disk->nodes[0];
    unsigned n = 0;
    bool ended = false;
    for (uint32_t i = 0; i + DISK_ENTRY <= root->entries_size; i += DISK_ENTRY) {
        const uint8_t *entry = root->entries + i;
        if (ended && entry[0])
            abort();
        ended |= !entry[0];
        n += entry[0] && entry[11] != 0x0f && !(entry[11] & 0x08);
    }
    if (n != disk->n_nodes - 1)
        abort();
}

static void check_sectors(const struct folder_disk *disk)
{
    uint8_t sector[DISK_SECTOR];
    for (uint64_t i = 0; i < DISK_PARTITION + disk_data_sector(disk); i += i < 2 || i > DISK_PARTITION ? 1 : 1023)
        disk_sector(disk, i, sector);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint16_t units[DISK_LONG_MAX];
    char label[12], name[300];
    static struct folder_disk disk;
    disk = (struct folder_disk){.folder_fd = -1, .label = "FUZZ       "};
    struct disk_node *root = node_new(&disk, NULL, "", true);
    for (size_t at = 0, n; at < size && disk.n_nodes < 200; at += n + 1) {
        n = strnlen((const char *)data + at, size - at);
        size_t length = MIN(n, sizeof name - 1);
        memcpy(name, data + at, length);
        name[length] = 0;
        folder_disk_label(name, label);
        (void)disk_label_fits(name, label);
        int r = disk_long_name(name, units);
        if (r > DISK_LONG_MAX || r == 0)
            abort();
        if (r > 0 && !strchr(name, '/') && length < 256 && !known(&disk, name))
            node_new(&disk, root, name, length % 5 == 0);
    }
    if (disk_short_names(&disk) == 0 && disk_lay_out(&disk) == 0) {
        check_names(&disk);
        check_entries(&disk);
        check_sectors(&disk);
    }
    for (unsigned i = 0; i < disk.n_nodes; i++) {
        free(disk.nodes[i]->name);
        free(disk.nodes[i]->entries);
        free(disk.nodes[i]);
    }
    return 0;
}
