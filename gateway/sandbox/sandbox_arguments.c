/* The filter sees numbers, not what a pointer leads to: where a call is fine only for some purpose, the purpose is told
 * by the numbers that go with it. Each group says what it keeps out. */
#include "gateway/sandbox/sandbox_arguments.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "capture/v4l2.h"
#include "core/attrs.h"
#include "core/near.h"

#define WHOLE UINT64_MAX

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

/* Allows a call whose arguments, as far as the masks look, have these values. */
struct test {
    unsigned argument;
    uint64_t mask, value;
};

static int allow(scmp_filter_ctx filter, int call, const struct test *tests, unsigned n)
{
    struct scmp_arg_cmp list[4];
    for (unsigned i = 0; i < n; i++)
        list[i] = (struct scmp_arg_cmp){
            .arg = tests[i].argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = tests[i].mask, .datum_b = tests[i].value};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, n, list);
}

#define ALLOW(filter, call, ...)                                                                                       \
    allow(filter, SCMP_SYS(call), (const struct test[]){__VA_ARGS__},                                                  \
          sizeof((const struct test[]){__VA_ARGS__}) / sizeof(struct test))

/* No code but the program's own and its libraries': nothing becomes executable any more. Outward's name service and
 * directory client load libraries late: from files, and never writable. */
static int allow_memory(scmp_filter_ctx filter, enum sandbox_role role)
{
    int r = ALLOW(filter, mprotect, {2, PROT_EXEC, 0});
    r = r ? r : ALLOW(filter, mmap, {2, PROT_EXEC, 0});
    if (role == SANDBOX_OUTWARD)
        r = r ? r : ALLOW(filter, mmap, {2, PROT_EXEC | PROT_WRITE, PROT_EXEC}, {3, MAP_ANONYMOUS, 0});
    return r;
}

/* Threads share everything; a process would not, and a namespace of one's own is the door to much of the kernel. */
static int allow_threads(scmp_filter_ctx filter)
{
    const uint64_t own =
        CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    int r = ALLOW(filter, clone, {0, own | CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM});
    /* its flags are in memory where the filter cannot look; the C library then takes clone */
    return r ? r : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* Names of threads and of memory (the C library's); dumps may be refused once more, not allowed again. Limits are read,
 * of this process. */
static int allow_process(scmp_filter_ctx filter)
{
    int r = ALLOW(filter, prctl, {0, WHOLE, PR_SET_NAME});
    r = r ? r : ALLOW(filter, prctl, {0, WHOLE, PR_SET_VMA});
    r = r ? r : ALLOW(filter, prctl, {0, WHOLE, PR_SET_DUMPABLE}, {1, WHOLE, 0});
    return r ? r : ALLOW(filter, prlimit64, {0, UINT32_MAX, 0}, {2, WHOLE, 0});
}

/* Flags, locks and copies of descriptors; not their owner and his signal (F_SETOWN, F_SETSIG), by which the kernel ends
 * other processes of the same user, nor F_NOTIFY. */
static int allow_fcntl(scmp_filter_ctx filter)
{
    static const int commands[] = {F_DUPFD,
                                   F_DUPFD_CLOEXEC,
                                   F_GETFD,
                                   F_SETFD,
                                   F_GETFL,
                                   F_SETFL,
                                   F_GETLK,
                                   F_SETLK,
                                   F_SETLKW,
                                   F_OFD_GETLK,
                                   F_OFD_SETLK,
                                   F_OFD_SETLKW,
                                   1033 /* F_ADD_SEALS */,
                                   1034 /* F_GET_SEALS */};
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(commands); i++)
        r = ALLOW(filter, fcntl, {1, UINT32_MAX, (uint64_t)commands[i]});
    return r;
}

/* Sizes of queues and whether something is a terminal; then the devices that a role is given, by the letter in which
 * their requests begin. Never TIOCSTI and TIOCLINUX, which type into and read the terminal we were started from. */
static int allow_ioctl(scmp_filter_ctx filter, enum sandbox_role role)
{
    static const uint64_t all[] = {FIONREAD, FIONBIO, TCGETS, SIOCOUTQ};
    static const char gateway[] = {'V',                         /* a capture device and its receiver: video4linux */
                                   '|',                         /* the links between the two: media controller */
                                   'H',                         /* memory for captures: DMA heaps */
                                   'b',                         /* the same: DMA buffers */
                                   'g'};                        /* the drive for large discs: FunctionFS */
    static const uint64_t helper[] = {BLKFLSBUF, BLKGETSIZE64}; /* block devices of media */
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(all); i++)
        r = ALLOW(filter, ioctl, {1, UINT32_MAX, all[i]});
    for (size_t i = 0; r == 0 && role == SANDBOX_GATEWAY && i < ARRAY_SIZE(gateway); i++)
        r = ALLOW(filter, ioctl, {1, 0xFF00, (uint64_t)gateway[i] << 8});
    for (size_t i = 0; r == 0 && role == SANDBOX_HELPER && i < ARRAY_SIZE(helper); i++)
        r = ALLOW(filter, ioctl, {1, UINT32_MAX, helper[i]});
    if (role == SANDBOX_HELPER)
        r = r ? r : ALLOW(filter, ioctl, {1, 0xFF00, 0xB400}); /* buttons: GPIO lines */
    return r;
}

/* Unix sockets of the gateway's are streams: a datagram socket can be sent anything from to any path. */
static int allow_unix(scmp_filter_ctx filter)
{
    const uint64_t kind = 0xF; /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
    int r = ALLOW(filter, socket, {0, UINT32_MAX, AF_UNIX}, {1, kind, SOCK_STREAM});
    r = r ? r : ALLOW(filter, socketpair, {0, UINT32_MAX, AF_UNIX}, {1, kind, SOCK_STREAM});
    r = r ? r : ALLOW(filter, socketpair, {0, UINT32_MAX, AF_UNIX}, {1, kind, SOCK_SEQPACKET});
    /* to QEMU's monitor, by its bare name; an internet address is longer, and so are most sockets' paths */
    const struct scmp_arg_cmp near = {.arg = 2, .op = SCMP_CMP_LE, .datum_a = NEAR_LONGEST};
    return r ? r : seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 1, &near);
}

/* What is sent goes to whom the socket is connected to. MSG_FASTOPEN connects while sending, unseen by Landlock. */
static int allow_sending(scmp_filter_ctx filter)
{
    int r = ALLOW(filter, sendto, {3, MSG_FASTOPEN, 0}, {4, WHOLE, 0});
    r = r ? r : ALLOW(filter, sendmsg, {2, MSG_FASTOPEN, 0});
    return r ? r : ALLOW(filter, sendmmsg, {3, MSG_FASTOPEN, 0});
}

/* The capture thread comes before others and steps back again: the calling thread only. How far, is in memory where the
 * filter cannot look: RLIMIT_RTPRIO bounds it. */
static int allow_rank(scmp_filter_ctx filter, uint32_t policy)
{
    return ALLOW(filter, sched_setscheduler, {0, UINT32_MAX, 0}, {1, UINT32_MAX, policy});
}

static int allow_gateway(scmp_filter_ctx filter)
{
    int r = allow_unix(filter);
    r = r ? r : allow_sending(filter);
    /* never a listener's: it would become a socket that connects, and no gateway after us could listen */
    r = r ? r : ALLOW(filter, shutdown, {1, UINT32_MAX, SHUT_WR});
    r = r ? r : allow_rank(filter, V4L2_SCHED_FIRST);
    return r ? r : allow_rank(filter, V4L2_SCHED_OTHERS);
}

static int allow_outward(scmp_filter_ctx filter)
{
    int r = ALLOW(filter, socket, {0, UINT32_MAX, AF_INET});
    r = r ? r : ALLOW(filter, socket, {0, UINT32_MAX, AF_INET6});
    r = r ? r : ALLOW(filter, socketpair, {0, UINT32_MAX, AF_UNIX}, {1, 0xF, SOCK_STREAM}); /* libcurl wakes itself */
    r = r ? r : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0);
    r = r ? r : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(shutdown), 0);
    r = r ? r : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 0);
    r = r ? r : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 0);
    return r ? r : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmmsg), 0);
}

int sandbox_argument_rules(scmp_filter_ctx filter, enum sandbox_role role)
{
    int r = allow_memory(filter, role);
    r = r ? r : allow_threads(filter);
    r = r ? r : allow_process(filter);
    r = r ? r : allow_fcntl(filter);
    r = r ? r : allow_ioctl(filter, role);
    if (role == SANDBOX_GATEWAY)
        return r ? r : allow_gateway(filter);
    if (role == SANDBOX_OUTWARD)
        return r ? r : allow_outward(filter);
    r = r ? r : allow_sending(filter);
    if (role == SANDBOX_HELPER) {
        r = r ? r : ALLOW(filter, socket, {0, UINT32_MAX, AF_NETLINK});
        r = r ? r : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0); /* netlink, which it alone can be */
    }
    return r;
}

bool sandbox_has_argument_rule(const char *name)
{
    static const char *const names[] = {"connect", "socket", "socketpair", "clone",    "mmap",     "fcntl",
                                        "ioctl",   "sendto", "sendmsg",    "sendmmsg", "shutdown", "prlimit64"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}
