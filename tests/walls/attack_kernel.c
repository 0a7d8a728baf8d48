/* The kernel itself: its doors that our processes have no business at. */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/attrs.h"
#include "tests/walls/attack.h"

/* The arguments are such that the call would do nothing lasting. A call that the kernel looked at, whatever it said of
 * the arguments, is a hole: it must end at the filter. */
static int refused(long r)
{
    if (r < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS))
        return errno;
    attack_note("the kernel looked at it: %s", r < 0 ? strerror(errno) : "done");
    return GOT_IT;
}

#define CALL(function, ...)                                                                                            \
    static int function(const struct board *board, enum board_role me)                                                 \
    {                                                                                                                  \
        (void)board, (void)me;                                                                                         \
        return refused(syscall(__VA_ARGS__));                                                                          \
    }

CALL(unshare_user, SYS_unshare, CLONE_NEWUSER)
CALL(unshare_mount, SYS_unshare, CLONE_NEWNS)
CALL(clone_user, SYS_clone, CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0)
CALL(clone_user_plainly, SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0)
CALL(setns_, SYS_setns, 0, 0)
CALL(mount_, SYS_mount, NULL, NULL, NULL, 0, NULL)
CALL(umount_, SYS_umount2, NULL, 2)
CALL(pivot, SYS_pivot_root, "/", "/")
CALL(chroot_, SYS_chroot, "/")
CALL(fsopen_, SYS_fsopen, "tmpfs", 0)
CALL(open_tree_, SYS_open_tree, AT_FDCWD, "/", 1)
CALL(bpf_, SYS_bpf, 0, NULL, 0)
CALL(perf, SYS_perf_event_open, NULL, 0, -1, -1, 0)
CALL(uring, SYS_io_uring_setup, 1, NULL)
CALL(userfault, SYS_userfaultfd, 0)
CALL(add_key_, SYS_add_key, "user", "attack", "x", 1, -3)
CALL(request_key_, SYS_request_key, "user", "attack", NULL, -3)
CALL(keyctl_, SYS_keyctl, 0, -3, 1)
CALL(module, SYS_init_module, NULL, 0, "")
CALL(module_file, SYS_finit_module, -1, "", 0)
CALL(remove_module, SYS_delete_module, "lightsout", 0)
CALL(kexec, SYS_kexec_load, 0, 0, NULL, 0)
CALL(reboot_, SYS_reboot, 0xfee1dead, 672274793, 0x89ABCDEF, NULL)
CALL(clock_, SYS_clock_settime, CLOCK_REALTIME, NULL)
CALL(time_of_day, SYS_settimeofday, NULL, NULL)
CALL(host_name, SYS_sethostname, "attack", 6)
CALL(swap_, SYS_swapon, "/dev/null", 0)
CALL(accounting, SYS_acct, NULL)
CALL(kernel_log, SYS_syslog, 3, NULL, 0)
CALL(setuid_, SYS_setuid, 0)
CALL(setresuid_, SYS_setresuid, 0, 0, 0)
CALL(setgid_, SYS_setgid, 0)
CALL(setgroups_, SYS_setgroups, 0, NULL)
CALL(file_system_uid, SYS_setfsuid, 0)
CALL(quota, SYS_quotactl, 0, NULL, 0, NULL)
CALL(fanotify, SYS_fanotify_init, 0, 0)
CALL(inotify, SYS_inotify_init1, 0)
CALL(cachestat_, 451, 0, NULL, NULL, 0)
CALL(secret_memory, SYS_memfd_secret, 0)
CALL(message_queue, SYS_mq_open, "/attack", O_CREAT | O_RDWR, 0600, NULL)
CALL(vmsplice_, SYS_vmsplice, 1, NULL, 0, 0)
CALL(splice_, SYS_splice, 0, NULL, 1, NULL, 0, 0)
#ifdef SYS_iopl
CALL(io_ports, SYS_iopl, 3)
CALL(descriptor_table, SYS_modify_ldt, 0, NULL, 0)
#endif
CALL(dumpable, SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)
CALL(ptracer, SYS_prctl, 0x59616d61, -1, 0, 0, 0)
CALL(subreaper, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
CALL(capabilities_again, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0)
CALL(process_group, SYS_setpgid, 0, 0)

static int be_root(const struct board *board, enum board_role me)
{
    (void)me;
    attack_note("runs as user %u", (unsigned)geteuid());
    if (!board->own_user)
        return NOT_HERE;
    return geteuid() == 0 ? GOT_IT : EPERM;
}

static int be_the_keeper(const struct board *board, enum board_role me)
{
    (void)me;
    attack_note("runs as user %u", (unsigned)geteuid());
    if (!board->own_user)
        return NOT_HERE;
    return geteuid() == board->keeper_uid ? GOT_IT : EPERM;
}

static int capabilities(const struct board *board, enum board_role me)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = 1u << CAP_SYS_ADMIN, .permitted = 1u << CAP_SYS_ADMIN}};
    (void)board, (void)me;
    return refused(syscall(SYS_capset, &header, data));
}

/* Typing into the terminal that the program was started from. */
static int type_into_terminal(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    return refused(syscall(SYS_ioctl, 2, TIOCSTI, "x"));
}

static int console_of_the_machine(const struct board *board, enum board_role me)
{
    char code = 6;
    (void)board, (void)me;
    return refused(syscall(SYS_ioctl, 2, 0x541C /* TIOCLINUX */, &code));
}

static const struct attempt attempts[] = {
    {"be root", BY_PARTS, be_root},
    {"be the keeper's user", BY_GATEWAY | BY_OUTWARD | BY_READER, be_the_keeper},
    {"setuid", BY_ALL, setuid_},
    {"setresuid", BY_ALL, setresuid_},
    {"setgid", BY_ALL, setgid_},
    {"setgroups", BY_ALL, setgroups_},
    {"setfsuid", BY_ALL, file_system_uid},
    {"capset", BY_ALL, capabilities},
    {"raise an ambient capability", UNLESS_SANITIZED(BY_ALL), capabilities_again},
    {"become dumpable", UNLESS_SANITIZED(BY_ALL), dumpable},
    {"choose a tracer", UNLESS_SANITIZED(BY_ALL), ptracer},
    {"adopt orphans", UNLESS_SANITIZED(BY_ALL), subreaper},
    {"setpgid", BY_ALL, process_group},
    {"a user namespace", BY_ALL, unshare_user},
    {"a mount namespace", BY_ALL, unshare_mount},
    {"clone into a user namespace", UNLESS_SANITIZED(BY_ALL), clone_user_plainly},
    {"a thread in a user namespace", UNLESS_SANITIZED(BY_ALL), clone_user},
    {"setns", BY_ALL, setns_},
    {"mount", BY_ALL, mount_},
    {"umount", BY_ALL, umount_},
    {"pivot_root", BY_ALL, pivot},
    {"chroot", BY_ALL, chroot_},
    {"fsopen", BY_ALL, fsopen_},
    {"open_tree", BY_ALL, open_tree_},
    {"bpf", BY_ALL, bpf_},
    {"perf_event_open", BY_ALL, perf},
    {"io_uring_setup", BY_ALL, uring},
    {"userfaultfd", BY_ALL, userfault},
    {"add_key", BY_ALL, add_key_},
    {"request_key", BY_ALL, request_key_},
    {"keyctl", BY_ALL, keyctl_},
    {"init_module", BY_ALL, module},
    {"finit_module", BY_ALL, module_file},
    {"delete_module", BY_ALL, remove_module},
    {"kexec_load", BY_ALL, kexec},
    {"reboot", BY_ALL, reboot_},
    {"clock_settime", BY_ALL, clock_},
    {"settimeofday", BY_ALL, time_of_day},
    {"sethostname", BY_ALL, host_name},
    {"swapon", BY_ALL, swap_},
    {"acct", BY_ALL, accounting},
    {"syslog", BY_ALL, kernel_log},
    {"quotactl", BY_ALL, quota},
    {"fanotify_init", BY_ALL, fanotify},
    {"inotify_init1", BY_ALL, inotify},
    {"cachestat", BY_ALL, cachestat_},
    {"memfd_secret", BY_ALL, secret_memory},
    {"mq_open", BY_ALL, message_queue},
    {"vmsplice", BY_ALL, vmsplice_},
    {"splice", BY_ALL, splice_},
#ifdef SYS_iopl
    {"iopl", BY_ALL, io_ports},
    {"modify_ldt", BY_ALL, descriptor_table},
#endif
    {"type into the terminal", BY_ALL, type_into_terminal},
    {"read the machine's console", BY_ALL, console_of_the_machine},
};
const struct attempt_list attack_kernel = {attempts, ARRAY_SIZE(attempts)};
