#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(const char *const argv[], int out)
{
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    int in = open("/dev/null", O_RDONLY);
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

int tool_run(const char *const argv[], char *room, size_t size)
{
    int pipes[2], status = 0;
    size_t at = 0;
    char rest[4096];
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        child(argv, pipes[1]);
    close(pipes[1]);
    for (ssize_t n; (n = read(pipes[0], rest, sizeof rest)) > 0 || (n < 0 && errno == EINTR);) {
        size_t keep = n > 0 && at + 1 < size ? (size_t)n < size - 1 - at ? (size_t)n : size - 1 - at : 0;
        memcpy(room + at, rest, keep);
        at += keep;
    }
    room[at] = 0;
    close(pipes[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool tool_there(const char *name)
{
    char said[64];
    return tool_run((const char *const[]){"sh", "-c", "command -v \"$1\"", "sh", name, NULL}, said, sizeof said) == 0;
}
