/* Running something else: other programs, in all the ways there are, other processes, and code that was not in the
 * executable. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "tests/walls/attack.h"

/* The program that is run is this one: it says on the board that it ran. */
static char role_word[8];

static char **arguments(enum board_role me)
{
    static char name[] = "attack-executed";
    static char *list[] = {name, role_word, NULL};
    snprintf(role_word, sizeof role_word, "%d", (int)me);
    return list;
}

static int by_path(const struct board *board, enum board_role me)
{
    (void)board;
    execv(attack_program_path, arguments(me));
    return errno;
}

static int by_proc(const struct board *board, enum board_role me)
{
    (void)board;
    execv("/proc/self/exe", arguments(me));
    return errno;
}

static int by_execveat(const struct board *board, enum board_role me)
{
    (void)board;
    syscall(SYS_execveat, AT_FDCWD, attack_program_path, arguments(me), environ, 0);
    return errno;
}

static int program_in_memory(void)
{
    size_t size, at = 0;
    const char *bytes = attack_program(&size);
    int fd = (int)syscall(SYS_memfd_create, "attack", 0);
    while (fd >= 0 && at < size) {
        ssize_t n = write(fd, bytes + at, size - at);
        if (n <= 0)
            return close(fd), -1;
        at += (size_t)n;
    }
    return fd;
}

static int by_memfd(const struct board *board, enum board_role me)
{
    (void)board;
    int fd = program_in_memory();
    /* where there is no memfd, of whatever descriptor: the call itself must be refused */
    syscall(SYS_execveat, fd < 0 ? 0 : fd, "", arguments(me), environ, AT_EMPTY_PATH);
    int r = errno;
    if (fd >= 0)
        close(fd);
    return r;
}

static int by_interpreter(const struct board *board, enum board_role me)
{
    static char loader[] = "/lib64/ld-linux-x86-64.so.2";
    char *list[] = {loader, attack_program_path, arguments(me)[0], arguments(me)[1], NULL};
    (void)board;
    execv(loader, list);
    return errno;
}

static int by_script(const struct board *board, enum board_role me)
{
    char path[256], text[600];
    snprintf(path, sizeof path, "%s/%s/script", board->state, me == BOARD_KEEPER ? "keeper" : "gateway");
    {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
        int n = snprintf(text, sizeof text, "#!%s attack-executed\n", attack_program_path);
        if (fd >= 0 && write(fd, text, (size_t)n) != n)
            return errno;
    }
    char *list[] = {path, arguments(me)[1], NULL};
    execv(path, list);
    return errno;
}

static int by_shell(const struct board *board, enum board_role me)
{
    static char shell[] = "/bin/sh", c[] = "-c";
    char line[700];
    char *list[] = {shell, c, line, NULL};
    (void)board;
    snprintf(line, sizeof line, "%s attack-executed %d", attack_program_path, (int)me);
    execv(shell, list);
    return errno;
}

static int fork_(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return attack_result(pid);
}

static int vfork_(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    long pid = syscall(SYS_clone, CLONE_VFORK | 17, 0, 0, 0, 0); /* a copy of our memory, unlike vfork */
    if (pid == 0)
        _exit(0);
    return attack_result(pid);
}

static int clone3_(const struct board *board, enum board_role me)
{
    uint64_t args[11] = {0}; /* struct clone_args: no flags */
    (void)board, (void)me;
    long pid = syscall(SYS_clone3, args, sizeof args);
    if (pid == 0)
        _exit(0);
    return attack_result(pid);
}

static int writable_code(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : GOT_IT;
}

static int code_made_executable(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : attack_result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int code_by_pkey(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : attack_result(syscall(SYS_pkey_mprotect, p, 4096, PROT_READ | PROT_EXEC, -1));
}

static int code_of_a_file(const struct board *board, enum board_role me)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s/code", board->state, me == BOARD_KEEPER ? "keeper" : "gateway");
    _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0700);
    if (fd < 0 || ftruncate(fd, 4096) < 0)
        return errno;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    return p == MAP_FAILED ? errno : GOT_IT;
}

static int code_of_memfd(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    _cleanup_close_ int fd = (int)syscall(SYS_memfd_create, "code", 0);
    if (fd < 0 || ftruncate(fd, 4096) < 0)
        return errno;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? errno : GOT_IT;
}

static int personality_(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    return attack_result(syscall(SYS_personality, 0x0400000)); /* READ_IMPLIES_EXEC */
}

static const struct attempt attempts[] = {
    {"execve a program", BY_ALL, by_path},
    {"execve itself", BY_ALL, by_proc},
    {"execveat", BY_ALL, by_execveat},
    {"execveat a file in memory", BY_ALL, by_memfd},
    {"execve the dynamic loader", BY_ALL, by_interpreter},
    {"execve a script", BY_GATEWAY | BY_KEEPER, by_script},
    {"execve a shell", BY_ALL, by_shell},
    {"fork", UNLESS_SANITIZED(BY_ALL), fork_},
    {"vfork", UNLESS_SANITIZED(BY_ALL), vfork_},
    {"clone3", UNLESS_SANITIZED(BY_ALL), clone3_},
    {"map writable code", BY_ALL, writable_code},
    {"make memory executable", UNLESS_SANITIZED(BY_ALL), code_made_executable},
    {"make memory executable by pkey_mprotect", BY_ALL, code_by_pkey},
    {"map a file of its own as code", BY_GATEWAY | BY_KEEPER, code_of_a_file},
    {"map a file in memory as code", BY_ALL, code_of_memfd},
    {"personality", UNLESS_SANITIZED(BY_ALL), personality_},
};
const struct attempt_list attack_programs = {attempts, ARRAY_SIZE(attempts)};
