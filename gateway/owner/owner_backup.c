/* lightsoutd --backup FILE: what makes this gateway the one it is, in one sealed file; while it runs or not.
 *
 * The store is copied as kill -9 would leave it: its file and its log, read while neither was changed but by lines at
 * the log's end, and the other files of the keeper, which are the same before and after. What SQLite makes of that is
 * what it makes of it after a kill (tests/unit/keeper/test_store_cuts.c). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "auth/keeper/owner_notes.h"
#include "core/cleanup.h"
#include "core/text.h"
#include "gateway/config/config_store.h"
#include "gateway/owner/backup_files.h"
#include "gateway/owner/owner.h"
#include "gateway/owner/owner_passphrase.h"

#define STORE_LOG "keeper.db-wal"
#define LOG_HEAD 32u     /* changes when the log begins anew */
#define MOST_FILES 1600u /* up to three notes of each of 256 targets, and the keeper's */
#define TRIES 100
#define DESCRIPTORS "/proc/self/fd/"

struct copied {
    char name[BACKUP_NAME_MAX + 1];
    uint8_t *bytes;
    size_t size;
};

struct copy {
    struct copied files[MOST_FILES];
    unsigned n;
};

static void copy_drop(struct copy *self)
{
    for (unsigned i = 0; i < self->n; i++) {
        if (self->files[i].bytes)
            explicit_bzero(self->files[i].bytes, self->files[i].size);
        free(self->files[i].bytes);
    }
    self->n = 0;
}

/* ---- reading ---- */

static int read_file(int folder, const char *name, uint8_t **ret, size_t *ret_size)
{
    struct stat st;
    _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if ((uint64_t)st.st_size > BACKUP_FILE_MAX)
        return -EFBIG;
    _cleanup_free_ uint8_t *bytes = malloc((size_t)st.st_size + 1);
    size_t have = 0;
    while (bytes && have < (size_t)st.st_size) {
        ssize_t n = pread(fd, bytes + have, (size_t)st.st_size - have, (off_t)have);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            break;
        have += n > 0 ? (size_t)n : 0;
    }
    if (!bytes)
        return -ENOMEM;
    *ret = take(bytes);
    *ret_size = have;
    return 0;
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* Neither halves of files, nor older stores, nor notes that are for this place. */
static bool is_wanted(const char *name)
{
    return backup_name_is_good(name, strlen(name)) && !ends_with(name, ".new") && !ends_with(name, "-shm") &&
           !ends_with(name, "-journal") && !strstr(name, ".db.v") && strcmp(name, RECOVER_FILE) != 0 &&
           strcmp(name, RESTORED_FILE) != 0 &&
           strcmp(name, "audit.key") != 0; /* whoever opened a backup could write on in the audit log */
}

static int read_folder(int folder, struct copy *ret)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    if (!dir)
        return -errno;
    for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
        struct stat st;
        if (!is_wanted(entry->d_name) || fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(st.st_mode))
            continue;
        if (ret->n == MOST_FILES) {
            r = -E2BIG;
            break;
        }
        struct copied *file = &ret->files[ret->n];
        r = read_file(folder, entry->d_name, &file->bytes, &file->size);
        if (r == -ENOENT)
            r = -EAGAIN;
        ret->n += r == 0 && text_copy(file->name, sizeof file->name, entry->d_name); /* is_wanted knows its length */
    }
    closedir(dir);
    return r;
}

/* ---- the same before and after ---- */

static const struct copied *find(const struct copy *copy, const char *name)
{
    for (unsigned i = 0; i < copy->n; i++)
        if (strcmp(copy->files[i].name, name) == 0)
            return &copy->files[i];
    return NULL;
}

static bool same_file(const struct copied *before, const struct copied *after)
{
    size_t size = before->size;
    if (strcmp(before->name, STORE_LOG) == 0 && size >= LOG_HEAD && after->size >= size)
        size = LOG_HEAD; /* what came behind is of later */
    else if (after->size != size)
        return false;
    return memcmp(before->bytes, after->bytes, size) == 0;
}

/* Both are read whole, so what was changed while the first was read is seen in the second. */
static bool same(const struct copy *before, const struct copy *after)
{
    if (before->n != after->n)
        return false;
    for (unsigned i = 0; i < before->n; i++) {
        const struct copied *file = find(after, before->files[i].name);
        if (!file || !same_file(&before->files[i], file))
            return false;
    }
    return true;
}

/* The log is read last in neither pass for sure: it may be older than the store's file only if that has changed, which
 * the second pass sees. */
static int read_keeper(int folder, struct copy *ret)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    int r = -EAGAIN;
    for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
        struct copy after = {0};
        r = read_folder(folder, ret);
        r = r ? r : read_folder(folder, &after);
        if (r == 0 && !same(ret, &after))
            r = -EAGAIN;
        copy_drop(&after);
        if (r == -EAGAIN) {
            copy_drop(ret);
            nanosleep(&pause, NULL);
        }
    }
    return r;
}

/* ---- what goes in ---- */

static int put_all(struct backup_seal *seal, enum backup_folder folder, const struct copy *copy)
{
    int r = 0;
    for (unsigned i = 0; i < copy->n && r == 0; i++)
        r = backup_put(seal, folder, copy->files[i].name, copy->files[i].bytes, copy->files[i].size);
    return r;
}

static int put_folder(struct backup_seal *seal, enum backup_folder folder, int fd)
{
    struct copy copy = {0};
    int r = folder == BACKUP_KEEPER ? read_keeper(fd, &copy) : read_folder(fd, &copy);
    r = r ? r : put_all(seal, folder, &copy);
    copy_drop(&copy);
    return r;
}

static int put_path(struct backup_seal *seal, const char *path, const char *name)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (!*path)
        return 0;
    int r = read_file(AT_FDCWD, path, &bytes, &size);
    if (r == -ENOENT || r == -ELOOP || r == -EINVAL)
        return 0; /* a configuration that is not there, or no plain file, is the owner's affair */
    r = r ? r : backup_put(seal, BACKUP_CONFIGURATION, name, bytes, size);
    if (bytes)
        explicit_bzero(bytes, size);
    free(bytes);
    return r;
}

static int put_configuration(struct backup_seal *seal, const struct owner *owner)
{
    int r = put_path(seal, owner->config_path, "lightsout.conf");
    r = r ? r : put_path(seal, owner->config->certificate, "certificate.pem");
    return r ? r : put_path(seal, owner->config->certificate_key, "certificate-key.pem");
}

/* A folder that may not be there. */
static int put_beside(struct backup_seal *seal, enum backup_folder folder, int parent, const char *name)
{
    _cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? (errno == ENOENT ? 0 : -errno) : put_folder(seal, folder, fd);
}

static int put_everything(struct backup_seal *seal, const struct owner *owner)
{
    int r = put_folder(seal, BACKUP_KEEPER, owner->keeper_fd);
    r = r ? r : put_beside(seal, BACKUP_GATEWAY, owner->state_fd, "gateway");
    r = r ? r : put_beside(seal, BACKUP_SETTINGS, owner->state_fd, CONFIG_STORE_FOLDER);
    r = r ? r : put_configuration(seal, owner);
    return r ? r : backup_put_end(seal);
}

/* A file that has no name: the supervisor's, which hands it on (supervisor_backup.c). */
static int write_descriptor(const struct owner *owner, const char *path, const char *passphrase)
{
    struct backup_seal *seal = NULL;
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = backup_seal_create(fd, passphrase, &seal);
    r = r ? r : put_everything(seal, owner);
    backup_seal_destroy(seal);
    return r;
}

/* It has its name when all of it is on the disk. */
static int write_file(const struct owner *owner, const char *path, const char *passphrase)
{
    char temporary[CONFIG_PATH_MAX];
    int n = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return -ENAMETOOLONG;
    if (strncmp(path, DESCRIPTORS, strlen(DESCRIPTORS)) == 0)
        return write_descriptor(owner, path, passphrase);
    if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    _cleanup_close_ int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    struct backup_seal *seal = NULL;
    int r = backup_seal_create(fd, passphrase, &seal);
    r = r ? r : put_everything(seal, owner);
    backup_seal_destroy(seal);
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0)
        unlink(temporary);
    return r;
}

int owner_backup(const struct options *options)
{
    struct owner self;
    char passphrase[BACKUP_PASSPHRASE_MAX] = "";
    int r = owner_open(options, &self);
    if (r == EXIT_FINE && self.keeper_fd < 0) {
        fprintf(stderr, "lightsoutd: %s: there is nothing to back up\n", self.state);
        r = EXIT_STATE;
    }
    if (r == EXIT_FINE)
        r = owner_passphrase(options->passphrase_file, true, passphrase);
    if (r == EXIT_FINE) {
        int error = write_file(&self, options->backup, passphrase);
        if (error < 0) {
            fprintf(stderr, "lightsoutd: backup %s: %s\n", options->backup,
                    error == -EAGAIN   ? "the store is changed all the time: try again"
                    : error == -EEXIST ? "there is such a file already: give another name"
                                       : strerror(-error));
            r = EXIT_FAILED;
        } else {
            printf("%s: users, second factors, tokens, audit log, certificate, device key, settings and "
                   "macros. Not in it: images, recordings, disks of machines, what was written over media.\n",
                   options->backup);
        }
    }
    explicit_bzero(passphrase, sizeof passphrase);
    owner_close(&self);
    return r;
}
