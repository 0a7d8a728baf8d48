/* The lists of system calls. Default: EPERM, so that a library's fallback works and nothing is lost but the call;
 * running another program, tracing or loading code into the kernel ends the process: only an attacker asks for those.
 * Each line says what needs it. */
#include <errno.h>
#include <seccomp.h>
#include <string.h>

#include "core/attrs.h"
#include "core/log.h"
#include "gateway/sandbox/sandbox.h"
#include "gateway/sandbox/sandbox_arguments.h"

enum { GATEWAY = 1, KEEPER = 2, HELPER = 4, OUTWARD = 8, READER = 16, ALL = 31, STATE = 7 /* who keeps files */ };

struct permission {
    const char *name;
    unsigned who;
    const char *reason;
};

static const struct permission permissions[] = {
    {"read", ALL, "sockets, event descriptors, files"},
    {"readv", ALL, "libwebsockets, stdio"},
    {"pread64", ALL, "image blocks, the store"},
    {"preadv", GATEWAY, "image blocks"},
    {"preadv2", GATEWAY, "image blocks that are in memory already"},
    {"write", ALL, "sockets, event descriptors, log lines"},
    {"writev", ALL, "log lines, sockets"},
    {"pwrite64", STATE, "writable media, the store"},
    {"pwritev", GATEWAY, "writable media"},
    {"close", ALL, "descriptors"},
    {"close_range", ALL, "descriptors"},
    {"lseek", ALL, "file sizes, stdio"},
    {"fsync", STATE, "notes and the store reach the disk"},
    {"fdatasync", STATE, "the same"},
    {"ftruncate", STATE, "the store's journal; shared memory"},
    {"fallocate", STATE, "the store; trimmed blocks of writable media"},
    {"fcntl", ALL, "flags of descriptors, the store's locks"},
    {"flock", GATEWAY, "the cache of blocks belongs to one process"},
    {"dup", ALL, "descriptors kept by two owners"},
    {"dup2", ALL, "the same"},
    {"dup3", ALL, "the same"},
    {"pipe2", GATEWAY, "libwebsockets wakes its loop by a pipe where it has no eventfd"},
    {"openat", ALL, "own folders (Landlock says which), OpenSSL's configuration"},
    {"open", ALL, "the same, older callers"},
    {"stat", ALL, "what is there"},
    {"lstat", ALL, "the same"},
    {"fstat", ALL, "the same"},
    {"newfstatat", ALL, "the same"},
    {"statx", ALL, "the same"},
    {"fstatfs", ALL, "is there room"},
    {"statfs", ALL, "the same"},
    {"access", ALL, "the store's journal"},
    {"faccessat", ALL, "the same"},
    {"faccessat2", ALL, "the same"},
    {"readlink", ALL, "realpath of the store; sanitizers"},
    {"readlinkat", ALL, "the same"},
    {"fchdir", KEEPER | GATEWAY,
     "the keeper's folder becomes the working directory; sockets are reached by bare names"},
    {"getcwd", ALL, "the store's absolute name"},
    {"getdents64", GATEWAY | HELPER | OUTWARD, "the image library; configfs; folders of authorities"},
    {"mkdir", KEEPER | HELPER, "first start; a folder of configfs is a part of a gadget"},
    {"mkdirat", STATE, "the same; folders of the image library"},
    {"linkat", GATEWAY, "an image gets its name where the file system cannot rename without replacing"},
    {"openat2", GATEWAY, "images, without following links"},
    {"rmdir", HELPER, "a part of a gadget goes"},
    {"symlink", HELPER, "a function becomes part of a gadget"},
    {"symlinkat", HELPER, "the same"},
    {"chdir", HELPER, "libusbgx walks configfs"},
    {"kill", HELPER, "the kernel's mass storage thread, where it has no forced_eject"},
    {"unlink", STATE, "the store's journal, a stale socket"},
    {"unlinkat", STATE, "the same"},
    {"rename", STATE, "notes are replaced whole"},
    {"renameat", STATE, "the same"},
    {"renameat2", STATE, "the same"},
    {"umask", ALL, "modes of new files"},
    {"fchmod", STATE, "own files"},
    {"fchown", KEEPER, "the store's journal gets its owner"},
    {"mmap", ALL, "memory"},
    {"munmap", ALL, "memory"},
    {"mremap", ALL, "memory"},
    {"madvise", ALL, "memory goes back"},
    {"brk", ALL, "memory"},
    {"mlock", KEEPER, "secrets stay out of swap"},
    {"mlock2", KEEPER, "the same"},
    {"munlock", KEEPER, "the same"},
    {"memfd_create", GATEWAY | OUTWARD, "picture buffers; libnbd reads a key from a file"},
    {"membarrier", ALL, "the C library"},
    {"socket", GATEWAY | HELPER | OUTWARD,
     "outward: internet only; to QEMU and as the NBD server: unix only; the helper's: netlink only, see below"},
    {"socketpair", GATEWAY | OUTWARD, "the two connections of QEMU's display; libcurl wakes itself"},
    {"bind", GATEWAY | HELPER, "the NBD server's socket; netlink"},
    {"listen", GATEWAY, "the NBD server"},
    {"connect", GATEWAY | HELPER | OUTWARD, "QEMU's QMP socket; netlink; other machines"},
    {"accept", GATEWAY, "viewers, NBD clients"},
    {"accept4", GATEWAY | HELPER, "the same; the gateway's channel"},
    {"shutdown", GATEWAY | OUTWARD, "ends of connections; a listener's only for outward, which has none"},
    {"getsockname", ALL, "addresses for the log"},
    {"getpeername", ALL, "the same"},
    {"getsockopt", ALL, "peer credentials, errors"},
    {"setsockopt", ALL, "buffer sizes, no delay"},
    {"sendto", ALL, "sockets"},
    {"sendmsg", ALL, "sockets, descriptors"},
    {"sendmmsg", ALL, "sockets"},
    {"recvfrom", ALL, "sockets"},
    {"recvmsg", ALL, "sockets, descriptors"},
    {"poll", ALL, "waiting"},
    {"ppoll", ALL, "waiting"},
    {"select", ALL, "waiting"},
    {"pselect6", ALL, "waiting"},
    {"epoll_create1", ALL, "the loop"},
    {"epoll_ctl", ALL, "the loop"},
    {"epoll_wait", ALL, "the loop"},
    {"epoll_pwait", ALL, "the loop"},
    {"epoll_pwait2", ALL, "the loop"},
    {"eventfd2", ALL, "wake-ups between threads"},
    {"timerfd_create", ALL, "the loop's timers"},
    {"timerfd_settime", ALL, "the same"},
    {"timerfd_gettime", ALL, "the same"},
    {"signalfd4", ALL, "being asked to stop"},
    {"rt_sigaction", ALL, "signals"},
    {"rt_sigprocmask", ALL, "signals"},
    {"rt_sigreturn", ALL, "signals"},
    {"sigaltstack", ALL, "threads of the sanitizers"},
    {"restart_syscall", ALL, "signals"},
    {"tgkill", ALL, "abort"},
    {"clone", ALL, "threads; processes not, see below"},
    {"set_robust_list", ALL, "threads"},
    {"rseq", ALL, "threads"},
    {"futex", ALL, "locks"},
    {"futex_waitv", ALL, "locks"},
    {"sched_yield", ALL, "locks"},
    {"sched_getaffinity", ALL, "how many workers make sense"},
    {"sched_getparam", ALL, "threads"},
    {"sched_getscheduler", ALL, "threads"},
    {"gettid", ALL, "threads"},
    {"getpid", ALL, "log lines, the store"},
    {"getppid", ALL, "is the supervisor there"},
    {"getuid", ALL, "who we are"},
    {"geteuid", ALL, "the same"},
    {"getgid", ALL, "the same"},
    {"getegid", ALL, "the same"},
    {"getrandom", ALL, "keys and tokens"},
    {"getrusage", ALL, "statistics"},
    {"sysinfo", ALL, "memory size, for qsort and the store"},
    {"uname", ALL, "libraries ask the kernel's version"},
    {"prlimit64", ALL, "how many descriptors"},
    {"getrlimit", ALL, "the same"},
    {"clock_gettime", ALL, "time"},
    {"clock_getres", ALL, "time"},
    {"clock_nanosleep", ALL, "pacing"},
    {"nanosleep", ALL, "pacing"},
    {"gettimeofday", ALL, "time"},
    {"time", ALL, "time"},
    {"getcpu", ALL, "the C library"},
    {"set_tid_address", ALL, "threads"},
    {"exit", ALL, "the end of a thread"},
    {"exit_group", ALL, "the end"},
    {"io_setup", GATEWAY, "the endpoints of a dongle's drive for large discs"},
    {"io_submit", GATEWAY, "the same"},
    {"io_getevents", GATEWAY, "the same"},
    {"io_cancel", GATEWAY, "the same"},
    {"io_destroy", GATEWAY, "the same"},
    {"ioctl", ALL, "sizes of queues, devices of dongles, is this a terminal: see sandbox_arguments.c"},
};

/* Only an attacker asks for these. */
static const char *const deadly[] = {
    "execve",
    "execveat",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "init_module",
    "finit_module",
    "kexec_load",
    "kexec_file_load",
    "bpf",
    "userfaultfd",
    "perf_event_open",
    "pidfd_getfd",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "setns",
    "unshare",
    "open_by_handle_at",
};

#ifdef LIGHTSOUT_SANITIZED
/* The leak checker stops all threads from a process of its own. */
static const char *const for_sanitizers[] = {
    "ptrace", "mincore",     "getdents",          "wait4",    "kill",     "prctl", "arch_prctl", "clone",
    "clone3", "personality", "sched_setaffinity", "mprotect", "setrlimit"};
#endif

static int rule(scmp_filter_ctx filter, uint32_t action, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    /* another architecture, or a name that this library does not know yet: not on the list */
    if (number == __NR_SCMP_ERROR || number < 0)
        return 0;
    return seccomp_rule_add(filter, action, number, 0);
}

static bool is_allowed(const char *name, unsigned who)
{
    for (size_t i = 0; i < ARRAY_SIZE(permissions); i++)
        if ((permissions[i].who & who) && strcmp(permissions[i].name, name) == 0)
            return true;
    return false;
}

static int add_rules(scmp_filter_ctx filter, enum sandbox_role role)
{
    static const unsigned bits[] = {[SANDBOX_GATEWAY] = GATEWAY,
                                    [SANDBOX_KEEPER] = KEEPER,
                                    [SANDBOX_HELPER] = HELPER,
                                    [SANDBOX_OUTWARD] = OUTWARD,
                                    [SANDBOX_READER] = READER};
    unsigned who = bits[role];
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(permissions); i++)
        if ((permissions[i].who & who) && !sandbox_has_argument_rule(permissions[i].name))
            r = rule(filter, SCMP_ACT_ALLOW, permissions[i].name);
    if (r == 0)
        r = sandbox_argument_rules(filter, role);
#ifdef LIGHTSOUT_SANITIZED
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(for_sanitizers); i++)
        r = rule(filter, SCMP_ACT_ALLOW, for_sanitizers[i]);
#endif
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(deadly); i++) {
        if (is_allowed(deadly[i], who))
            continue;
#ifdef LIGHTSOUT_SANITIZED
        if (strcmp(deadly[i], "ptrace") == 0)
            continue;
#endif
        r = rule(filter, SCMP_ACT_KILL_PROCESS, deadly[i]);
    }
    return r;
}

int sandbox_seccomp(enum sandbox_role role)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return -ENOMEM;
    int r = add_rules(filter, role);
    /* what was refused comes into the kernel's log (audit), where it has one */
    if (r == 0 && seccomp_api_get() >= 3)
        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    if (r == 0)
        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (r == 0)
        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    if (r < 0)
        log_error("sandbox", "the system call filter cannot be set: %s", strerror(-r));
    return r;
}
