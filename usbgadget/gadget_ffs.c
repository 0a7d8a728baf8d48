#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "usbgadget/gadget_internal.h"
#include "usbgadget/gadget_remove.h"

/* An instance is known system-wide by its name, and a function's name has room for 40 characters: too few for a
 * target's. */
void gadget_ffs_name(struct gadget *self)
{
    uint32_t hash = 2166136261u;
    for (const char *c = self->config.name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    snprintf(self->ffs, sizeof self->ffs, "lightsout-%08x", (unsigned)hash);
}

bool gadget_ffs_path(const struct gadget *self, const char *file, char room[GADGET_PATH_SIZE])
{
    return gadget_path(room, "%s/%s%s%s", self->place->run, self->ffs, file[0] ? "/" : "", file)[0];
}

const char *gadget_ffs_function(const struct gadget *self, char room[64])
{
    snprintf(room, 64, "ffs.%s", self->ffs);
    return self->ffs_mounted ? room : NULL;
}

/* Also what an earlier run left mounted. */
void gadget_ffs_unmount(struct gadget *self)
{
    char path[GADGET_PATH_SIZE];
    gadget_ffs_path(self, "", path);
    while (umount2(path, MNT_DETACH) == 0)
        ;
    (void)rmdir(path);
    self->ffs_mounted = false;
}

static int make_folder(const char *path)
{
    struct stat st;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return -errno;
    if (lstat(path, &st) < 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int make_function(const struct gadget *self)
{
    char path[GADGET_PATH_SIZE];
    gadget_path(path, "%s/usb_gadget/%s", self->place->configfs, self->config.name);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return -errno;
    gadget_path(path, "%s/usb_gadget/%s/functions/ffs.%s", self->place->configfs, self->config.name, self->ffs);
    return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int mount_instance(struct gadget *self)
{
    char path[GADGET_PATH_SIZE];
    int r = make_folder(self->place->run);
    if (r >= 0)
        r = make_folder(gadget_ffs_path(self, "", path) ? path : "");
    if (r < 0)
        return r;
    if (mount(self->ffs, path, "functionfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "rmode=0500,fmode=0600") < 0)
        return errno == ENODEV ? -ENOTSUP : -errno;
    self->ffs_mounted = true;
    return 0;
}

int gadget_prepare_ffs_at(const struct gadget_place *place, const char *name)
{
    struct gadget self = {.place = place, .config.name = name};
    gadget_ffs_name(&self);
    gadget_ffs_unmount(&self);
    int r = gadget_remove(place, name, NULL);
    if (r >= 0)
        r = make_function(&self);
    if (r >= 0)
        r = mount_instance(&self);
    if (r < 0)
        (void)gadget_remove(place, name, NULL);
    return r;
}

int gadget_prepare_ffs(const char *name)
{
    return gadget_prepare_ffs_at(&gadget_place_default, name);
}

static int open_file(const struct gadget *self, const char *file)
{
    char path[GADGET_PATH_SIZE];
    gadget_ffs_path(self, file, path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int open_endpoints(const struct gadget *self, int fds[3])
{
    _cleanup_close_ int in = open_file(self, "ep1");
    if (in < 0)
        return in;
    int out = open_file(self, "ep2");
    if (out < 0)
        return out;
    fds[0] = -1;
    fds[1] = take_fd(&in);
    fds[2] = out;
    return 0;
}

int gadget_open_ffs(struct gadget *self, int fds[3])
{
    if (!(self->kernel.functions & 1u << GADGET_BIG_CD))
        return -ENOTSUP;
    if (gadget_has(self, GADGET_BIG_CD) && gadget_is_bound(self))
        return open_endpoints(self, fds);
    gadget_down(self);
    int r = make_function(self);
    if (r >= 0 && !self->ffs_mounted)
        r = mount_instance(self);
    if (r < 0)
        return r;
    int ep0 = open_file(self, "ep0");
    if (ep0 < 0)
        return ep0;
    fds[0] = ep0;
    fds[1] = fds[2] = -1;
    return 0;
}
