#include "guest_hid_bus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host_side.h"

/* Documentation/usb/usbmon.rst, "Raw binary format and API"; not among the kernel's exported headers. */
struct mon_header {
    uint64_t id;
    uint8_t type, transfer, endpoint, device;
    uint16_t bus;
    char has_setup, has_data;
    int64_t seconds;
    int32_t microseconds, status;
    uint32_t length, captured;
    uint8_t setup[8];
};

struct mon_get {
    struct mon_header *header;
    void *data;
    size_t size;
};

#define MON_IOCX_GET _IOW(0x92, 6, struct mon_get)
#define MON_INTERRUPT 1
#define MON_CONTROL 2
#define REQUEST_SET_CONFIGURATION 9

int bus_open(void)
{
    int fd = open("/dev/usbmon0", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

bool bus_next(int bus, struct bus_report *ret)
{
    struct mon_header header;
    uint8_t data[64];
    struct mon_get get = {&header, data, sizeof data};

    while (ioctl(bus, MON_IOCX_GET, &get) == 0) {
        if (header.device <= 1) /* root hubs */
            continue;
        if (header.type == 'S' && header.transfer == MON_CONTROL && header.has_setup == 0 && header.setup[0] == 0 &&
            header.setup[1] == REQUEST_SET_CONFIGURATION && header.setup[2] == 1) {
            *ret = (struct bus_report){.configured = true};
            return true;
        }
        if (header.type != 'C' || header.transfer != MON_INTERRUPT || !(header.endpoint & 0x80) || header.status != 0 ||
            header.has_data != 0 || header.length == 0) /* dummy_hcd ends each report with an empty packet */
            continue;
        *ret = (struct bus_report){.endpoint = header.endpoint & 0x7F, .size = header.length};
        memcpy(ret->bytes, data, header.captured < sizeof ret->bytes ? header.captured : sizeof ret->bytes);
        return true;
    }
    return false;
}

static int open_device(const char *device)
{
    char path[HOST_PATH], bus[16], number[16];
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/busnum", device);
    if (!host_read(path, bus, sizeof bus))
        return -ENODEV;
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/devnum", device);
    if (!host_read(path, number, sizeof number))
        return -ENODEV;
    snprintf(path, sizeof path, "/dev/bus/usb/%03d/%03d", atoi(bus), atoi(number));
    int fd = open(path, O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int bus_reset_device(const char *device)
{
    _cleanup_close_ int fd = open_device(device);
    if (fd < 0)
        return fd;
    return ioctl(fd, USBDEVFS_RESET) < 0 ? -errno : 0;
}

int bus_reconfigure(const char *device)
{
    char path[HOST_PATH];
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/authorized", device);
    int r = host_write(path, "0");
    return r < 0 ? r : host_write(path, "1");
}

int bus_seize(const char *device, unsigned interface)
{
    struct usbdevfs_ioctl away = {.ifno = (int)interface, .ioctl_code = USBDEVFS_DISCONNECT};
    _cleanup_close_ int fd = open_device(device);
    if (fd < 0)
        return fd;
    if (ioctl(fd, USBDEVFS_IOCTL, &away) < 0 || ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface) < 0)
        return -errno;
    return take_fd(&fd);
}

int bus_set_report(int device, unsigned interface, const uint8_t *bytes, size_t size)
{
    uint8_t room[1024] = {0};
    if (size > sizeof room)
        return -EMSGSIZE;
    memcpy(room, bytes, size);
    struct usbdevfs_ctrltransfer transfer = {.bRequestType = 0x21, /* out, class, interface */
                                             .bRequest = 9,        /* SET_REPORT */
                                             .wValue = 0x0200,     /* output */
                                             .wIndex = (uint16_t)interface,
                                             .wLength = (uint16_t)size,
                                             .timeout = 5000,
                                             .data = room};
    return ioctl(device, USBDEVFS_CONTROL, &transfer) < 0 ? -errno : 0;
}

void bus_give_back(int device, unsigned interface)
{
    struct usbdevfs_ioctl back = {.ifno = (int)interface, .ioctl_code = USBDEVFS_CONNECT};
    (void)ioctl(device, USBDEVFS_RELEASEINTERFACE, &interface);
    (void)ioctl(device, USBDEVFS_IOCTL, &back);
    close(device);
}

bool bus_find(uint16_t vendor, char ret[32])
{
    bool found = false;
    DIR *folder = opendir("/sys/bus/usb/devices");
    for (struct dirent *e; folder && !found && (e = readdir(folder));) {
        char path[HOST_PATH * 4], text[16];
        if (strncmp(e->d_name, "usb", 3) == 0 || strchr(e->d_name, ':'))
            continue;
        snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/idVendor", e->d_name);
        if (!host_read(path, text, sizeof text) || strtoul(text, NULL, 16) != vendor)
            continue;
        snprintf(ret, 32, "%.31s", e->d_name);
        found = true;
    }
    if (folder)
        closedir(folder);
    return found;
}
