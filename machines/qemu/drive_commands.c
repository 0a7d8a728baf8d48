#include "machines/qemu/drive_commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "core/text.h"
#include "machines/qemu/argv.h"

/* How long QEMU lets a read wait while our server is away: longer than a restart of ours, shorter than the 30 s after
 * which operating systems give a command up. */
#define RECONNECT_S 25

/* "No space" is what our server says for a medium that is away (gateway/drives/drives.h): the machine then stands still
 * and asks again when it goes on. Any other error is the medium's own and goes to the guest, who would else stand still
 * for ever at the first unreadable block. */
#define ON_ERROR "enospc"

#define FILENAME_PREFIX "nbd+unix:///"

int drive_names_init(struct drive_names *self, unsigned index, const char *nbd_socket, unsigned serial)
{
    if (!nbd_socket || strlen(nbd_socket) >= sizeof self->socket)
        return -ENAMETOOLONG;
    *self = (struct drive_names){.serial = serial % 1000000};
    snprintf(self->device, sizeof self->device, "drive%u", index % 10);
    snprintf(self->bridge, sizeof self->bridge, "drive%u-usb", index % 10);
    text_copy(self->socket, sizeof self->socket, nbd_socket);
    return 0;
}

void drive_names_next(struct drive_names *self)
{
    self->serial++;
    snprintf(self->node, sizeof self->node, "%.8s-m%u", self->device, self->serial);
}

bool drive_names_match(const struct drive_names *self, const char *id)
{
    char path[64];
    snprintf(path, sizeof path, "/machine/peripheral/%s/", self->device);
    return !strcmp(id, self->device) || !strncmp(id, path, strlen(path));
}

json_t *drive_commands_place(const struct drive_names *names, int bootindex)
{
    char path[64];
    snprintf(path, sizeof path, "/machine/peripheral/%s", names->device);
    json_t *arguments = json_pack("{s:s, s:s}", "path", path, "property", "bootindex");
    if (bootindex >= 0)
        json_object_set_new(arguments, "value", json_integer(bootindex));
    return arguments;
}

static json_t *node_add(const struct drive_names *names, const struct drive_medium *medium)
{
    return json_pack("{s:s, s:s, s:b, s:{s:s, s:s}, s:s, s:i}", "driver", "nbd", "node-name", names->node, "read-only",
                     medium->read_only || medium->kind == DRIVE_CDROM, "server", "type", "unix", "path", names->socket,
                     "export", medium->export, "reconnect-delay", RECONNECT_S);
}

static void plug_cdrom(struct qmp_sequence *sequence, const struct drive_names *names, int bootindex)
{
    char bus[32], path[64];
    snprintf(bus, sizeof bus, "%s.0", names->bridge);
    snprintf(path, sizeof path, "/machine/peripheral/%s", names->bridge);
    qmp_sequence_add(sequence, "device_add",
                     json_pack("{s:s, s:s, s:s}", "driver", "usb-bot", "id", names->bridge, "bus", QEMU_ID_XHCI ".0"),
                     false);
    qmp_sequence_add(sequence, "device_add",
                     json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "driver", "scsi-cd", "id", names->device, "bus",
                               bus, "drive", names->node, "rerror", ON_ERROR, "werror", ON_ERROR, "bootindex",
                               bootindex),
                     false);
    /* a hot-plugged usb-bot stays invisible until it is told that its SCSI devices are complete */
    qmp_sequence_add(sequence, "qom-set",
                     json_pack("{s:s, s:s, s:b}", "path", path, "property", "attached", "value", 1), false);
}

static void plug_stick(struct qmp_sequence *sequence, const struct drive_names *names, int bootindex)
{
    qmp_sequence_add(sequence, "device_add",
                     json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:i}", "driver", "usb-storage", "id", names->device,
                               "bus", QEMU_ID_XHCI ".0", "drive", names->node, "removable", 1, "rerror", ON_ERROR,
                               "werror", ON_ERROR, "bootindex", bootindex),
                     false);
}

/* An empty tray may have been closed by the guest, and insert wants it open: it is always opened by us. */
static void change_medium(struct qmp_sequence *sequence, const struct drive_names *names, int bootindex)
{
    /* refused when it stands there already */
    qmp_sequence_add(sequence, "qom-set", drive_commands_place(names, bootindex), true);
    qmp_sequence_add(sequence, "blockdev-open-tray", json_pack("{s:s, s:b}", "id", names->device, "force", 1), false);
    qmp_sequence_add(sequence, "blockdev-remove-medium", json_pack("{s:s}", "id", names->device), true);
    qmp_sequence_add(sequence, "blockdev-insert-medium",
                     json_pack("{s:s, s:s}", "id", names->device, "node-name", names->node), false);
    qmp_sequence_add(sequence, "blockdev-close-tray", json_pack("{s:s}", "id", names->device), false);
}

void drive_commands_insert(struct qmp_sequence *sequence, const struct drive_names *names, enum drive_device device,
                           const struct drive_medium *medium, int bootindex)
{
    qmp_sequence_add(sequence, "blockdev-add", node_add(names, medium), false);
    if (device == DRIVE_DEVICE_CDROM)
        change_medium(sequence, names, bootindex);
    else if (medium->kind == DRIVE_CDROM)
        plug_cdrom(sequence, names, bootindex);
    else
        plug_stick(sequence, names, bootindex);
}

void drive_commands_abandon(struct qmp_sequence *sequence, const struct drive_names *names, enum drive_device device)
{
    if (device == DRIVE_DEVICE_NONE) {
        qmp_sequence_add(sequence, "device_del", json_pack("{s:s}", "id", names->device), true);
        qmp_sequence_add(sequence, "device_del", json_pack("{s:s}", "id", names->bridge), true);
    }
    qmp_sequence_add(sequence, "blockdev-del", json_pack("{s:s}", "node-name", names->node), true);
}

void drive_commands_unplug(struct qmp_sequence *sequence, const struct drive_names *names, enum drive_device device)
{
    const char *id = device == DRIVE_DEVICE_CDROM ? names->bridge : names->device;
    qmp_sequence_add(sequence, "device_del", json_pack("{s:s}", "id", id), false);
}

void drive_commands_remove(struct qmp_sequence *sequence, const struct drive_names *names, enum drive_device device)
{
    if (device == DRIVE_DEVICE_CDROM)
        qmp_sequence_add(sequence, "blockdev-remove-medium", json_pack("{s:s}", "id", names->device), false);
    qmp_sequence_add(sequence, "blockdev-del", json_pack("{s:s}", "node-name", names->node), true);
}

/* ---- what is there ---- */

/* The export's name out of "nbd+unix:///NAME?socket=PATH". */
static bool read_export(const char *filename, char *room, size_t size)
{
    const char *end = filename ? strstr(filename, "?socket=") : NULL;
    if (!end || strncmp(filename, FILENAME_PREFIX, strlen(FILENAME_PREFIX)) != 0)
        return false;
    const char *start = filename + strlen(FILENAME_PREFIX);
    if (end < start || (size_t)(end - start) >= size)
        return false;
    memcpy(room, start, (size_t)(end - start));
    room[end - start] = '\0';
    return true;
}

static void read_medium(const json_t *inserted, struct drive_found *ret)
{
    const json_t *image = json_object_get(inserted, "image");
    const char *node = json_string_value(json_object_get(inserted, "node-name"));
    json_int_t size = json_integer_value(json_object_get(image, "virtual-size"));
    if (!node || strlen(node) >= sizeof ret->node ||
        !read_export(json_string_value(json_object_get(image, "filename")), ret->medium.export,
                     sizeof ret->medium.export))
        return;
    text_copy(ret->node, sizeof ret->node, node);
    snprintf(ret->medium.name, sizeof ret->medium.name, "%s", ret->medium.export);
    ret->medium.size = size > 0 ? (uint64_t)size : 0;
    ret->medium.kind = ret->device == DRIVE_DEVICE_CDROM ? DRIVE_CDROM : DRIVE_DISK;
    ret->medium.read_only = json_is_true(json_object_get(inserted, "ro"));
    ret->has_medium = true;
}

void drive_commands_find(const struct drive_names *names, const json_t *blocks, struct drive_found *ret)
{
    size_t i;
    const json_t *entry;
    *ret = (struct drive_found){.device = DRIVE_DEVICE_NONE};
    json_array_foreach(blocks, i, entry)
    {
        const char *qdev = json_string_value(json_object_get(entry, "qdev"));
        if (!qdev || !drive_names_match(names, qdev))
            continue;
        ret->device = !strcmp(qdev, names->device) ? DRIVE_DEVICE_CDROM : DRIVE_DEVICE_STICK;
        const json_t *inserted = json_object_get(entry, "inserted");
        const char *io = json_string_value(json_object_get(entry, "io-status"));
        ret->paused = io && !strcmp(io, "nospace");
        if (json_is_object(inserted) && !json_is_true(json_object_get(entry, "tray_open")))
            read_medium(inserted, ret);
        return;
    }
}
