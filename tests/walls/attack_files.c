/* Files that are another part's, another user's or root's: by their paths, and around them. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "tests/walls/attack.h"

#define NO_ENTRY(r) ((r) == ENOENT) /* nothing was there to be refused: no proof of anything */

static int try_open(const char *path, int flags)
{
    _cleanup_close_ int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    int r = attack_result(fd);
    attack_note("%.100s", path);
    return NO_ENTRY(r) ? NOT_HERE : r;
}

static int try_state(const struct board *board, const char *name, int flags)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", board->state, name);
    return try_open(path, flags);
}

#define READ_STATE(function, name)                                                                                     \
    static int function(const struct board *board, enum board_role me)                                                 \
    {                                                                                                                  \
        (void)me;                                                                                                      \
        return try_state(board, name, O_RDONLY);                                                                       \
    }
#define WRITE_STATE(function, name)                                                                                    \
    static int function(const struct board *board, enum board_role me)                                                 \
    {                                                                                                                  \
        (void)me;                                                                                                      \
        return try_state(board, name, O_WRONLY | O_APPEND);                                                            \
    }
#define OPEN(function, path, flags)                                                                                    \
    static int function(const struct board *board, enum board_role me)                                                 \
    {                                                                                                                  \
        (void)board, (void)me;                                                                                         \
        return try_open(path, flags);                                                                                  \
    }

READ_STATE(keeper_folder, "keeper")
READ_STATE(store, "keeper/keeper.db")
READ_STATE(store_log, "keeper/keeper.db-wal")
READ_STATE(tls_key, "keeper/tls.key")
READ_STATE(device_key, "keeper/device.key")
READ_STATE(store_around, "run/../keeper/keeper.db")
READ_STATE(lock_file, "lock")
READ_STATE(gateway_folder, "gateway")
READ_STATE(gateway_cache, "gateway/cache")
READ_STATE(gateway_overlay, "gateway/planted-overlay")
READ_STATE(library_folder, "library")
READ_STATE(library_image, "library/planted.iso")
READ_STATE(machine_folder, "vm")
READ_STATE(machine_disk, "vm/planted.qcow2")
READ_STATE(run_folder, "run")
WRITE_STATE(write_store, "keeper/keeper.db")
WRITE_STATE(write_lock, "lock")
READ_STATE(settings_folder, "conf.d")
READ_STATE(settings, "conf.d/planted")
WRITE_STATE(write_settings, "conf.d/planted")
WRITE_STATE(write_gateway, "gateway/planted-overlay")
WRITE_STATE(write_library, "library/planted.iso")
OPEN(shadow, "/etc/shadow", O_RDONLY)
OPEN(passwd, "/etc/passwd", O_RDONLY)
OPEN(write_passwd, "/etc/passwd", O_WRONLY | O_APPEND)
OPEN(root_home, "/root", O_RDONLY | O_DIRECTORY)
OPEN(cron, "/etc/cron.d/lightsout-attack", O_WRONLY | O_CREAT)
OPEN(library_code, "/usr/lib/lightsout-attack", O_WRONLY | O_CREAT)
OPEN(temporary, "/tmp/lightsout-attack", O_WRONLY | O_CREAT)
OPEN(shared_memory, "/dev/shm/lightsout-attack", O_WRONLY | O_CREAT)
OPEN(memory_device, "/dev/mem", O_RDONLY)
OPEN(kernel_memory, "/proc/kcore", O_RDONLY)
OPEN(kernel_log, "/dev/kmsg", O_RDONLY)
OPEN(sysrq, "/proc/sysrq-trigger", O_WRONLY)
OPEN(core_pattern, "/proc/sys/kernel/core_pattern", O_WRONLY)
OPEN(hotplug, "/sys/kernel/uevent_helper", O_WRONLY)
OPEN(kvm, "/dev/kvm", O_RDWR)
OPEN(fuse, "/dev/fuse", O_RDWR)

static int configuration(const struct board *board, enum board_role me)
{
    char path[256];
    (void)me;
    snprintf(path, sizeof path, "%s/owner-secret", board->folder);
    return try_open(path, O_RDONLY);
}

static int own_folder(const struct board *board, enum board_role me, const char *name, char room[256])
{
    static const char *const folders[BOARD_ROLES] = {[BOARD_GATEWAY] = "gateway", [BOARD_KEEPER] = "keeper"};
    if (!folders[me])
        return -1;
    return snprintf(room, 256, "%s/%s/%s", board->state, folders[me], name);
}

static int make_settings(const struct board *board, enum board_role me)
{
    (void)me;
    return try_state(board, "conf.d/gateway.conf", O_WRONLY | O_CREAT);
}

/* Another folder in its place, with whatever one likes in it. */
static int replace_settings(const struct board *board, enum board_role me)
{
    char from[256], to[256];
    (void)me;
    snprintf(from, sizeof from, "%s/conf.d", board->state);
    snprintf(to, sizeof to, "%s/conf.d.moved", board->state);
    int r = attack_result(rename(from, to));
    if (r == GOT_IT)
        rename(to, from);
    return r;
}

static int store_by_link(const struct board *board, enum board_role me)
{
    char link[256];
    if (own_folder(board, me, "link", link) < 0)
        return NOT_HERE;
    unlink(link);
    if (symlink("../keeper/keeper.db", link) < 0)
        return errno;
    return try_open(link, O_RDONLY);
}

static int store_by_hard_link(const struct board *board, enum board_role me)
{
    char from[256], to[256];
    if (own_folder(board, me, "hard", to) < 0)
        return NOT_HERE;
    snprintf(from, sizeof from, "%s/keeper/keeper.db", board->state);
    return attack_result(linkat(AT_FDCWD, from, AT_FDCWD, to, 0));
}

static int store_by_rename(const struct board *board, enum board_role me)
{
    char from[256], to[256];
    if (own_folder(board, me, "moved", to) < 0)
        return NOT_HERE;
    snprintf(from, sizeof from, "%s/keeper", board->state);
    int r = attack_result(rename(from, to));
    if (r == GOT_IT)
        rename(to, from);
    return r;
}

static int rename_keeper(const struct board *board, enum board_role me)
{
    char from[256], to[256];
    (void)me;
    snprintf(from, sizeof from, "%s/keeper", board->state);
    snprintf(to, sizeof to, "%s/keeper.old", board->state);
    int r = attack_result(rename(from, to));
    if (r == GOT_IT)
        rename(to, from);
    return r;
}

static int remove_store(const struct board *board, enum board_role me)
{
    char path[256];
    (void)me;
    snprintf(path, sizeof path, "%s/keeper/keeper.db-planted", board->state);
    return attack_result(unlink(path));
}

static int cut_store(const struct board *board, enum board_role me)
{
    char path[256];
    (void)me;
    snprintf(path, sizeof path, "%s/keeper/keeper.db-planted", board->state);
    return attack_result(truncate(path, 0));
}

static int store_by_magic_link(const struct board *board, enum board_role me)
{
    char path[256];
    (void)me;
    snprintf(path, sizeof path, "/proc/self/root%s/keeper/keeper.db", board->state);
    return try_open(path, O_RDONLY);
}

static int store_by_openat2(const struct board *board, enum board_role me)
{
    char path[256];
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
    (void)me;
    snprintf(path, sizeof path, "%s/keeper/keeper.db", board->state);
    return attack_result(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
}

static int store_by_handle(const struct board *board, enum board_role me)
{
    union {
        struct file_handle handle;
        char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } u = {.handle.handle_bytes = MAX_HANDLE_SZ};
    int mount;
    char path[256];
    (void)me;
    snprintf(path, sizeof path, "%s/keeper/keeper.db", board->state);
    if (name_to_handle_at(AT_FDCWD, path, &u.handle, &mount, 0) < 0)
        return errno;
    return attack_result(open_by_handle_at(AT_FDCWD, &u.handle, O_RDONLY));
}

static int open_by_handle(const struct board *board, enum board_role me)
{
    union {
        struct file_handle handle;
        char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } u = {.handle.handle_bytes = 8, .handle.handle_type = 1};
    (void)board, (void)me;
    return attack_result(open_by_handle_at(AT_FDCWD, &u.handle, O_RDONLY));
}

static int device_node(const struct board *board, enum board_role me)
{
    char path[256];
    if (own_folder(board, me, "disk", path) < 0)
        return NOT_HERE;
    return attack_result(mknod(path, S_IFBLK | 0600, makedev(8, 0)));
}

/* What no start gave: files and folders beside those that the role is given (SECURITY.md, "Descriptors"). */
static int leaked_descriptors(const struct board *board, enum board_role me)
{
    char bytes[16];
    struct stat st;
    (void)board;
    for (int fd = 3; fd < 1024; fd++) {
        if (fstat(fd, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            _cleanup_close_ int store = openat(fd, "keeper.db", O_RDONLY | O_CLOEXEC);
            _cleanup_close_ int above = openat(fd, "../keeper/keeper.db", O_RDONLY | O_CLOEXEC);
            if (me != BOARD_KEEPER && (store >= 0 || above >= 0)) {
                attack_note("descriptor %d leads to the store", fd);
                return GOT_IT;
            }
        }
        if (S_ISREG(st.st_mode) && me != BOARD_KEEPER && pread(fd, bytes, sizeof bytes, 0) == sizeof bytes &&
            memcmp(bytes, "SQLite format 3", 15) == 0) {
            attack_note("descriptor %d is the store", fd);
            return GOT_IT;
        }
        if (S_ISBLK(st.st_mode) ||
            (S_ISCHR(st.st_mode) && me != BOARD_HELPER && st.st_rdev != makedev(1, 3) && st.st_rdev != makedev(1, 9))) {
            attack_note("descriptor %d is device %u:%u", fd, major(st.st_rdev), minor(st.st_rdev));
            return GOT_IT;
        }
    }
    return EBADF;
}

static const struct attempt attempts[] = {
    {"read the keeper's folder", BY_ALL & ~BY_KEEPER, keeper_folder},
    {"read the store", BY_ALL & ~BY_KEEPER, store},
    {"read the store's journal", BY_ALL & ~BY_KEEPER, store_log},
    {"read the TLS key", BY_ALL & ~BY_KEEPER, tls_key},
    {"read the device key", BY_ALL & ~BY_KEEPER, device_key},
    {"read the store around a corner", BY_ALL & ~BY_KEEPER, store_around},
    {"read the store through a symbolic link", BY_GATEWAY, store_by_link},
    {"read the store through a hard link", BY_GATEWAY, store_by_hard_link},
    {"read the store through /proc/self/root", BY_ALL & ~BY_KEEPER, store_by_magic_link},
    {"read the store by openat2", BY_ALL & ~BY_KEEPER, store_by_openat2},
    {"read the store by its handle", BY_ALL & ~BY_KEEPER, store_by_handle},
    {"open a guessed file handle", BY_ALL, open_by_handle},
    {"write the store", BY_ALL & ~BY_KEEPER, write_store},
    {"remove a file of the keeper's", BY_ALL & ~BY_KEEPER, remove_store},
    {"cut a file of the keeper's", BY_ALL & ~BY_KEEPER, cut_store},
    {"move the keeper's folder into its own", BY_GATEWAY, store_by_rename},
    {"rename the keeper's folder", BY_ALL, rename_keeper},
    {"read the supervisor's lock", BY_ALL, lock_file},
    {"write the supervisor's lock", BY_ALL, write_lock},
    {"read the settings' folder", BY_PARTS, settings_folder},
    {"read a settings' file", BY_PARTS, settings},
    {"write a settings' file", BY_ALL, write_settings},
    {"make a settings' file", BY_ALL, make_settings},
    {"put another folder of settings there", BY_ALL, replace_settings},
    {"read the gateway's folder", BY_ALL & ~BY_GATEWAY, gateway_folder},
    {"read the cache of media", BY_ALL & ~BY_GATEWAY, gateway_cache},
    {"read another user's overlay", BY_ALL & ~BY_GATEWAY, gateway_overlay},
    {"write another user's overlay", BY_ALL & ~BY_GATEWAY, write_gateway},
    {"read the library's folder", BY_ALL & ~BY_GATEWAY, library_folder},
    {"read an image", BY_ALL & ~BY_GATEWAY, library_image},
    {"write an image", BY_ALL & ~BY_GATEWAY, write_library},
    {"read the sockets' folder", BY_ALL & ~BY_GATEWAY, run_folder},
    {"read the machines' folder", BY_ALL, machine_folder},
    {"read a machine's disk", BY_ALL, machine_disk},
    {"read a secret file of the owner's", BY_ALL, configuration},
    {"read /etc/shadow", BY_ALL, shadow},
    {"read /etc/passwd", BY_ALL & ~BY_OUTWARD, passwd},
    {"write /etc/passwd", BY_ALL, write_passwd},
    {"read root's home", BY_ALL, root_home},
    {"make a job of cron", BY_ALL, cron},
    {"make a file in /usr", BY_ALL, library_code},
    {"make a file in /tmp", BY_ALL, temporary},
    {"make a file in /dev/shm", BY_ALL, shared_memory},
    {"make a device node", BY_GATEWAY | BY_KEEPER, device_node},
    {"read the machine's memory", BY_ALL, memory_device},
    {"read the kernel's memory", BY_PARTS, kernel_memory},
    {"read the kernel's log", BY_PARTS, kernel_log},
    {"use the sysrq key", BY_ALL, sysrq},
    {"change where core files go", BY_ALL, core_pattern},
    {"change the kernel's helper", BY_ALL, hotplug},
    {"open /dev/kvm", BY_PARTS, kvm},
    {"open /dev/fuse", BY_PARTS, fuse},
    {"use a descriptor that nobody gave", BY_ALL, leaked_descriptors},
};
const struct attempt_list attack_files = {attempts, ARRAY_SIZE(attempts)};
