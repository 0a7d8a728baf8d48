/* Landlock by raw system calls (Documentation/userspace-api/landlock.rst of the kernel): the C library has no wrappers,
 * and the constants of later versions are written out so that old headers build it too. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "gateway/sandbox/sandbox.h"

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REFER (1ull << 13)     /* version 2 */
#define FS_TRUNCATE (1ull << 14)  /* version 3 */
#define FS_IOCTL_DEV (1ull << 15) /* version 5 */

#define FS_VERSION_1 0x1FFFull
#define FS_READ (FS_READ_FILE | FS_READ_DIR)
#define FS_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV) /* what a file can have */

#define NET_BIND_TCP (1ull << 0)        /* version 4 */
#define NET_CONNECT_TCP (1ull << 1)     /* version 4 */
#define SCOPE_ABSTRACT_UNIX (1ull << 0) /* version 6 */
#define SCOPE_SIGNAL (1ull << 1)        /* version 6 */

struct ruleset {
    uint64_t fs, net, scoped;
};

static uint64_t known_rights(int version)
{
    uint64_t rights = FS_VERSION_1;
    if (version >= 2)
        rights |= FS_REFER;
    if (version >= 3)
        rights |= FS_TRUNCATE;
    if (version >= 5)
        rights |= FS_IOCTL_DEV;
    return rights;
}

static int allow(int ruleset, uint64_t known, const struct sandbox_path *path, unsigned may)
{
    _cleanup_close_ int fd = open(path->path, O_PATH | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return path->may_be_missing ? 0 : -errno;
    uint64_t rights = FS_READ;
    if (path->use == SANDBOX_CHANGE)
        rights |= FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
    else if (path->use == SANDBOX_OWN)
        rights = known & ~FS_EXECUTE;
    if ((may & SANDBOX_MAY_EXECUTE) && path->use == SANDBOX_READ)
        rights |= FS_EXECUTE;
    if (!S_ISDIR(st.st_mode))
        rights &= FS_FILE;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights & known, .parent_fd = fd};
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

int sandbox_landlock(const struct sandbox_path *paths, size_t n_paths, unsigned may)
{
    int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return 1;
    struct ruleset rules = {.fs = known_rights(version)};
    /* What serves a browser got its listeners from the supervisor and opens no connection to anywhere; a VM's own
     * network is its configuration's business. */
    if (version >= 4 && !(may & SANDBOX_MAY_EXECUTE))
        rules.net = NET_BIND_TCP | (may & SANDBOX_MAY_CONNECT ? 0 : NET_CONNECT_TCP);
    if (version >= 6)
        rules.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
    size_t size = version >= 6 ? sizeof rules : version >= 4 ? 16 : 8;
    _cleanup_close_ int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0)
        return -errno;
    for (size_t i = 0; i < n_paths; i++) {
        int r = allow(fd, rules.fs, &paths[i], may);
        if (r < 0) {
            log_error("sandbox", "%s cannot be opened for the sandbox", paths[i].path);
            return r;
        }
    }
    return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
}
