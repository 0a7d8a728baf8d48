#include "bulk_host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "host_side.h"

#define SYSFS "/sys/bus/usb/devices"

static unsigned number(const char *folder, const char *file, int base)
{
    char path[600], text[64];
    snprintf(path, sizeof path, SYSFS "/%s/%s", folder, file);
    return host_read(path, text, sizeof text) ? (unsigned)strtoul(text, NULL, base) : 0;
}

static void find_endpoints(struct bulk_host *self, const char *interface)
{
    char path[600];
    snprintf(path, sizeof path, SYSFS "/%s", interface);
    DIR *folder = opendir(path);
    for (struct dirent *e; folder && (e = readdir(folder));) {
        if (strncmp(e->d_name, "ep_", 3) != 0)
            continue;
        unsigned address = (unsigned)strtoul(e->d_name + 3, NULL, 16);
        *(address & 0x80 ? &self->in : &self->out) = address;
    }
    if (folder)
        closedir(folder);
}

/* interface: "1-1:1.0". */
static bool is_wanted(const char *interface, bool big_cd)
{
    char path[600], name[64] = "";
    snprintf(path, sizeof path, SYSFS "/%s/interface", interface);
    return strchr(interface, ':') && number(interface, "bInterfaceClass", 16) == 8 &&
           host_read(path, name, sizeof name) && (strstr(name, "DVD") != NULL) == big_cd;
}

static bool is_of(const char *interface, uint16_t vendor, uint16_t product, char device[64])
{
    snprintf(device, 64, "%.*s", (int)strcspn(interface, ":"), interface);
    return number(device, "idVendor", 16) == vendor && number(device, "idProduct", 16) == product;
}

static int claim(struct bulk_host *self)
{
    struct usbdevfs_ioctl disconnect = {.ifno = (int)self->interface, .ioctl_code = USBDEVFS_DISCONNECT};
    (void)ioctl(self->fd, USBDEVFS_IOCTL, &disconnect);
    return ioctl(self->fd, USBDEVFS_CLAIMINTERFACE, &self->interface);
}

bool bulk_host_open(struct bulk_host *self, uint16_t vendor, uint16_t product, bool big_cd)
{
    char device[64], path[64];
    DIR *folder = opendir(SYSFS);
    self->fd = -1;
    self->patience_ms = 20000;
    for (struct dirent *e; folder && self->fd < 0 && (e = readdir(folder));) {
        if (!is_wanted(e->d_name, big_cd) || !is_of(e->d_name, vendor, product, device))
            continue;
        self->interface = number(e->d_name, "bInterfaceNumber", 16);
        find_endpoints(self, e->d_name);
        snprintf(path, sizeof path, "/dev/bus/usb/%03u/%03u", number(device, "busnum", 10),
                 number(device, "devnum", 10));
        self->fd = open(path, O_RDWR | O_CLOEXEC);
    }
    if (folder)
        closedir(folder);
    return self->fd >= 0 && claim(self) == 0;
}

void bulk_host_close(struct bulk_host *self)
{
    struct usbdevfs_ioctl connect = {.ifno = (int)self->interface, .ioctl_code = USBDEVFS_CONNECT};
    (void)ioctl(self->fd, USBDEVFS_RELEASEINTERFACE, &self->interface);
    (void)ioctl(self->fd, USBDEVFS_IOCTL, &connect);
    close(self->fd);
}

static int transfer(struct bulk_host *self, unsigned endpoint, void *bytes, size_t size)
{
    struct usbdevfs_bulktransfer bulk = {
        .ep = endpoint, .len = (unsigned)size, .timeout = self->patience_ms, .data = bytes};
    int n = ioctl(self->fd, USBDEVFS_BULK, &bulk);
    if (n >= 0)
        return n;
    int error = errno;
    if (error == EPIPE)
        (void)ioctl(self->fd, USBDEVFS_CLEAR_HALT, &endpoint);
    return -error;
}

int bulk_host_send(struct bulk_host *self, const void *bytes, size_t size)
{
    return transfer(self, self->out, (void *)(uintptr_t)bytes, size);
}

int bulk_host_receive(struct bulk_host *self, void *room, size_t size)
{
    return transfer(self, self->in, room, size);
}

int bulk_host_recover(struct bulk_host *self)
{
    struct usbdevfs_ctrltransfer reset = {
        .bRequestType = 0x21, .bRequest = 0xFF, .wIndex = (uint16_t)self->interface, .timeout = self->patience_ms};
    if (ioctl(self->fd, USBDEVFS_CONTROL, &reset) < 0 || ioctl(self->fd, USBDEVFS_CLEAR_HALT, &self->in) < 0 ||
        ioctl(self->fd, USBDEVFS_CLEAR_HALT, &self->out) < 0)
        return -errno;
    return 0;
}

int bulk_host_drain(struct bulk_host *self)
{
    uint8_t room[512];
    unsigned patience_ms = self->patience_ms;
    self->patience_ms = 60;
    int n = bulk_host_receive(self, room, sizeof room), all = 0;
    for (unsigned i = 0; i < 4 && n >= 0; i++) {
        all += n;
        n = bulk_host_receive(self, room, sizeof room);
    }
    self->patience_ms = patience_ms;
    return all;
}

int bulk_host_reset_port(struct bulk_host *self)
{
    /* the reset gives the interface back to the kernel's driver */
    return ioctl(self->fd, USBDEVFS_RESET) < 0 || claim(self) < 0 ? -errno : 0;
}
