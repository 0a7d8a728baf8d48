/* Media behind a gadget's drives: a block device that we attached ourselves to a socket of the gateway, and nothing
 * else, ever. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "gateway/helper/helper.h"
#include "usbgadget/big_cd.h"

#define READ_AHEAD_KB 1024

#define DISC_BLOCK 2048
#define DISK_BLOCK 512

enum { HAS_FLAGS = 1, READ_ONLY = 2 }; /* of HELPER_NBD_FLAGS */

/* One end of a pair that somebody on this machine reads, not a file and not the network. */
static bool is_local_stream(int fd)
{
    int domain = 0, type = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0)
        return false;
    size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
        return false;
    int listens = 0;
    size = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0)
        return false;
    return domain == AF_UNIX && type == SOCK_STREAM && !listens;
}

static bool refuse(const struct helper_question *question, int error, const char *why)
{
    helper_answer(question->dongle->helper, question->serial, error, why);
    return false;
}

static bool has_drive(const struct helper_question *question, unsigned drive)
{
    if (drive < question->dongle->target->drives)
        return true;
    return refuse(question, -ENODEV, "The target has no such drive.");
}

static void detach(struct helper_dongle *self, unsigned drive)
{
    struct helper_medium *medium = &self->media[drive];
    if (!medium->attached)
        return;
    nbd_device_disconnect(medium->nbd);
    *medium = (struct helper_medium){0};
}

static const char *explain_connect(int error)
{
    switch (error) {
    case -ENOENT:
        return "The kernel has no network block devices; load the module nbd.";
    case -EBUSY:
        return "All network block devices are in use; load the module nbd with a larger nbds_max.";
    case -ETIMEDOUT:
        return "The medium's first blocks did not come in time; look whether its source answers, and insert it again.";
    default:
        return "The kernel does not take the medium.";
    }
}

static const char *explain_lun(int error)
{
    switch (error) {
    case -EBUSY:
        return "The target holds the drive's door.";
    case -ERANGE:
        return "The image is too small: a disc needs 300 blocks of 2048 bytes.";
    case -EFBIG:
        return "The kernel cannot show a disc of this size.";
    case -EINVAL:
        return "The image's size is no multiple of the block size (2048 bytes of a disc, 512 of a disk).";
    default:
        return "The drive does not take the medium.";
    }
}

static bool check_insert(const struct helper_question *question, const struct helper_insert *insert)
{
    const struct helper_medium *medium = &question->dongle->media[insert->drive];
    if (!has_drive(question, insert->drive))
        return false;
    if (!question->dongle->gadget)
        return refuse(question, -ENODEV, question->dongle->trouble);
    /* the kernel looks at a new medium while we wait; a server that stalls would make a short press a long one */
    if (helper_panel_presses(question->dongle->helper))
        return refuse(question, -EBUSY, "A button is being pressed; insert the medium when it is let go.");
    if (medium->attached)
        return refuse(question, -EBUSY, "There is a medium in the drive; eject it first.");
    if (insert->cdrom && insert->size > BIG_CD_KERNEL_LIMIT)
        return refuse(question, -EFBIG, "The kernel cannot show a disc of this size.");
    if ((insert->flags & ~HELPER_NBD_FLAGS) || !is_local_stream(question->fds[0]))
        return refuse(question, -EINVAL, "That is no medium.");
    return true;
}

/* The kernel looks for partitions. */
static int connect_device(struct helper *helper, const struct nbd_device_config *config, int fd, unsigned *ret)
{
    unsigned nbd = 0;
    int r = nbd_device_attach(config, &fd, 1, &nbd);
    if (r < 0)
        return r;
    helper_guard_begin(helper->guard, &nbd, 1);
    r = nbd_device_settle(nbd, config);
    if (helper_guard_end(helper->guard))
        r = -ETIMEDOUT;
    if (r < 0)
        nbd_device_disconnect(nbd); /* nobody minds when it is already */
    else
        *ret = nbd;
    return r;
}

void helper_drives_guard(struct helper_dongle *self)
{
    unsigned indexes[GADGET_LUNS], n = 0;
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        if (self->media[i].attached)
            indexes[n++] = self->media[i].nbd;
    helper_guard_begin(self->helper->guard, indexes, n);
}

void helper_drives_unguard(struct helper_dongle *self)
{
    (void)helper_guard_end(self->helper->guard);
}

void helper_drive_insert(const struct helper_question *question, const struct helper_insert *insert)
{
    struct helper_dongle *self = question->dongle;
    struct helper_medium *medium = &self->media[insert->drive];
    char path[32];
    if (!check_insert(question, insert))
        return;
    struct nbd_device_config config = {
        .size = insert->size,
        .block_size = insert->cdrom ? DISC_BLOCK : DISK_BLOCK,
        .flags = (uint16_t)(insert->flags | HAS_FLAGS | (insert->read_only ? READ_ONLY : 0)),
        .timeout_s = insert->read_only ? NBD_DEVICE_TIMEOUT_S : NBD_DEVICE_WRITE_TIMEOUT_S,
        .dead_s = NBD_DEVICE_DEAD_S,
    };
    unsigned nbd = 0;
    int r = connect_device(self->helper, &config, question->fds[0], &nbd);
    if (r < 0) {
        log_error("helper", "target %s, drive %u: no block device: %s", self->target->name, insert->drive,
                  strerror(-r));
        refuse(question, r, explain_connect(r));
        return;
    }
    *medium = (struct helper_medium){
        .attached = true, .nbd = nbd, .config = config, .cdrom = insert->cdrom, .read_only = insert->read_only};
    nbd_device_set_read_ahead(nbd, READ_AHEAD_KB);
    nbd_device_path(nbd, path, sizeof path);
    helper_drives_guard(self);
    r = gadget_lun_insert(self->gadget, insert->drive, path, insert->cdrom, insert->read_only);
    helper_drives_unguard(self);
    if (r < 0) {
        log_error("helper", "target %s, drive %u: %s: %s", self->target->name, insert->drive, path, strerror(-r));
        detach(self, insert->drive);
    }
    helper_answer(self->helper, question->serial, r, r < 0 ? explain_lun(r) : NULL);
    helper_tell(self);
}

void helper_drive_reconnect(const struct helper_question *question, const struct helper_drive *drive)
{
    struct helper_medium *medium = &question->dongle->media[drive->drive];
    if (!has_drive(question, drive->drive))
        return;
    if (!medium->attached || !is_local_stream(question->fds[0])) {
        refuse(question, medium->attached ? -EINVAL : -ENOENT, "There is no medium in the drive.");
        return;
    }
    int r = nbd_device_reconnect(medium->nbd, &medium->config, question->fds, 1);
    helper_answer(question->dongle->helper, question->serial, r,
                  r < 0 ? "The kernel has given up the medium; eject it and insert it again." : NULL);
}

void helper_drive_eject(const struct helper_question *question, const struct helper_drive *drive)
{
    struct helper_dongle *self = question->dongle;
    if (!has_drive(question, drive->drive))
        return;
    helper_drives_guard(self);
    int r = self->gadget ? gadget_lun_eject(self->gadget, drive->drive, drive->force) : 0;
    helper_drives_unguard(self);
    if (r == 0 || drive->force)
        detach(self, drive->drive);
    helper_answer(self->helper, question->serial, r, r < 0 ? explain_lun(r) : NULL);
    helper_tell(self);
}

void helper_drives_watch(struct helper_dongle *self)
{
    for (unsigned i = 0; i < GADGET_LUNS && self->gadget; i++)
        if (self->media[i].attached && gadget_lun_loaded(self->gadget, i) == 0)
            detach(self, i);
}

void helper_drives_end(struct helper_dongle *self)
{
    helper_drives_guard(self);
    for (unsigned i = 0; i < GADGET_LUNS; i++) {
        if (self->media[i].attached && self->gadget)
            gadget_lun_eject(self->gadget, i, true);
        detach(self, i);
    }
    helper_drives_unguard(self);
}
