/* lightsoutd --restore FILE: the backup is read to its end before anything is written; then it is laid down beside and
 * takes the keeper's folder's place in one step. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/keeper/owner_notes.h"
#include "core/cleanup.h"
#include "gateway/config/config_store.h"
#include "gateway/owner/backup_files.h"
#include "gateway/owner/owner.h"
#include "gateway/owner/owner_passphrase.h"
#include "gateway/owner/owner_remove.h"
#include "gateway/owner/state.h"

#define STAGING "keeper.restoring"
#define CONFIGURATION "restored-configuration"

struct places {
    int keeper, gateway, configuration, settings;
    bool store, configured;
};

static int put(void *data, enum backup_folder folder, const char *name, const void *bytes, size_t size)
{
    struct places *self = data;
    self->store = self->store || (folder == BACKUP_KEEPER && strcmp(name, "keeper.db") == 0);
    self->configured = self->configured || folder == BACKUP_CONFIGURATION;
    if (self->keeper < 0)
        return 0; /* only looked at */
    const int places[BACKUP_FOLDERS] = {[BACKUP_KEEPER] = self->keeper,
                                        [BACKUP_GATEWAY] = self->gateway,
                                        [BACKUP_CONFIGURATION] = self->configuration,
                                        [BACKUP_SETTINGS] = self->settings};
    return owner_put(places[folder], name, bytes, size);
}

static int read_backup(const char *path, const char *passphrase, struct places *places)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct backup_seal *seal = NULL;
    int r = backup_seal_open(fd, passphrase, &seal);
    r = r ? r : backup_each(seal, put, places);
    backup_seal_destroy(seal);
    return r == 0 && !places->store ? -EBADMSG : r;
}

/* A new, empty folder like the one beside it. */
static int make_folder(int parent, const char *name, const struct stat *like)
{
    int r = owner_remove(parent, name);
    if (r < 0)
        return r;
    if (mkdirat(parent, name, 0700) < 0)
        return -errno;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (geteuid() == 0 && fchown(fd, like->st_uid, like->st_gid) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    return fd;
}

static int exchange(int state)
{
    if (renameat2(state, STAGING, state, "keeper", RENAME_EXCHANGE) < 0 || fsync(state) < 0)
        return -errno;
    return owner_remove(state, STAGING); /* what was there before */
}

/* What the page has set is the supervisor's alone: whose it was before, else that of a service that is not root. */
static struct stat of_supervisor(int state)
{
    struct stat st = {.st_uid = 0};
    const struct passwd *user = getpwnam(UID_SUPERVISOR_USER);
    if (fstatat(state, CONFIG_STORE_FOLDER, &st, AT_SYMLINK_NOFOLLOW) < 0 && user)
        st = (struct stat){.st_uid = user->pw_uid, .st_gid = user->pw_gid};
    return st;
}

static int lay_down(const struct owner *self, const char *path, const char *passphrase, bool *ret_configured)
{
    struct stat keeper, state;
    struct places looked = {.keeper = -1, .gateway = -1, .configuration = -1, .settings = -1};
    int r = read_backup(path, passphrase, &looked);
    if (r < 0)
        return r;
    *ret_configured = looked.configured;
    if (fstat(self->keeper_fd, &keeper) < 0 || fstat(self->state_fd, &state) < 0)
        return -errno;
    _cleanup_close_ int gateway = openat(self->state_fd, "gateway", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (gateway < 0)
        return -errno;
    _cleanup_close_ int staging = make_folder(self->state_fd, STAGING, &keeper);
    if (staging < 0)
        return staging;
    _cleanup_close_ int configuration = looked.configured ? make_folder(self->state_fd, CONFIGURATION, &state) : -1;
    if (looked.configured && configuration < 0)
        return configuration;
    struct stat supervisor = of_supervisor(self->state_fd);
    _cleanup_close_ int settings = make_folder(self->state_fd, CONFIG_STORE_FOLDER, &supervisor);
    if (settings < 0)
        return settings;
    struct places places = {
        .keeper = staging, .gateway = gateway, .configuration = configuration, .settings = settings};
    r = read_backup(path, passphrase, &places);
    r = r ? r : owner_put(staging, RESTORED_FILE, "", 0);
    if (r == 0)
        return exchange(self->state_fd);
    owner_remove(self->state_fd, STAGING);
    return r;
}

static const char *explain(int error)
{
    switch (error) {
    case -EINVAL:
        return "this is no backup of lightsout";
    case -EPROTONOSUPPORT:
        return "made by another version of lightsout: restore it with that one";
    case -EACCES:
        return "another passphrase, or not readable";
    case -EBADMSG:
        return "it was cut or changed: take another copy of it. Nothing was changed here";
    default:
        return strerror(-error);
    }
}

/* The folder as lightsoutd makes it at its first start, and its lock. */
static int prepare(const struct options *options, struct owner *self, struct state *state)
{
    char why[600] = "";
    int r = state_open(self->state, self->config, &self->user, &self->keeper, state, why, sizeof why);
    if (r < 0) {
        fprintf(stderr, "lightsoutd: %s\n", why);
        return r == -EBUSY ? EXIT_RUNNING : EXIT_STATE;
    }
    owner_close(self);
    r = owner_open(options, self);
    if (r == EXIT_FINE && faccessat(self->keeper_fd, "keeper.db", F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
        !options->replace) {
        fprintf(stderr,
                "lightsoutd: %s has a store already: give --replace to put the backup in its place, or another folder "
                "with --state\n",
                self->state);
        r = EXIT_STATE;
    }
    return r;
}

static int restore(const struct options *options, const struct owner *self)
{
    char passphrase[BACKUP_PASSPHRASE_MAX] = "";
    bool configured = false;
    int r = owner_passphrase(options->passphrase_file, false, passphrase);
    int error = r == EXIT_FINE ? lay_down(self, options->restore, passphrase, &configured) : 0;
    explicit_bzero(passphrase, sizeof passphrase);
    if (error < 0) {
        fprintf(stderr, "lightsoutd: backup %s: %s\n", options->restore, explain(error));
        return EXIT_FAILED;
    }
    if (r != EXIT_FINE)
        return r;
    printf("%s is what the backup holds. Start lightsout; nobody is logged in.\n", self->state);
    if (configured)
        printf("The configuration is in %s/" CONFIGURATION ": look it over, and put it where it belongs.\n",
               self->state);
    return EXIT_FINE;
}

int owner_restore(const struct options *options)
{
    struct owner self;
    struct state state = {.lock_fd = -1};
    int r = owner_open(options, &self);
    if (r == EXIT_FINE)
        r = prepare(options, &self, &state);
    if (r == EXIT_FINE)
        r = restore(options, &self);
    state_close(&state);
    owner_close(&self);
    return r;
}
