#include "gateway/vm/vm_prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "core/log.h"
#include "gateway/sandbox/sandbox.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)

static const char *const *qemu_img_argv(const struct config_disk *disk, const char *path)
{
    static char size[24], name[2 * CONFIG_PATH_MAX];
    static const char *argv[] = {"qemu-img", "create", "-q", "-f", NULL, name, size, NULL};
    argv[4] = disk->raw ? "raw" : "qcow2";
    snprintf(size, sizeof size, "%llu", (unsigned long long)disk->size);
    snprintf(name, sizeof name, "%s", path);
    return argv;
}

int vm_prepare_disks(const struct vm_config *config, const struct vm_paths *paths, const char *const **ret_argv,
                     char *why, size_t why_size)
{
    for (unsigned i = 0; i < CONFIG_MAX_DISKS; i++) {
        const struct config_disk *disk = &config->target->disks[i];
        if (!disk->path[0])
            continue;
        struct stat st;
        if (stat(paths->disks[i], &st) == 0) {
            if (!S_ISDIR(st.st_mode))
                continue;
            WHY("disk %s is a folder; change disk in the configuration", paths->disks[i]);
            return -EISDIR;
        }
        if (errno != ENOENT) {
            int r = -errno;
            WHY("disk %s cannot be opened: %s", paths->disks[i], strerror(-r));
            return r;
        }
        if (disk->size == 0) {
            WHY("disk %s does not exist; create it, or add size= to disk in the configuration", paths->disks[i]);
            return -ENOENT;
        }
        *ret_argv = qemu_img_argv(disk, paths->disks[i]);
        return 1;
    }
    return 0;
}

static int copy_file(int from, int to)
{
    char bytes[64 << 10];
    for (;;) {
        ssize_t n = read(from, bytes, sizeof bytes);
        if (n <= 0)
            return n < 0 ? -errno : 0;
        if (write(to, bytes, (size_t)n) != n)
            return errno ? -errno : -EIO;
    }
}

int vm_prepare_variables(const struct vm_config *config, int folder, char *why, size_t why_size)
{
    static const char name[] = "firmware-variables.fd", part[] = "firmware-variables.part";
    unsigned firmware = config->target->firmware;
    if (firmware == CONFIG_BIOS || faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    const char *template = vm_firmware_variables(firmware);
    _cleanup_close_ int from = open(template, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        WHY("firmware %s is not there; install package ovmf", template);
        return -ENOENT;
    }
    unlinkat(folder, part, 0);
    _cleanup_close_ int to = openat(folder, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int r = to < 0 ? -errno : copy_file(from, to);
    if (r == 0 && config->user->drop && fchown(to, config->user->uid, config->user->gid) < 0)
        r = -errno;
    /* whole or not at all: a cut file would be taken for this machine's variables for ever */
    if (r == 0 && renameat(folder, part, folder, name) < 0)
        r = -errno;
    if (r < 0)
        WHY("the firmware's variables cannot be written: %s; make room in the state folder", strerror(-r));
    return r;
}

int vm_prepare_tpm(const struct vm_config *config, const struct vm_paths *paths, int folder,
                   const char *const **ret_argv, char *why, size_t why_size)
{
    static char state[CONFIG_PATH_MAX + 16], control[CONFIG_PATH_MAX + 32];
    static const char *argv[] = {"swtpm",  "socket", "--tpm2",      "--tpmstate", state,
                                 "--ctrl", control,  "--terminate", NULL};
    if (mkdirat(folder, "tpm", 0700) < 0 && errno != EEXIST) {
        WHY("the TPM's folder cannot be made: %s", strerror(errno));
        return -errno;
    }
    if (config->user->drop && fchownat(folder, "tpm", config->user->uid, config->user->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    snprintf(state, sizeof state, "dir=%s/tpm", paths->folder);
    snprintf(control, sizeof control, "type=unixio,path=%s", paths->tpm_socket);
    unlink(paths->tpm_socket);
    *ret_argv = argv;
    return 0;
}

int vm_prepare_tap(const char *name, char *why, size_t why_size)
{
    /* the ioctl would make a device that is not there, and nobody would connect it to anything */
    if (if_nametoindex(name) == 0) {
        WHY("there is no tap device %s; make it with ip tuntap add mode tap name %s", name, name);
        return -ENODEV;
    }
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    _cleanup_close_ int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
        int r = -errno;
        WHY("tap device %s cannot be opened: %s; start lightsoutd as root, or give the device to its user", name,
            strerror(-r));
        return r;
    }
    return take_fd(&fd);
}

int vm_prepare_confine(void *confinement)
{
    const struct vm_confinement *self = confinement;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return errno;
    if (self->off)
        return 0;
    const struct vm_paths *p = self->paths;
    const struct sandbox_path paths[] = {
        {"/usr", SANDBOX_READ, false}, /* programs, modules, firmware */
        {"/lib", SANDBOX_READ, true},  /* the same where /usr is not merged */
        {"/lib64", SANDBOX_READ, true},        {"/bin", SANDBOX_READ, true},
        {"/etc", SANDBOX_READ, true},  /* ld.so.cache, user names */
        {"/proc", SANDBOX_READ, true}, /* what the C library asks of the machine */
        {"/sys", SANDBOX_READ, true},  /* CPU topology */
        {"/dev/kvm", SANDBOX_CHANGE, true},    {"/dev/null", SANDBOX_CHANGE, false},
        {"/dev/urandom", SANDBOX_READ, false}, {p->folder, SANDBOX_OWN, false},
        {p->runtime, SANDBOX_OWN, false},      {p->disks[0], SANDBOX_CHANGE, true},
        {p->disks[1], SANDBOX_CHANGE, true},   {p->disks[2], SANDBOX_CHANGE, true},
        {p->disks[3], SANDBOX_CHANGE, true},
    };
    int r = sandbox_landlock(paths, ARRAY_SIZE(paths), SANDBOX_MAY_EXECUTE);
    return r < 0 ? -r : 0;
}
