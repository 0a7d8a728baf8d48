/* The lists of system calls. Default: EPERM, so that a library's fallback works and nothing is lost but the call;
 * running another program, tracing or loading code into the kernel ends the process: only an attacker asks for those.
 * Each line says what needs it. */
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "core/attrs.h"
#include "core/log.h"
#include "gateway/sandbox.h"

enum { GATEWAY = 1, KEEPER = 2, BOTH = 3 };

struct permission {
    const char *name;
    unsigned who;
    const char *reason;
};

static const struct permission permissions[] = {
    {"read", BOTH, "sockets, event descriptors, files"},
    {"readv", BOTH, "libwebsockets, stdio"},
    {"pread64", BOTH, "image blocks, the store"},
    {"preadv", GATEWAY, "image blocks"},
    {"write", BOTH, "sockets, event descriptors, log lines"},
    {"writev", BOTH, "log lines, sockets"},
    {"pwrite64", BOTH, "writable media, the store"},
    {"pwritev", GATEWAY, "writable media"},
    {"close", BOTH, "descriptors"},
    {"close_range", BOTH, "descriptors"},
    {"lseek", BOTH, "file sizes, stdio"},
    {"fsync", BOTH, "notes and the store reach the disk"},
    {"fdatasync", BOTH, "the same"},
    {"ftruncate", BOTH, "the store's journal; shared memory"},
    {"fallocate", BOTH, "the store; trimmed blocks of writable media"},
    {"fcntl", BOTH, "flags of descriptors, the store's locks"},
    {"flock", BOTH, "locks"},
    {"dup", BOTH, "descriptors kept by two owners"},
    {"dup2", BOTH, "the same"},
    {"dup3", BOTH, "the same"},
    {"pipe2", GATEWAY, "libwebsockets wakes its loop by a pipe where it has no eventfd"},
    {"openat", BOTH, "own folders (Landlock says which), OpenSSL's configuration"},
    {"open", BOTH, "the same, older callers"},
    {"stat", BOTH, "what is there"},
    {"lstat", BOTH, "the same"},
    {"fstat", BOTH, "the same"},
    {"newfstatat", BOTH, "the same"},
    {"statx", BOTH, "the same"},
    {"fstatfs", BOTH, "is there room"},
    {"statfs", BOTH, "the same"},
    {"access", BOTH, "the store's journal"},
    {"faccessat", BOTH, "the same"},
    {"faccessat2", BOTH, "the same"},
    {"readlink", BOTH, "realpath of the store; sanitizers"},
    {"readlinkat", BOTH, "the same"},
    {"fchdir", KEEPER, "its own folder becomes the working directory"},
    {"getcwd", BOTH, "the store's absolute name"},
    {"getdents64", BOTH, "the image library"},
    {"mkdir", KEEPER, "first start"},
    {"mkdirat", KEEPER, "first start"},
    {"unlink", BOTH, "the store's journal, a stale socket"},
    {"unlinkat", BOTH, "the same"},
    {"rename", BOTH, "notes are replaced whole"},
    {"renameat", BOTH, "the same"},
    {"renameat2", BOTH, "the same"},
    {"umask", BOTH, "modes of new files"},
    {"chmod", BOTH, "own socket and files"},
    {"fchmod", BOTH, "own files"},
    {"fchmodat", BOTH, "own socket"},
    {"fchown", KEEPER, "the store's journal gets its owner"},
    {"utimensat", KEEPER, "the store"},
    {"mmap", BOTH, "memory"},
    {"munmap", BOTH, "memory"},
    {"mremap", BOTH, "memory"},
    {"madvise", BOTH, "memory goes back"},
    {"brk", BOTH, "memory"},
    {"mlock", KEEPER, "secrets stay out of swap"},
    {"mlock2", KEEPER, "the same"},
    {"munlock", KEEPER, "the same"},
    {"mincore", BOTH, "sanitizers, unwinding"},
    {"memfd_create", GATEWAY, "picture buffers"},
    {"membarrier", BOTH, "the C library"},
    {"socket", GATEWAY, "to QEMU and as the NBD server; unix sockets only, see below"},
    {"socketpair", GATEWAY, "the two connections of QEMU's display"},
    {"bind", GATEWAY, "the NBD server's socket"},
    {"listen", GATEWAY, "the NBD server"},
    {"connect", GATEWAY, "QEMU's QMP socket"},
    {"accept", GATEWAY, "viewers, NBD clients"},
    {"accept4", GATEWAY, "the same"},
    {"shutdown", BOTH, "ends of connections"},
    {"getsockname", BOTH, "addresses for the log"},
    {"getpeername", BOTH, "the same"},
    {"getsockopt", BOTH, "peer credentials, errors"},
    {"setsockopt", BOTH, "buffer sizes, no delay"},
    {"sendto", BOTH, "sockets"},
    {"sendmsg", BOTH, "sockets, descriptors"},
    {"sendmmsg", BOTH, "sockets"},
    {"recvfrom", BOTH, "sockets"},
    {"recvmsg", BOTH, "sockets, descriptors"},
    {"poll", BOTH, "waiting"},
    {"ppoll", BOTH, "waiting"},
    {"select", BOTH, "waiting"},
    {"pselect6", BOTH, "waiting"},
    {"epoll_create1", BOTH, "the loop"},
    {"epoll_ctl", BOTH, "the loop"},
    {"epoll_wait", BOTH, "the loop"},
    {"epoll_pwait", BOTH, "the loop"},
    {"epoll_pwait2", BOTH, "the loop"},
    {"eventfd2", BOTH, "wake-ups between threads"},
    {"timerfd_create", BOTH, "the loop's timers"},
    {"timerfd_settime", BOTH, "the same"},
    {"timerfd_gettime", BOTH, "the same"},
    {"signalfd4", BOTH, "being asked to stop"},
    {"rt_sigaction", BOTH, "signals"},
    {"rt_sigprocmask", BOTH, "signals"},
    {"rt_sigreturn", BOTH, "signals"},
    {"sigaltstack", BOTH, "threads of the sanitizers"},
    {"restart_syscall", BOTH, "signals"},
    {"tgkill", BOTH, "abort"},
    {"clone", BOTH, "threads; processes not, see below"},
    {"set_robust_list", BOTH, "threads"},
    {"get_robust_list", BOTH, "threads"},
    {"rseq", BOTH, "threads"},
    {"futex", BOTH, "locks"},
    {"futex_waitv", BOTH, "locks"},
    {"sched_yield", BOTH, "locks"},
    {"sched_getaffinity", BOTH, "how many workers make sense"},
    {"sched_getparam", BOTH, "threads"},
    {"sched_getscheduler", BOTH, "threads"},
    {"gettid", BOTH, "threads"},
    {"getpid", BOTH, "log lines, the store"},
    {"getppid", BOTH, "is the supervisor there"},
    {"getuid", BOTH, "who we are"},
    {"geteuid", BOTH, "the same"},
    {"getgid", BOTH, "the same"},
    {"getegid", BOTH, "the same"},
    {"getrandom", BOTH, "keys and tokens"},
    {"getrusage", BOTH, "statistics"},
    {"sysinfo", BOTH, "memory size, for qsort and the store"},
    {"uname", BOTH, "libraries ask the kernel's version"},
    {"prlimit64", BOTH, "how many descriptors"},
    {"getrlimit", BOTH, "the same"},
    {"clock_gettime", BOTH, "time"},
    {"clock_getres", BOTH, "time"},
    {"clock_nanosleep", BOTH, "pacing"},
    {"nanosleep", BOTH, "pacing"},
    {"gettimeofday", BOTH, "time"},
    {"time", BOTH, "time"},
    {"getcpu", BOTH, "the C library"},
    {"set_tid_address", BOTH, "threads"},
    {"exit", BOTH, "the end of a thread"},
    {"exit_group", BOTH, "the end"},
    {"ioctl", BOTH, "FIONREAD, FIONBIO, is this a terminal"},
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
static const char *const for_sanitizers[] = {"ptrace",      "getdents",          "wait4",    "kill",
                                             "prctl",       "arch_prctl",        "clone",    "clone3",
                                             "personality", "sched_setaffinity", "mprotect", "setrlimit"};
#endif

static int rule(scmp_filter_ctx filter, uint32_t action, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    /* another architecture, or a name that this library does not know yet: not on the list */
    if (number == __NR_SCMP_ERROR || number < 0)
        return 0;
    return seccomp_rule_add(filter, action, number, 0);
}

/* Allows a call whose argument, as far as the mask looks, has this value. */
static int allow_if(scmp_filter_ctx filter, int call, unsigned argument, uint64_t mask, uint64_t value)
{
    struct scmp_arg_cmp test = {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &test);
}

#define WHOLE UINT64_MAX

/* Refusing dumps, not allowing them again. */
static int allow_no_dumps(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp tests[] = {{.arg = 0, .op = SCMP_CMP_EQ, .datum_a = PR_SET_DUMPABLE, .datum_b = 0},
                                   {.arg = 1, .op = SCMP_CMP_EQ, .datum_a = 0, .datum_b = 0}};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 2, tests);
}

/* Calls of which only some arguments are fine. */
static int add_argument_rules(scmp_filter_ctx filter, enum sandbox_role role)
{
    /* no code is made at run time: memory is writable or executable, never turned from one to the other */
    int r = allow_if(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
    /* threads share everything; a process would not */
    r = r ? r : allow_if(filter, SCMP_SYS(clone), 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM);
    /* its flags are in memory where the filter cannot look; the C library then takes clone */
    r = r ? r : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    /* names of threads and of memory (the C library's), and a role may refuse dumps once more */
    r = r ? r : allow_if(filter, SCMP_SYS(prctl), 0, WHOLE, PR_SET_NAME);
    r = r ? r : allow_if(filter, SCMP_SYS(prctl), 0, WHOLE, PR_SET_VMA);
    r = r ? r : allow_no_dumps(filter);
    if (role == SANDBOX_GATEWAY) {
        r = r ? r : allow_if(filter, SCMP_SYS(socket), 0, UINT32_MAX, AF_UNIX);
        r = r ? r : allow_if(filter, SCMP_SYS(socketpair), 0, UINT32_MAX, AF_UNIX);
    }
    return r;
}

static bool has_argument_rule(const char *name)
{
    return strcmp(name, "socket") == 0 || strcmp(name, "socketpair") == 0 || strcmp(name, "clone") == 0;
}

static int add_rules(scmp_filter_ctx filter, enum sandbox_role role)
{
    unsigned who = role == SANDBOX_GATEWAY ? GATEWAY : KEEPER;
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(permissions); i++)
        if ((permissions[i].who & who) && !has_argument_rule(permissions[i].name))
            r = rule(filter, SCMP_ACT_ALLOW, permissions[i].name);
    if (r == 0)
        r = add_argument_rules(filter, role);
#ifdef LIGHTSOUT_SANITIZED
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(for_sanitizers); i++)
        r = rule(filter, SCMP_ACT_ALLOW, for_sanitizers[i]);
#endif
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(deadly); i++) {
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
