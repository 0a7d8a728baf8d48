#include "host_side.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"

bool host_wait(bool (*fn)(void *data), void *data)
{
    uint64_t limit = clock_now_us() + HOST_PATIENCE_US;
    while (!fn(data)) {
        if (clock_now_us() > limit)
            return false;
        usleep(10000);
    }
    return true;
}

int host_write(const char *path, const char *text)
{
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

bool host_read(const char *path, char *room, size_t size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, room, size - 1);
    if (n < 0)
        return false;
    room[n] = 0;
    room[strcspn(room, "\n")] = 0;
    return true;
}

/* --- devices --- */

struct wanted {
    uint16_t product;
    char name[64];
};

/* The bus name of a device of ours, "" when there is none. */
static bool find_device(void *data)
{
    struct wanted *wanted = data;
    char path[HOST_PATH * 4], vendor[16], product[16], manufacturer[64];
    DIR *folder = opendir("/sys/bus/usb/devices");
    wanted->name[0] = 0;
    for (struct dirent *e; folder && (e = readdir(folder));) {
        snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/idVendor", e->d_name);
        if (!host_read(path, vendor, sizeof vendor) || strtoul(vendor, NULL, 16) != HOST_VENDOR)
            continue;
        snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/idProduct", e->d_name);
        if (!host_read(path, product, sizeof product) || strtoul(product, NULL, 16) != wanted->product)
            continue;
        snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/manufacturer", e->d_name);
        if (host_read(path, manufacturer, sizeof manufacturer) && strcmp(manufacturer, "lightsout") == 0)
            snprintf(wanted->name, sizeof wanted->name, "%.60s", e->d_name);
    }
    if (folder)
        closedir(folder);
    return wanted->name[0];
}

static bool is_configured(void *data)
{
    struct wanted *wanted = data;
    char path[HOST_PATH], text[16] = "";
    if (!find_device(wanted))
        return false;
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/bConfigurationValue", wanted->name);
    return host_read(path, text, sizeof text) && text[0] == '1';
}

static bool is_gone(void *data)
{
    return !find_device(data);
}

bool host_sees_device(uint16_t product)
{
    struct wanted wanted = {.product = product};
    return find_device(&wanted);
}

bool host_wait_device(uint16_t product)
{
    struct wanted wanted = {.product = product};
    return host_wait(is_configured, &wanted);
}

bool host_wait_no_device(uint16_t product)
{
    struct wanted wanted = {.product = product};
    return host_wait(is_gone, &wanted);
}

void host_interfaces(uint16_t product, char room[32])
{
    struct wanted wanted = {.product = product};
    size_t n = 0;
    room[0] = 0;
    if (!host_wait(is_configured, &wanted))
        return;
    for (; n < 31; n++) {
        char path[HOST_PATH], class[8], protocol[8] = "";
        snprintf(path, sizeof path, "/sys/bus/usb/devices/%s:1.%zu/bInterfaceClass", wanted.name, n);
        if (!host_read(path, class, sizeof class))
            break;
        snprintf(path, sizeof path, "/sys/bus/usb/devices/%s:1.%zu/bInterfaceProtocol", wanted.name, n);
        (void)host_read(path, protocol, sizeof protocol);
        if (strcmp(class, "03") == 0)
            room[n] = strcmp(protocol, "01") == 0 ? 'K' : strcmp(protocol, "02") == 0 ? 'M' : 'H';
        else
            room[n] = strcmp(class, "08") == 0 ? 'S' : '?';
    }
    room[n] = 0;
}

/* --- discs --- */

struct disc {
    const char *kind;
    char *room;
};

static bool find_disc(void *data)
{
    struct disc *disc = data;
    bool found = false;
    DIR *folder = opendir("/sys/block");
    for (struct dirent *e; folder && (e = readdir(folder));)
        if (strncmp(e->d_name, disc->kind, 2) == 0) {
            snprintf(disc->room, HOST_PATH, "/dev/%.100s", e->d_name);
            found = access(disc->room, F_OK) == 0;
        }
    if (folder)
        closedir(folder);
    return found;
}

static bool no_disc(void *data)
{
    return !find_disc(data);
}

bool host_disc(const char *kind, char room[HOST_PATH])
{
    struct disc disc = {kind, room};
    return find_disc(&disc);
}

bool host_wait_disc(const char *kind, char room[HOST_PATH])
{
    struct disc disc = {kind, room};
    return host_wait(find_disc, &disc);
}

bool host_wait_no_disc(const char *kind)
{
    char room[HOST_PATH];
    struct disc disc = {kind, room};
    return host_wait(no_disc, &disc);
}

bool host_inquiry(const char *disc, const char *which, char *room, size_t size)
{
    char path[HOST_PATH * 2];
    snprintf(path, sizeof path, "/sys/block/%s/device/%s", disc + 5, which);
    if (!host_read(path, room, size))
        return false;
    for (size_t n = strlen(room); n && room[n - 1] == ' ';)
        room[--n] = 0;
    return true;
}

uint64_t host_disc_size(const char *disc)
{
    uint64_t size = 0;
    _cleanup_close_ int fd = open(disc, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && ioctl(fd, BLKGETSIZE64, &size) == 0 ? size : 0;
}

int host_read_disc(const char *disc, uint8_t *room, size_t size, size_t *ret_size)
{
    _cleanup_close_ int fd = open(disc, O_RDONLY | O_CLOEXEC);
    size_t have = 0;
    ssize_t n = 0;
    if (fd < 0)
        return -errno;
    while (have < size && (n = read(fd, room + have, size - have)) > 0)
        have += (size_t)n;
    if (n < 0)
        return -errno;
    *ret_size = have;
    return 0;
}

/* --- inputs --- */

struct input_search {
    unsigned key;
    int fd;
};

static bool find_input(void *data)
{
    struct input_search *search = data;
    for (unsigned i = 0; i < 32 && search->fd < 0; i++) {
        char path[HOST_PATH];
        uint8_t keys[KEY_MAX / 8 + 1] = {0};
        snprintf(path, sizeof path, "/dev/input/event%u", i);
        _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
        struct input_id id;
        if (fd < 0 || ioctl(fd, EVIOCGID, &id) < 0 || id.bustype != BUS_USB || id.vendor != HOST_VENDOR)
            continue;
        if (ioctl(fd, EVIOCGBIT(EV_KEY, sizeof keys), keys) > 0 && keys[search->key / 8] & 1u << search->key % 8)
            search->fd = take_fd(&fd);
    }
    return search->fd >= 0;
}

int host_wait_input(unsigned key)
{
    struct input_search search = {key, -1};
    (void)host_wait(find_input, &search);
    return search.fd;
}

struct gadget_config host_gadget_config(uint16_t product)
{
    return (struct gadget_config){
        .name = "lightsout-test",
        .udc = "dummy_udc.0",
        .vendor = HOST_VENDOR,
        .product = product,
        .release = 0x0100,
        .manufacturer = "lightsout",
        .product_name = "Test gadget",
        .serial = "0123456789",
        .configuration = "KVM",
        .max_power_ma = 500,
        .inquiry = {"LIGHTSOUVirtual CD-ROM  0001", "LIGHTSOUVirtual Disk    0001"},
        .empty_drives = true,
        .luns = GADGET_LUNS,
    };
}
