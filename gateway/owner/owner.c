#include "gateway/owner/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/fd_write.h"

static int refuse(int code, const char *sentence, const char *thing)
{
    fprintf(stderr, "lightsoutd: ");
    fprintf(stderr, "%s: %s\n", thing, sentence);
    return code;
}

static int load_config(const struct options *options, struct owner *self)
{
    struct stat st;
    self->config_path = options->config ? options->config : CONFIG_DEFAULT_PATH;
    if (!options->config && stat(self->config_path, &st) < 0 && errno == ENOENT)
        return config_default(&self->config);
    struct config_mistakes *mistakes = calloc(1, sizeof *mistakes);
    int r = mistakes ? config_load(self->config_path, mistakes, &self->config) : -ENOMEM;
    if (r < 0 && mistakes)
        config_print_mistakes(stderr, self->config_path, mistakes);
    free(mistakes);
    return r;
}

int owner_open(const struct options *options, struct owner *ret)
{
    struct owner self = {.state_fd = -1, .keeper_fd = -1, .lock_fd = -1};
    char why[600] = "";
    struct stat st;
    *ret = self;
    if (load_config(options, &self) < 0)
        return EXIT_CONFIG;
    *ret = self;
    if (uid_choose(self.config->user, &self.user, why, sizeof why) < 0)
        return refuse(EXIT_USER, why, "user");
    uid_choose_own(UID_KEEPER_USER, &self.user, &self.keeper);
    if (options_state_path(options, self.config, self.state, sizeof self.state) < 0)
        return refuse(EXIT_STATE, "there is no place for it; give one with --state", "state folder");
    *ret = self;
    self.state_fd = open(self.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self.state_fd < 0 || fstat(self.state_fd, &st) < 0)
        return errno == ENOENT ? EXIT_FINE : refuse(EXIT_STATE, strerror(errno), self.state);
    ret->state_fd = self.state_fd;
    /* what is written must become the parts' own; what is only read is open to whoever can */
    if (!options->backup && geteuid() != 0 && geteuid() != st.st_uid)
        return refuse(EXIT_STATE, "only root and the owner of this folder may do that", self.state);
    ret->keeper_fd = openat(self.state_fd, "keeper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (ret->keeper_fd < 0 && errno != ENOENT)
        return refuse(EXIT_STATE, "its keeper's folder cannot be opened: run this as root", self.state);
    return EXIT_FINE;
}

void owner_close(struct owner *self)
{
    const int fds[] = {self->state_fd, self->keeper_fd, self->lock_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    self->config = config_destroy(self->config);
}

bool owner_lock(struct owner *self)
{
    int fd = openat(self->state_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT; /* it has never run here */
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return false;
    }
    self->lock_fd = fd;
    return true;
}

int owner_put(int folder_fd, const char *name, const void *bytes, size_t size)
{
    char temporary[300];
    struct stat st;
    int n = snprintf(temporary, sizeof temporary, "%s.new", name);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return -ENAMETOOLONG;
    if (fstat(folder_fd, &st) < 0)
        return -errno;
    unlinkat(folder_fd, temporary, 0);
    _cleanup_close_ int fd = openat(folder_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0 ? -errno : 0;
    r = r ? r : fd_write_all(fd, bytes, size);
    if (r == 0 && (fsync(fd) < 0 || renameat(folder_fd, temporary, folder_fd, name) < 0 || fsync(folder_fd) < 0))
        r = -errno;
    if (r < 0)
        unlinkat(folder_fd, temporary, 0);
    return r;
}
