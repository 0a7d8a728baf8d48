/* What the sandbox takes away, and that what a role needs is left. Each try is a process of its own that enters the
 * sandbox and then does one thing. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/v4l2.h"
#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/sandbox/sandbox.h"

static char folder[] = "/tmp/lightsout-sandbox-XXXXXX";

/* Ends with 0, or an errno. */
typedef int try_fn(void);

#define KILLED (-SIGSYS)
#define NO_SOCKET 251 /* there was not even one to try it with */

static int in_sandbox(enum sandbox_role role, try_fn *try)
{
    pid_t pid = fork();
    if (pid == 0) {
        const struct sandbox_path paths[] = {{folder, SANDBOX_OWN, false}, {"/proc", SANDBOX_READ, true}};
        if (sandbox_enter(role, paths, ARRAY_SIZE(paths)) < 0)
            _exit(250);
        _exit(try());
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int result(long r)
{
    return r < 0 ? errno : 0;
}

static int try_exec(void)
{
    execl("/bin/true", "true", NULL);
    return errno;
}

static int try_exec_by_descriptor(void)
{
    int fd = open("/usr/bin/true", O_RDONLY | O_CLOEXEC);
    char name[] = "true", *argv[] = {name, NULL}, *none[] = {NULL};
    if (fd < 0)
        return 251;
    return result(syscall(SYS_execveat, fd, "", argv, none, 0x1000));
}

attr_unused static int try_trace(void)
{
    return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_read_memory(void)
{
    return result(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int try_mount(void)
{
    return result(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
}

static int try_internet(void)
{
    return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_netlink(void)
{
    return result(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int try_unix(void)
{
    return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

attr_unused static int try_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return result(pid);
}

attr_unused static int try_executable_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? 252 : result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

attr_unused static int try_signal(void)
{
    return result(kill(getppid(), 0));
}

static int try_passwd(void)
{
    return result(open("/etc/passwd", O_RDONLY));
}

static int try_rank(int who, int policy)
{
    struct sched_param param = {.sched_priority = (policy & ~SCHED_RESET_ON_FORK) == SCHED_OTHER ? 0 : 1};
    return result(sched_setscheduler(who, policy, &param));
}

static int try_coming_first(void)
{
    return try_rank(0, V4L2_SCHED_FIRST);
}

static int try_stepping_back(void)
{
    return try_rank(0, V4L2_SCHED_OTHERS);
}

static int try_coming_before_all(void)
{
    return try_rank(0, SCHED_FIFO | SCHED_RESET_ON_FORK);
}

static int try_putting_others_first(void)
{
    return try_rank(getppid(), V4L2_SCHED_FIRST);
}

static int try_own_file(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/note", folder);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    return fd < 0 ? errno : write(fd, "x", 1) == 1 ? 0 : 253;
}

static void *thread(void *data)
{
    *(int *)data = 7;
    return NULL;
}

static int try_thread(void)
{
    pthread_t t;
    int ran = 0;
    int r = pthread_create(&t, NULL, thread, &ran);
    if (r == 0)
        pthread_join(t, NULL);
    return r ? r : ran == 7 ? 0 : 254;
}

static bool kernel_has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static int try_listening(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return 251;
    int r = result(bind(fd, (struct sockaddr *)&address, sizeof address));
    return r ? r : result(listen(fd, 1));
}

/* Without a bind the kernel would choose a port. */
static int try_listening_anywhere(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    return fd < 0 ? NO_SOCKET : result(listen(fd, 1));
}

static int try_accepting(void)
{
    return result(accept4(0, NULL, NULL, 0));
}

/* To a port where nobody listens: that it is refused by the other side is what is wanted. */
static int try_connecting(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? NO_SOCKET : result(connect(fd, (struct sockaddr *)&address, sizeof address));
}

static int try_datagrams(void)
{
    return result(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int try_other_file(void)
{
    return result(open("/tmp/lightsout-sandbox-other", O_WRONLY | O_CREAT, 0600));
}

static int try_making_folder(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/folder", folder);
    return result(mkdir(path, 0700));
}

static void assert_keeps_to_itself(enum sandbox_role role)
{
    assert_int_equal(in_sandbox(role, try_thread), 0);
    assert_int_equal(in_sandbox(role, try_accepting), EPERM);
    assert_int_equal(in_sandbox(role, try_unix), EPERM);
    assert_int_equal(in_sandbox(role, try_netlink), EPERM);
    assert_int_equal(in_sandbox(role, try_making_folder), EPERM);
    assert_int_equal(in_sandbox(role, try_coming_first), EPERM);
    if (kernel_has_landlock()) {
        assert_int_equal(in_sandbox(role, try_other_file), EACCES);
        assert_int_equal(in_sandbox(role, try_passwd), EACCES);
    }
}

static void outward_connects_and_does_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(SANDBOX_OUTWARD, try_internet), 0);
    assert_int_equal(in_sandbox(SANDBOX_OUTWARD, try_datagrams), 0); /* name servers */
    assert_int_equal(in_sandbox(SANDBOX_OUTWARD, try_connecting), ECONNREFUSED);
    assert_int_equal(in_sandbox(SANDBOX_OUTWARD, try_listening), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_OUTWARD, try_listening_anywhere), EPERM);
    assert_keeps_to_itself(SANDBOX_OUTWARD);
}

/* It looks at pictures that it was given, and at nothing else. */
static void reader_reaches_nobody(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(SANDBOX_READER, try_internet), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_READER, try_datagrams), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_READER, try_connecting), NO_SOCKET);
    assert_int_equal(in_sandbox(SANDBOX_READER, try_listening_anywhere), NO_SOCKET);
    assert_keeps_to_itself(SANDBOX_READER);
    assert_int_not_equal(in_sandbox(SANDBOX_READER, try_own_file), 0); /* not even where files may be made */
}

static void forbids_other_programs(void **state)
{
    (void)state;
    static const enum sandbox_role roles[] = {SANDBOX_GATEWAY, SANDBOX_KEEPER, SANDBOX_OUTWARD, SANDBOX_READER};
    for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
        enum sandbox_role role = roles[i];
        assert_int_equal(in_sandbox(role, try_exec), KILLED);
        assert_int_equal(in_sandbox(role, try_exec_by_descriptor), KILLED);
        assert_int_equal(in_sandbox(role, try_read_memory), KILLED);
        assert_int_equal(in_sandbox(role, try_mount), KILLED);
#ifndef LIGHTSOUT_SANITIZED
        assert_int_equal(in_sandbox(role, try_trace), KILLED);
        assert_int_equal(in_sandbox(role, try_fork), EPERM);
        assert_int_equal(in_sandbox(role, try_executable_memory), EPERM);
        assert_int_equal(in_sandbox(role, try_signal), EPERM); /* kill is on no list */
#endif
    }
}

static void forbids_connections_to_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_internet), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_netlink), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_KEEPER, try_internet), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_KEEPER, try_unix), EPERM);
}

static void forbids_other_priorities(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_coming_before_all), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_putting_others_first), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_KEEPER, try_coming_first), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_KEEPER, try_stepping_back), EPERM);
    assert_int_equal(in_sandbox(SANDBOX_HELPER, try_stepping_back), EPERM);
}

static void forbids_other_files(void **state)
{
    (void)state;
    if (!kernel_has_landlock())
        skip();
    assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_passwd), EACCES);
    assert_int_equal(in_sandbox(SANDBOX_KEEPER, try_passwd), EACCES);
}

/* Without a sandbox. */
static bool may_come_first(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(try_coming_first());
    waitpid(pid, &status, 0);
    return status == 0;
}

static void leaves_what_a_role_needs(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_unix), 0);
    assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_own_file), 0);
    assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_thread), 0);
    assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_stepping_back), 0);
    if (may_come_first())
        assert_int_equal(in_sandbox(SANDBOX_GATEWAY, try_coming_first), 0);
    assert_int_equal(in_sandbox(SANDBOX_KEEPER, try_own_file), 0);
    assert_int_equal(in_sandbox(SANDBOX_KEEPER, try_thread), 0);
}

/* A kernel that has Landlock, and refuses to put it up. */
static int enter_without_landlock(bool best)
{
    pid_t pid = fork();
    if (pid == 0) {
        const struct sandbox_path paths[] = {{folder, SANDBOX_OWN, false}};
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(landlock_restrict_self), 0) < 0 ||
            seccomp_load(filter) < 0)
            _exit(250);
        sandbox_choose(best);
        _exit(sandbox_enter(SANDBOX_KEEPER, paths, ARRAY_SIZE(paths)) < 0 ? 1 : try_internet());
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void goes_on_without_a_wall_only_when_told(void **state)
{
    (void)state;
    if (!kernel_has_landlock())
        skip();
    assert_int_equal(enter_without_landlock(false), 1);
    assert_int_equal(enter_without_landlock(true), EPERM); /* the other walls stand */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_without_a_wall_only_when_told),
        cmocka_unit_test(forbids_other_programs),
        cmocka_unit_test(forbids_connections_to_elsewhere),
        cmocka_unit_test(forbids_other_priorities),
        cmocka_unit_test(forbids_other_files),
        cmocka_unit_test(leaves_what_a_role_needs),
        cmocka_unit_test(outward_connects_and_does_nothing_else),
        cmocka_unit_test(reader_reaches_nobody),
    };
    if (!mkdtemp(folder))
        return 1;
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    char note[128];
    snprintf(note, sizeof note, "%s/note", folder);
    unlink(note);
    rmdir(folder);
    return r;
}
