#include "gateway/outward/directory_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/fd_read.h"
#include "core/log.h"
#include "core/text.h"

#define DEFAULT_USER_FILTER "(uid=%u)"
#define DEFAULT_GROUP_FILTER "(member=%d)"

/* The whole of a small text file: its size, or -errno. */
static ssize_t read_small(int fd, char *room, size_t size)
{
    ssize_t used = fd_read_up_to(fd, room, size);
    if (used < 0)
        return used;
    if ((size_t)used == size)
        return -EFBIG;
    room[used] = '\0';
    return memchr(room, 0, (size_t)used) ? -EINVAL : used;
}

/* Whoever may read it has the account: root's or our own, and nobody else's. */
static bool is_private(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()) &&
           (st.st_mode & 077) == 0;
}

static int read_password(const char *path, char *room, size_t size, char *why, size_t why_size)
{
    char text[2 * ERRAND_MAX_SECRET];
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || !is_private(fd)) {
        int r = fd < 0 ? -errno : -EPERM;
        snprintf(why, why_size,
                 fd < 0 ? "directory-bind-password-file %s cannot be opened: %s"
                        : "directory-bind-password-file %s can be read or changed by others: run chmod 600 on it (%s)",
                 path, strerror(-r));
        return r;
    }
    ssize_t n = read_small(fd, text, sizeof text);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        text[--n] = '\0';
    bool good = n > 0 && text_copy(room, size, text);
    explicit_bzero(text, sizeof text);
    if (good)
        return 0;
    snprintf(why, why_size, "directory-bind-password-file %s is empty, or holds more than a password of %zu bytes",
             path, size - 1);
    return -EINVAL;
}

static int read_authorities(const char *path, char *room, size_t size, char *why, size_t why_size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -errno : read_small(fd, room, size);
    if (n < 0) {
        snprintf(why, why_size, "directory-ca %s cannot be used: %s", path,
                 n == -EFBIG ? "it is too long; name the one authority of the directory" : strerror((int)-n));
        return (int)n;
    }
    if (strstr(room, "-----BEGIN CERTIFICATE-----"))
        return 0;
    snprintf(why, why_size, "directory-ca %s holds no certificate in PEM", path);
    return -EINVAL;
}

int directory_setup_read(const struct config_directory *config, struct directory_settings *ret, char *why,
                         size_t why_size)
{
    *ret = config->settings;
    struct errand_directory *d = &ret->directory;
    int r = 0;
    if (!d->n_urls)
        return 0;
    d->patience_ms = config->timeout_s * 1000;
    if (!d->user_filter[0])
        text_copy(d->user_filter, sizeof d->user_filter, DEFAULT_USER_FILTER);
    if (d->group_base[0] && !d->group_filter[0])
        text_copy(d->group_filter, sizeof d->group_filter, DEFAULT_GROUP_FILTER);
    if (config->password_file[0])
        r = read_password(config->password_file, d->bind_password, sizeof d->bind_password, why, why_size);
    if (r == 0 && config->ca[0])
        r = read_authorities(config->ca, d->authorities, sizeof d->authorities, why, why_size);
    if (r == 0 && !errand_directory_fits(d)) {
        snprintf(why, why_size, "directory-ca and the names of directory-group are too long together; name fewer");
        r = -EMSGSIZE;
    }
    return r;
}

void directory_setup_send(const struct config_directory *config, struct ipc *keeper)
{
    struct directory_settings *settings = keeper ? calloc(1, sizeof *settings) : NULL;
    char why[CONFIG_PATH_MAX + 160];
    if (!settings)
        return; /* a keeper that is not there is told when it starts */
    int r = directory_setup_read(config, settings, why, sizeof why);
    if (r < 0) {
        log_error("supervisor", "%s; nobody can log in by the directory", why);
        explicit_bzero(settings, sizeof *settings);
    }
    r = directory_send(keeper, settings);
    if (r < 0)
        log_error("supervisor", "the keeper does not take the directory's settings: %s", strerror(-r));
    explicit_bzero(settings, sizeof *settings);
    free(settings);
}
