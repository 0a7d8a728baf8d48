/* Other processes: their memory, descriptors, environment; signals; their priorities and limits. */
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "tests/walls/attack.h"

/* Whoever has more to lose: the keeper, or the supervisor when we are the keeper. */
static pid_t victim(const struct board *board, enum board_role me)
{
    return (pid_t)(me == BOARD_KEEPER ? board->supervisor : board->keeper);
}

static int open_of(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    return attack_result(fd);
}

/* Of each of the other processes; the worst counts. */
static int open_of_all(const struct board *board, enum board_role me, const char *name)
{
    const uint32_t pids[] = {board->supervisor, me == BOARD_KEEPER ? board->gateway : board->keeper,
                             me == BOARD_OUTWARD ? board->gateway : board->outward};
    int r = 0;
    for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
        r = open_of((pid_t)pids[i], name);
        attack_note("process %u", pids[i]);
        if (r == GOT_IT)
            return r;
    }
    return r;
}

#define OPEN_PROC(function, name)                                                                                      \
    static int function(const struct board *board, enum board_role me)                                                 \
    {                                                                                                                  \
        return open_of_all(board, me, name);                                                                           \
    }
OPEN_PROC(memory, "mem")
OPEN_PROC(environment, "environ")
OPEN_PROC(map, "maps")
OPEN_PROC(descriptors, "fd")
OPEN_PROC(root, "root")
OPEN_PROC(working_folder, "cwd")
OPEN_PROC(store_through_cwd, "cwd/keeper.db")
OPEN_PROC(first_descriptor, "fd/4")

static int read_memory(const struct board *board, enum board_role me)
{
    char room[16];
    struct iovec here = {room, sizeof room}, there = {(void *)0x400000, sizeof room};
    return attack_result(process_vm_readv(victim(board, me), &here, 1, &there, 1, 0));
}

static int write_memory(const struct board *board, enum board_role me)
{
    char room[16] = "";
    struct iovec here = {room, sizeof room}, there = {(void *)0x400000, sizeof room};
    return attack_result(process_vm_writev(victim(board, me), &here, 1, &there, 1, 0));
}

static int trace(const struct board *board, enum board_role me)
{
    return attack_result(ptrace(PTRACE_SEIZE, victim(board, me), NULL, NULL));
}

static int take_descriptor(const struct board *board, enum board_role me)
{
    int pidfd = (int)syscall(SYS_pidfd_open, victim(board, me), 0);
    return attack_result(syscall(SYS_pidfd_getfd, pidfd, 4, 0));
}

static int open_pidfd(const struct board *board, enum board_role me)
{
    return attack_result(syscall(SYS_pidfd_open, victim(board, me), 0));
}

static int compare(const struct board *board, enum board_role me)
{
    return attack_result(syscall(SYS_kcmp, getpid(), victim(board, me), KCMP_FILE, 3, 3));
}

static int robust_list(const struct board *board, enum board_role me)
{
    void *head = NULL;
    size_t size = 0;
    return attack_result(syscall(SYS_get_robust_list, victim(board, me), &head, &size));
}

static int ask_kill(const struct board *board, enum board_role me)
{
    return attack_result(kill(victim(board, me), 0));
}

static int kill_all(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    return attack_result(kill(-1, 0));
}

static int kill_thread(const struct board *board, enum board_role me)
{
    pid_t pid = victim(board, me);
    return attack_result(syscall(SYS_tgkill, pid, pid, 0));
}

static int kill_old_thread(const struct board *board, enum board_role me)
{
    return attack_result(syscall(SYS_tkill, victim(board, me), 0));
}

static int queue_signal(const struct board *board, enum board_role me)
{
    siginfo_t info = {.si_signo = SIGCONT, .si_code = SI_QUEUE};
    return attack_result(syscall(SYS_rt_sigqueueinfo, victim(board, me), SIGCONT, &info));
}

/* A socket that tells its owner of new bytes by a signal of our choice. */
static int signal_by_socket(const struct board *board, enum board_role me)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return errno;
    _cleanup_close_ int ours = pair[0];
    attr_unused _cleanup_close_ int theirs = pair[1];
    if (fcntl(ours, F_SETOWN, victim(board, me)) < 0)
        return errno;
    return attack_result(fcntl(ours, F_SETSIG, SIGKILL));
}

static int limits(const struct board *board, enum board_role me)
{
    struct rlimit limit;
    return attack_result(prlimit(victim(board, me), RLIMIT_NOFILE, NULL, &limit));
}

static int raise_own_limits(const struct board *board, enum board_role me)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    (void)board, (void)me;
    return attack_result(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL));
}

static int priority(const struct board *board, enum board_role me)
{
    return attack_result(setpriority(PRIO_PROCESS, (id_t)victim(board, me), 19));
}

static int scheduling(const struct board *board, enum board_role me)
{
    struct sched_param param = {0};
    return attack_result(sched_setscheduler(victim(board, me), SCHED_IDLE, &param));
}

static int affinity(const struct board *board, enum board_role me)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    return attack_result(sched_setaffinity(victim(board, me), sizeof set, &set));
}

static int move_pages_(const struct board *board, enum board_role me)
{
    return attack_result(syscall(SYS_move_pages, victim(board, me), 0, NULL, NULL, NULL, 0));
}

static int shared_segment(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    return attack_result(syscall(SYS_shmget, 0, 4096, 01600));
}

static const struct attempt attempts[] = {
    {"open another process's memory", BY_PARTS, memory},
    {"open another process's environment", BY_PARTS, environment},
    {"open another process's maps", BY_PARTS, map},
    {"list another process's descriptors", BY_PARTS, descriptors},
    {"open another process's root", BY_PARTS, root},
    {"open another process's working folder", BY_PARTS, working_folder},
    {"open the store through the keeper's folder", BY_GATEWAY | BY_OUTWARD | BY_READER, store_through_cwd},
    {"open another process's descriptor", BY_PARTS, first_descriptor},
    {"process_vm_readv", BY_ALL, read_memory},
    {"process_vm_writev", BY_ALL, write_memory},
    {"ptrace", UNLESS_SANITIZED(BY_ALL), trace},
    {"pidfd_open", BY_ALL, open_pidfd},
    {"pidfd_getfd", BY_ALL, take_descriptor},
    {"kcmp", BY_ALL, compare},
    {"get_robust_list of another", BY_ALL, robust_list},
    {"kill", UNLESS_SANITIZED(BY_PARTS), ask_kill},
    {"kill everybody", UNLESS_SANITIZED(BY_PARTS), kill_all},
    {"tgkill another process's thread", BY_PARTS, kill_thread},
    {"tkill", BY_ALL, kill_old_thread},
    {"rt_sigqueueinfo", BY_ALL, queue_signal},
    {"signals by a socket's owner", BY_PARTS, signal_by_socket},
    {"prlimit of another", BY_PARTS, limits},
    {"raise a limit of its own", BY_ALL, raise_own_limits},
    {"setpriority of another", BY_ALL, priority},
    {"sched_setscheduler of another", BY_ALL, scheduling},
    {"sched_setaffinity of another", UNLESS_SANITIZED(BY_ALL), affinity},
    {"move_pages", BY_ALL, move_pages_},
    {"shmget", BY_ALL, shared_segment},
};
const struct attempt_list attack_processes = {attempts, ARRAY_SIZE(attempts)};
