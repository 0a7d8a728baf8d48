#include "gateway/owner/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)

int state_path(const struct state *self, const char *part, const char *name, const char *file, char *room, size_t size)
{
    int n = snprintf(room, size, "%s/%s%s%s%s%s", self->path, part, name ? "/" : "", name ? name : "", file ? "/" : "",
                     file ? file : "");
    return n > 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

/* All parents too, as mkdir -p does; those are nobody's secret, the folder itself is. */
static int make_parents(const char *path)
{
    char prefix[CONFIG_PATH_MAX];
    for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
        snprintf(prefix, sizeof prefix, "%.*s", (int)(slash - path), path);
        if (mkdir(prefix, 0755) < 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

/* One folder of the user. By descriptor and without following links: the user may write the folder above, and root must
 * not be led to give away something else. */
static int make_folder(int parent, const char *name, const struct uid_choice *user, mode_t mode)
{
    if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    /* ours so far: just made, or by root before */
    bool give = user->drop && st.st_uid != user->uid && (st.st_uid == 0 || st.st_uid == geteuid());
    if (give && fchown(fd, user->uid, user->gid) < 0)
        return -errno;
    if ((st.st_mode & 0777) != mode && fchmod(fd, mode) < 0)
        return -errno;
    return take_fd(&fd);
}

static int make_target(int parent, const char *name, const struct uid_choice *user)
{
    int fd = make_folder(parent, name, user, 0700);
    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

static int make_targets(int parent, const struct config *config, const struct uid_choice *user)
{
    int r = 0;
    for (unsigned i = 0; r == 0 && i < config->n_targets; i++)
        if (config->targets[i]->machine == CONFIG_QEMU)
            r = make_target(parent, config->targets[i]->name, user);
    return r;
}

static int make_layout(int fd, const struct config *config, const struct uid_choice *user,
                       const struct uid_choice *keeper, const char **ret_what)
{
    static const char *const folders[] = {"keeper", "gateway", "library", "recordings", "run", "vm"};
    for (unsigned i = 0; i < ARRAY_SIZE(folders); i++) {
        *ret_what = folders[i];
        _cleanup_close_ int part = make_folder(fd, folders[i], i == 0 ? keeper : user, 0700);
        if (part < 0)
            return part;
        int r = i >= 4 ? make_targets(part, config, user) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

static int open_folder(const char *path, const struct uid_choice *user, const struct uid_choice *keeper, char *why,
                       size_t why_size)
{
    int r = make_parents(path);
    if (r < 0) {
        WHY("state folder %s cannot be created: %s; give another with --state", path, strerror(-r));
        return r;
    }
    /* a keeper of its own passes through to its part, and sees nothing else */
    _cleanup_close_ int fd = make_folder(AT_FDCWD, path, user, keeper->uid == user->uid ? 0700 : 0711);
    if (fd < 0) {
        WHY("state folder %s cannot be used: %s; make it writable, or give another with --state", path, strerror(-fd));
        return fd;
    }
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_uid != user->uid) {
        WHY("state folder %s belongs to user %u, not to %s; run chown -R %s on it, or give another with --state", path,
            (unsigned)st.st_uid, user->name, user->name);
        return -EACCES;
    }
    char closed[CONFIG_PATH_MAX];
    if (user->drop && uid_can_reach(user, path, closed, sizeof closed) == -EACCES) {
        WHY("state folder %s is out of reach for user %s, who cannot enter %s; give another with --state", path,
            user->name, closed);
        return -EACCES;
    }
    return take_fd(&fd);
}

static int take_lock(int folder, const char *path, char *why, size_t why_size)
{
    _cleanup_close_ int fd = openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        int r = -errno;
        WHY("state folder %s is not writable: %s; make it writable, or give another with --state", path, strerror(-r));
        return r;
    }
    char pid[16] = "";
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
        pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
        WHY("state folder %s is in use by another lightsoutd (process %s); stop that one, or give another with --state",
            path, *pid ? pid : "unknown");
        return -EBUSY;
    }
    int n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
        WHY("state folder %s cannot be written: %s; make room on its disk", path, strerror(errno));
        return -EIO;
    }
    return take_fd(&fd);
}

/* Socket addresses are short, and a name that is cut would be another one. */
static int check_length(const struct state *self, const char *name, char *why, size_t why_size)
{
    char path[CONFIG_PATH_MAX + 100];
    struct sockaddr_un address;
    int r = state_path(self, "run", name, "serial0.sock", path, sizeof path);
    if (r == 0 && strlen(path) < sizeof address.sun_path)
        return 0;
    WHY("state folder %s has too long a name for the sockets of target %s; give a shorter one with --state", self->path,
        name);
    return -ENAMETOOLONG;
}

static int check_lengths(const struct state *self, const struct config *config, char *why, size_t why_size)
{
    int r = 0;
    for (unsigned i = 0; r == 0 && i < config->n_targets; i++)
        r = check_length(self, config->targets[i]->name, why, why_size);
    return r;
}

int state_open(const char *path, const struct config *config, const struct uid_choice *user,
               const struct uid_choice *keeper, struct state *ret, char *why, size_t why_size)
{
    struct state self = {.lock_fd = -1};
    if (strlen(path) >= 80) {
        WHY("state folder %.100s has too long a name for sockets; give one of at most 79 characters with --state",
            path);
        return -ENAMETOOLONG;
    }
    snprintf(self.path, sizeof self.path, "%s", path);
    int r = check_lengths(&self, config, why, why_size);
    if (r < 0)
        return r;
    _cleanup_close_ int folder = open_folder(path, user, keeper, why, why_size);
    if (folder < 0)
        return folder;
    _cleanup_close_ int lock = take_lock(folder, path, why, why_size);
    if (lock < 0)
        return lock;
    const char *what = "";
    r = make_layout(folder, config, user, keeper, &what);
    if (r < 0) {
        WHY("state folder %s: %s cannot be made: %s; make it writable, or give another with --state", path, what,
            strerror(-r));
        return r;
    }
    self.lock_fd = take_fd(&lock);
    *ret = self;
    return 0;
}

int state_add_target(const struct state *self, const char *name, const struct uid_choice *user, char *why,
                     size_t why_size)
{
    static const char *const parts[] = {"run", "vm"};
    char path[CONFIG_PATH_MAX];
    int r = check_length(self, name, why, why_size);
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++) {
        r = state_path(self, parts[i], NULL, NULL, path, sizeof path);
        _cleanup_close_ int part = r < 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = r < 0 ? r : part < 0 ? -errno : make_target(part, name, user);
        if (r < 0)
            WHY("folder %s in %s cannot be made: %s; make it writable", name, path, strerror(-r));
    }
    return r;
}

void state_close(struct state *self)
{
    if (self->lock_fd >= 0)
        close(self->lock_fd);
    self->lock_fd = -1;
}
