/* The files beside the notes: overlays (what was written over media that are only read) and digests (what a peer's file
 * was). Their names say whose they are: TARGET.DRIVE.IDENTITY, with ".tmp" behind an overlay that is not kept. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "gateway/drives/drives_internal.h"

#define NAME_SIZE 200

static void file_name(const struct slot *self, const uint8_t *bytes, const char *end, char room[NAME_SIZE])
{
    int n = snprintf(room, NAME_SIZE, "%s.%u.", self->owner->target->target.name, self->index);
    for (unsigned i = 0; i < 16; i++)
        n += snprintf(room + n, NAME_SIZE - (size_t)n, "%02x", bytes[i]);
    snprintf(room + n, NAME_SIZE - (size_t)n, "%s", end);
}

static void overlay_name(const struct slot *self, const struct drive_note *note, char room[NAME_SIZE])
{
    if (note->overlay == MEDIUM_OVERLAY_KEEP)
        file_name(self, note->identity, "", room);
    else
        file_name(self, note->id, ".tmp", room);
}

static int open_folder(const struct drives *self, const char *what)
{
    char path[CONFIG_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/gateway/%s", self->target->gateway->setup.state, what);
    if (mkdirat(AT_FDCWD, path, 0700) < 0 && errno != EEXIST)
        return -errno;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int open_file(const struct slot *self, const char *what, const char *name)
{
    _cleanup_close_ int folder = open_folder(self->owner, what);
    if (folder < 0)
        return folder;
    int fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    int r = -errno;
    log_error("drives", "target %s: %s/%s cannot be opened: %s", self->owner->target->target.name, what, name,
              strerror(-r));
    return r;
}

static void drop_file(const struct slot *self, const char *what, const char *name)
{
    _cleanup_close_ int folder = open_folder(self->owner, what);
    if (folder >= 0)
        unlinkat(folder, name, 0);
}

int slot_overlay_open(const struct slot *self, const struct drive_note *note)
{
    char name[NAME_SIZE];
    overlay_name(self, note, name);
    return open_file(self, "overlays", name);
}

void slot_overlay_drop(const struct slot *self)
{
    char name[NAME_SIZE];
    if (self->note.overlay != MEDIUM_OVERLAY_DISCARD)
        return;
    overlay_name(self, &self->note, name);
    drop_file(self, "overlays", name);
}

int slot_digest_open(const struct slot *self, const struct drive_note *note)
{
    char name[NAME_SIZE];
    file_name(self, note->id, "", name);
    return open_file(self, "digests", name);
}

void slot_digest_drop(const struct slot *self)
{
    char name[NAME_SIZE];
    if (self->note.origin != MEDIUM_STREAM)
        return;
    file_name(self, self->note.id, "", name);
    drop_file(self, "digests", name);
}

/* Calls for each file of that folder that is a drive's of this target. */
static unsigned each_file(const struct drives *self, const char *what,
                          bool (*wanted)(const struct drives *self, const char *name, const void *data),
                          const void *data)
{
    int fd = open_folder(self, what);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    size_t n = strlen(self->target->target.name);
    unsigned removed = 0;
    if (!folder && fd >= 0)
        close(fd);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (!strncmp(entry->d_name, self->target->target.name, n) && entry->d_name[n] == '.' &&
            wanted(self, entry->d_name + n + 1, data) && unlinkat(dirfd(folder), entry->d_name, 0) == 0)
            removed++;
    if (folder)
        closedir(folder);
    return removed;
}

/* rest: behind the target's name. Whether no drive's medium needs it. */
static bool is_stale(const struct drives *self, const char *rest, const void *data)
{
    const bool digests = data;
    const size_t skip = strlen(self->target->target.name) + 1;
    size_t n = strlen(rest);
    char name[NAME_SIZE];
    if (!digests && (n < 4 || strcmp(rest + n - 4, ".tmp") != 0))
        return false; /* kept */
    for (unsigned i = 0; i < DRIVES_MAX; i++) {
        const struct slot *slot = &self->slots[i];
        if (digests)
            file_name(slot, slot->note.id, "", name);
        else
            overlay_name(slot, &slot->note, name);
        if (slot->offer.exported && !strcmp(name + skip, rest))
            return false;
        /* one of the library is opened on a thread, and not offered yet */
        if (slot->busy)
            return false;
    }
    return true;
}

void drive_files_sweep(const struct drives *self)
{
    each_file(self, "digests", is_stale, "digests");
    each_file(self, "overlays", is_stale, NULL);
}

static bool is_of_drive(const struct drives *self, const char *rest, const void *data)
{
    (void)self;
    return rest[0] == '0' + (char)*(const unsigned *)data && rest[1] == '.';
}

void drives_overlay_discard(struct drives *self, unsigned drive, target_done_fn *done, void *data)
{
    const struct slot *slot = drives_slot(self, drive);
    if (!slot)
        done(data, -ENODEV, "The target has no such drive.");
    else if (slot->busy || slot->offer.exported)
        done(data, -EBUSY, "A medium is in the drive: eject it first.");
    else if (each_file(self, "overlays", is_of_drive, &drive) == 0)
        done(data, -ENOENT, "Nothing that was written in this drive is kept.");
    else
        done(data, 0, NULL);
}
