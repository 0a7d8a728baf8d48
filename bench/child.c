#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

pid_t child_start(const char *const argv[], int in, int out)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(in >= 0 ? in : nothing, STDIN_FILENO);
    dup2(out >= 0 ? out : nothing, STDOUT_FILENO);
    if (!getenv("BENCH_DEBUG"))
        dup2(nothing, STDERR_FILENO);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

bool child_wait(pid_t pid, double *ret_cpu_ms)
{
    struct rusage usage;
    int status;
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return false;
    if (ret_cpu_ms)
        *ret_cpu_ms = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
                      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool child_run(const char *const argv[], int in, int out, double *ret_cpu_ms)
{
    lseek(in, 0, SEEK_SET);
    if (out >= 0 && ftruncate(out, 0) == 0)
        lseek(out, 0, SEEK_SET);
    pid_t pid = child_start(argv, in, out);
    return pid > 0 && child_wait(pid, ret_cpu_ms);
}

double child_cpu_ms(pid_t pid)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
        return NAN;
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void child_end(pid_t pid)
{
    kill(pid, SIGTERM);
    for (int i = 0; i < 100; i++) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
