#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "usbgadget/gadget_internal.h"

/* The node is named after the minor number, and made by the kernel (devtmpfs) when the gadget is bound. */
static int open_node(unsigned major_number, unsigned minor_number)
{
    char path[GADGET_PATH_SIZE];
    struct stat st;
    _cleanup_close_ int fd =
        open(gadget_path(path, "/dev/hidg%u", minor_number), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(major_number, minor_number))
        return -ENOENT;
    return take_fd(&fd);
}

int gadget_open_hid(struct gadget *self, enum gadget_function hid)
{
    char path[GADGET_PATH_SIZE], text[32];
    unsigned major_number, minor_number;
    if (hid >= GADGET_HIDS || !gadget_has(self, hid))
        return -ENOENT;
    gadget_path(path, "%s/usb_gadget/%s/functions/hid.%s/dev", self->place->configfs, self->config.name,
                gadget_function_name(hid));
    int r = gadget_attr_read(self->place, path, text, sizeof text);
    if (r < 0)
        return r;
    if (sscanf(text, "%u:%u", &major_number, &minor_number) != 2)
        return -EPROTO;
    return open_node(major_number, minor_number);
}

static const char *state_path(const struct gadget *self, char room[GADGET_PATH_SIZE])
{
    return gadget_path(room, "%s/%s/state", self->place->udcs, self->udc.name);
}

int gadget_open_state(struct gadget *self)
{
    char path[GADGET_PATH_SIZE], byte;
    int fd = open(state_path(self, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    /* sysfs tells changes from the last reading on */
    (void)!read(fd, &byte, 1);
    return fd;
}

const char *gadget_state(struct gadget *self, char *room, size_t size)
{
    char path[GADGET_PATH_SIZE], text[32];
    if (gadget_attr_read(self->place, state_path(self, path), text, sizeof text) < 0)
        (void)text_copy(text, sizeof text, "gone");
    else if (!gadget_is_bound(self))
        (void)text_copy(text, sizeof text, "not attached"); /* some controllers keep the last state of all */
    (void)text_copy(room, size, text);
    return room;
}
