#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "usbgadget/big_cd.h"
#include "usbgadget/gadget_internal.h"

#define CD_BLOCK 2048u
#define DISK_BLOCK 512u
#define CD_LEAST (300u * CD_BLOCK) /* the kernel refuses smaller ones */
#define ETOOSMALL 525              /* of the kernel's insides; no name for it reaches user space */
#define UNLOCK_US 1000000
#define UNLOCK_STEP_US 5000

static const char *lun_path(const struct gadget *self, unsigned lun, const char *attribute, char room[GADGET_PATH_SIZE])
{
    return gadget_path(room, "%s/usb_gadget/%s/functions/" GADGET_STORAGE_FUNCTION "/lun.%u/%s", self->place->configfs,
                       self->config.name, lun, attribute);
}

static int lun_write(const struct gadget *self, unsigned lun, const char *attribute, const char *text)
{
    char path[GADGET_PATH_SIZE];
    return gadget_attr_write(self->place, lun_path(self, lun, attribute, path), text);
}

static int lun_file(const struct gadget *self, unsigned lun, char room[PATH_MAX])
{
    char path[GADGET_PATH_SIZE];
    return gadget_attr_read(self->place, lun_path(self, lun, "file", path), room, PATH_MAX);
}

static bool lun_flag(const struct gadget *self, unsigned lun, const char *attribute)
{
    char path[GADGET_PATH_SIZE], text[16];
    return gadget_attr_read(self->place, lun_path(self, lun, attribute, path), text, sizeof text) >= 0 &&
           text[0] == '1';
}

static bool lun_there(const struct gadget *self, unsigned lun)
{
    char path[GADGET_PATH_SIZE];
    return gadget_attr_exists(self->place, lun_path(self, lun, "file", path));
}

/* --- what may go in --- */

static int size_of(const char *path, uint64_t *ret)
{
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (S_ISREG(st.st_mode)) {
        *ret = (uint64_t)st.st_size;
        return 0;
    }
    if (!S_ISBLK(st.st_mode))
        return -ENOTBLK;
    return ioctl(fd, BLKGETSIZE64, ret) < 0 ? -errno : 0;
}

/* The kernel cuts too large discs and odd ends without a word. */
static int check(const char *path, bool cdrom)
{
    uint64_t size = 0;
    int r = size_of(path, &size);
    if (r < 0)
        return r;
    if (size % (cdrom ? CD_BLOCK : DISK_BLOCK))
        return -EINVAL;
    if (cdrom && size > BIG_CD_KERNEL_LIMIT)
        return -EFBIG;
    return size < (cdrom ? CD_LEAST : DISK_BLOCK) ? -ERANGE : 0;
}

/* --- changing --- */

static int set_kind(const struct gadget *self, unsigned lun, bool cdrom, bool read_only)
{
    /* cdrom first: setting it sets ro as well */
    int r = lun_write(self, lun, "cdrom", cdrom ? "1" : "0");
    if (r >= 0 && lun_flag(self, lun, "ro") != read_only)
        r = lun_write(self, lun, "ro", read_only ? "1" : "0");
    return r;
}

static int load(const struct gadget *self, unsigned lun, const char *path)
{
    char now[PATH_MAX];
    int r = lun_write(self, lun, "file", path);
    if (r == -ETOOSMALL)
        return -ERANGE;
    if (r < 0)
        return r;
    r = lun_file(self, lun, now);
    return r < 0 ? r : now[0] ? 0 : -EIO;
}

/* A kernel without forced_eject: the thread unlocks the doors some time after the signal. */
static int eject_by_signal(struct gadget *self, unsigned lun)
{
    uint64_t limit = clock_now_us() + UNLOCK_US;
    int r = -EBUSY;
    if (!self->storage_thread || kill(self->storage_thread, SIGUSR1) < 0)
        return -EBUSY;
    while ((r = lun_write(self, lun, "file", "\n")) == -EBUSY && clock_now_us() < limit)
        usleep(UNLOCK_STEP_US);
    return r;
}

static int empty(struct gadget *self, unsigned lun, bool force)
{
    char now[PATH_MAX];
    int r = lun_file(self, lun, now);
    if (r < 0 || !now[0])
        return r;
    /* the gentle way first: forced_eject leaves the target with an error where it would have asked */
    r = lun_write(self, lun, "file", "\n");
    if (r != -EBUSY || !force)
        return r;
    r = lun_write(self, lun, "forced_eject", "1");
    return r == -ENOENT ? eject_by_signal(self, lun) : r;
}

int gadget_lun_insert(struct gadget *self, unsigned lun, const char *path, bool cdrom, bool read_only)
{
    if (lun >= GADGET_LUNS || path[0] != '/' || strlen(path) >= PATH_MAX)
        return -EINVAL;
    int r = check(path, cdrom);
    if (r < 0)
        return r;
    read_only |= cdrom;
    if (lun_there(self, lun)) {
        if (lun_flag(self, lun, "cdrom") != cdrom || lun_flag(self, lun, "ro") != read_only) {
            r = empty(self, lun, false);
            if (r >= 0)
                r = set_kind(self, lun, cdrom, read_only);
        }
        if (r >= 0)
            r = load(self, lun, path);
        if (r < 0 && gadget_lun_loaded(self, lun) == 0)
            self->media[lun].path[0] = 0; /* else the old one is still in */
        if (r < 0)
            return r;
    }
    struct gadget_medium *medium = &self->media[lun];
    (void)text_copy(medium->path, sizeof medium->path, path);
    medium->cdrom = cdrom;
    medium->read_only = read_only;
    return 0;
}

int gadget_lun_eject(struct gadget *self, unsigned lun, bool force)
{
    if (lun >= GADGET_LUNS)
        return -EINVAL;
    int r = lun_there(self, lun) ? empty(self, lun, force) : 0;
    if (r >= 0)
        self->media[lun].path[0] = 0;
    return r;
}

int gadget_lun_loaded(struct gadget *self, unsigned lun)
{
    char now[PATH_MAX];
    if (lun >= GADGET_LUNS)
        return -EINVAL;
    if (!lun_there(self, lun))
        return self->media[lun].path[0] != 0;
    int r = lun_file(self, lun, now);
    return r < 0 ? r : now[0] != 0;
}

/* --- across building anew --- */

void gadget_lun_remember(struct gadget *self)
{
    for (unsigned lun = 0; lun < GADGET_LUNS; lun++)
        if (lun_there(self, lun) && gadget_lun_loaded(self, lun) == 0)
            self->media[lun].path[0] = 0; /* the target ejected it */
}

void gadget_lun_restore(struct gadget *self)
{
    for (unsigned lun = 0; lun < GADGET_LUNS; lun++) {
        const struct gadget_medium *medium = &self->media[lun];
        if (!medium->path[0])
            continue;
        int r = set_kind(self, lun, medium->cdrom, medium->read_only);
        if (r >= 0)
            r = load(self, lun, medium->path);
        if (r < 0)
            log_error("gadget", "drive %u: %s could not be put back: %s", lun, medium->path, strerror(-r));
    }
}
