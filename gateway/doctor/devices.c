#include "gateway/doctor/devices.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fd_read.h"
#include "core/text.h"

#define ROOM (PATH_MAX + 300)

static void copy(char *room, size_t size, const char *text)
{
    snprintf(room, size, "%.*s", (int)size - 1, text);
}

void device_read_line(const char *path, char *room, size_t size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : fd_read_up_to(fd, room, size - 1);
    room[n > 0 ? n : 0] = '\0';
    room[strcspn(room, "\n")] = '\0';
}

/* The last part of where a link leads; "" when it leads nowhere. */
static void read_link_name(const char *path, char *room, size_t size)
{
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    const char *slash = strrchr(target, '/');
    copy(room, size, slash ? slash + 1 : target);
}

struct walk {
    struct devices *devices;
    const char *root, *folder, *wanted;
    char *room;
    size_t size;
};

/* Calls for each name of a folder, in order, but for the hidden ones. */
static void each_name(const struct walk *walk, void (*fn)(const struct walk *walk, const char *name))
{
    char path[ROOM];
    struct dirent **names = NULL;
    snprintf(path, sizeof path, "%s%s", walk->root, walk->folder);
    int n = scandir(path, &names, NULL, versionsort);
    for (int i = 0; i < n; i++) {
        if (names[i]->d_name[0] != '.')
            fn(walk, names[i]->d_name);
        free(names[i]);
    }
    free(names);
}

/* ---- capture ---- */

static void look_at_link(const struct walk *walk, const char *name)
{
    char path[ROOM], target[DEVICE_TEXT_MAX];
    snprintf(path, sizeof path, "%s%s/%s", walk->root, walk->folder, name);
    read_link_name(path, target, sizeof target);
    if (strcmp(target, walk->wanted) == 0 && !walk->room[0])
        snprintf(walk->room, walk->size, "%s/%s", walk->folder, name);
}

/* The link that leads to the node, if there is one. */
static void find_stable(const char *root, const char *video, char *room, size_t size)
{
    struct walk walk = {.root = root, .folder = "/dev/v4l/by-path", .wanted = video, .room = room, .size = size};
    each_name(&walk, look_at_link);
    walk.folder = "/dev/v4l/by-id";
    each_name(&walk, look_at_link);
}

static void add_capture(const struct walk *walk, const char *video)
{
    struct devices *self = walk->devices;
    struct device_capture *d = &self->captures[self->n_captures];
    char path[ROOM];
    if (self->n_captures == DEVICES_MAX || strncmp(video, "video", 5) != 0)
        return;
    *d = (struct device_capture){.node = ""};
    snprintf(d->node, sizeof d->node, "/dev/%s", video);
    snprintf(path, sizeof path, "%s/sys/class/video4linux/%s/name", walk->root, video);
    device_read_line(path, d->card, sizeof d->card);
    snprintf(path, sizeof path, "%s/sys/class/video4linux/%s/device/driver", walk->root, video);
    read_link_name(path, d->driver, sizeof d->driver);
    find_stable(walk->root, video, d->stable, sizeof d->stable);
    self->n_captures++;
}

/* ---- controllers ---- */

static void add_udc(const struct walk *walk, const char *name)
{
    struct devices *self = walk->devices;
    const char *root = walk->root;
    struct device_udc *d = &self->udcs[self->n_udcs];
    char path[ROOM];
    if (self->n_udcs == DEVICES_MAX)
        return;
    *d = (struct device_udc){.name = ""};
    copy(d->name, sizeof d->name, name);
    snprintf(path, sizeof path, "%s/sys/class/udc/%s/state", root, name);
    device_read_line(path, d->state, sizeof d->state);
    snprintf(path, sizeof path, "%s/sys/class/udc/%s/function", root, name);
    device_read_line(path, d->gadget, sizeof d->gadget);
    self->n_udcs++;
}

/* ---- lines ---- */

static void add_gpio(const struct walk *walk, const char *chip)
{
    struct devices *self = walk->devices;
    const char *root = walk->root;
    struct device_gpio *d = &self->gpios[self->n_gpios];
    char path[ROOM], number[16];
    if (self->n_gpios == DEVICES_MAX || strncmp(chip, "gpiochip", 8) != 0)
        return;
    *d = (struct device_gpio){.chip = ""};
    copy(d->chip, sizeof d->chip, chip);
    snprintf(path, sizeof path, "%s/sys/bus/gpio/devices/%s/of_node/name", root, chip);
    device_read_line(path, d->label, sizeof d->label);
    snprintf(path, sizeof path, "%s/sys/bus/gpio/devices/%s/ngpio", root, chip);
    device_read_line(path, number, sizeof number);
    d->lines = (unsigned)strtoul(number, NULL, 10);
    self->n_gpios++;
}

/* ---- all ---- */

static bool there(const char *root, const char *path)
{
    char room[ROOM];
    snprintf(room, sizeof room, "%s%s", root, path);
    return access(room, F_OK) == 0;
}

void devices_list(const char *root, struct devices *ret)
{
    memset(ret, 0, sizeof *ret);
    struct walk walk = {.devices = ret, .root = root, .folder = "/sys/class/video4linux"};
    each_name(&walk, add_capture);
    walk.folder = "/sys/class/udc";
    each_name(&walk, add_udc);
    walk.folder = "/sys/bus/gpio/devices";
    each_name(&walk, add_gpio);
    ret->kvm = there(root, "/dev/kvm");
    ret->qemu = there(root, "/usr/bin/qemu-system-x86_64");
    ret->tpm = there(root, "/usr/bin/swtpm");
    ret->bios = there(root, "/usr/share/seabios/bios-256k.bin");
    ret->uefi = there(root, "/usr/share/OVMF/OVMF_CODE_4M.fd");
    ret->uefi_secure = there(root, "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd");
}

static bool has_line(const struct device_gpio *gpio, const char *value)
{
    const char *colon = strrchr(value, ':');
    char *end = NULL, chip[DEVICE_TEXT_MAX];
    if (!colon || colon == value || (size_t)(colon - value) >= sizeof chip || colon[1] < '0' || colon[1] > '9')
        return false;
    snprintf(chip, sizeof chip, "%.*s", (int)(colon - value), value);
    unsigned long line = strtoul(colon + 1, &end, 10);
    if (*end && strcmp(end, ",active-low") != 0)
        return false;
    bool same = strcmp(chip, gpio->chip) == 0 || (gpio->label[0] && strcmp(chip, gpio->label) == 0);
    return same && (gpio->lines == 0 || line < gpio->lines);
}

int devices_find(const struct devices *self, enum device_kind kind, const char *value)
{
    for (unsigned i = 0; kind == DEVICE_CAPTURE && i < self->n_captures; i++)
        if (strcmp(value, self->captures[i].node) == 0 ||
            (self->captures[i].stable[0] && strcmp(value, self->captures[i].stable) == 0))
            return (int)i;
    for (unsigned i = 0; kind == DEVICE_UDC && i < self->n_udcs; i++)
        if (strcmp(value, self->udcs[i].name) == 0 || strcmp(value, "auto") == 0)
            return (int)i;
    for (unsigned i = 0; kind == DEVICE_GPIO && i < self->n_gpios; i++)
        if (has_line(&self->gpios[i], value))
            return (int)i;
    return -1;
}

bool devices_have(const struct devices *self, enum device_kind kind, const char *value)
{
    return (kind == DEVICE_UDC && strcmp(value, "auto") == 0) || devices_find(self, kind, value) >= 0;
}
