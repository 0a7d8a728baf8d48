/* What the owner finds on the boot partition, and who is told what became of the first user. */
#include "gateway/owner/first_start.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/log.h"

#define FIRST_LINE "lightsout is waiting for its set-up.\n"

/* ---- the first user ---- */

void first_start_offer(const struct config *config, struct ipc *keeper)
{
    struct first_user user;
    char why[CONFIG_PATH_MAX + 300];
    if (!config->first_user_file[0])
        return;
    int r = first_user_read(config->first_user_file, &user, why, sizeof why);
    if (r < 0)
        log_error("supervisor", "%s; nobody was set up by it", why);
    if (r == 0 && !keeper_first_user_send(keeper, user.name, user.hash))
        log_error("supervisor", "the keeper does not listen");
    explicit_bzero(user.hash, sizeof user.hash);
}

void first_start_offered(const struct config *config, const struct keeper_ready *ready)
{
    const char *path = config->first_user_file;
    switch (ready->first_user) {
    case KEEPER_FIRST_USER_MADE:
        if (unlink(path) == 0)
            log_info("supervisor", "the Administrator of %s was set up, and the file removed", path);
        else
            log_warn("supervisor", "the Administrator of %s was set up; remove the file, which cannot be done here: %s",
                     path, strerror(errno));
        break;
    case KEEPER_FIRST_USER_LATE:
        log_warn("supervisor", "%s is not used, because somebody is set up already; remove it", path);
        break;
    case KEEPER_FIRST_USER_REFUSED:
        log_error("supervisor", "%s was not used: %s", path, ready->reason);
        break;
    }
}

/* ---- the secret ---- */

static int open_new(const char *path, char *temporary, size_t size)
{
    if (snprintf(temporary, size, "%s.new", path) >= (int)size)
        return -ENAMETOOLONG;
    unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

static int write_file(const char *path, const struct config *config, const struct announce_marks *marks,
                      const char *secret)
{
    char temporary[CONFIG_PATH_MAX + 8];
    struct stat st;
    int fd = open_new(path, temporary, sizeof temporary);
    if (fd < 0)
        return fd;
    fchmod(fd, 0600); /* whatever the umask; a FAT has no modes and says so, or not */
    FILE *out = fdopen(fd, "w");
    if (!out) {
        close(fd);
        return -ENOMEM;
    }
    fputs(FIRST_LINE, out);
    announce(out, config, marks, secret, false);
    announce_names(out, config);
    fputs("\nCompare the fingerprint with the one the browser shows. This file goes by itself when set-up is done.\n",
          out);
    errno = EIO;
    bool good = fflush(out) == 0 && !ferror(out) && fsync(fd) == 0;
    if (good && fstat(fd, &st) == 0 && (st.st_mode & 077))
        log_warn("supervisor", "users of this machine can read secret-file %s: mount that FAT with umask=077", path);
    int r = good ? 0 : -errno;
    fclose(out);
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0)
        unlink(temporary);
    return r;
}

/* Nobody's file is removed because a path in the configuration is wrong. */
static bool is_ours(const char *path)
{
    char line[sizeof FIRST_LINE] = "";
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 && read(fd, line, sizeof line - 1) == sizeof line - 1 && strcmp(line, FIRST_LINE) == 0;
}

void first_start_tell(const struct config *config, const struct announce_marks *marks, const char *secret)
{
    const char *path = config->secret_file;
    int r = 0;
    if (!*path)
        return;
    if (*secret)
        r = access(path, F_OK) == 0 && !is_ours(path) ? -EEXIST : write_file(path, config, marks, secret);
    else if (is_ours(path) && unlink(path) < 0)
        r = -errno;
    if (r == -EEXIST)
        log_error("supervisor", "secret-file %s holds something else; remove it, or name another one", path);
    else if (r < 0 && *secret)
        log_error("supervisor", "secret-file %s cannot be written: %s; is the folder there, and writable?", path,
                  strerror(-r));
    else if (r < 0)
        log_error("supervisor", "secret-file %s cannot be removed: %s; remove it, its secret is void", path,
                  strerror(-r));
    else if (*secret)
        log_info("supervisor", "the set-up secret stands in %s", path);
}
