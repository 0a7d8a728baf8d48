#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "gateway/doctor/doctor_security_inner.h"

DEFINE_CLEANUP(DIR, closedir)

/* A file of a process; "" when it cannot be read. */
static void read_file(const char *proc, pid_t pid, const char *name, char *room, size_t size)
{
    char path[256];
    room[0] = '\0';
    snprintf(path, sizeof path, "%s/%d/%s", proc, (int)pid, name);
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, room, size - 1);
    room[n < 0 ? 0 : n] = '\0';
    for (ssize_t i = 0; i + 1 < n; i++)
        if (room[i] == '\0')
            room[i] = ' ';
}

static bool is_role(const char *proc, pid_t pid, const char *role, const char *state)
{
    char command[8192], wanted[64], place[4200];
    read_file(proc, pid, "cmdline", command, sizeof command);
    snprintf(wanted, sizeof wanted, " --role=%s", role);
    const char *at = strstr(command, wanted);
    const char *end = command + strcspn(command, " ");
    snprintf(place, sizeof place, " --state %s", state ? state : "");
    const char *folder = state ? strstr(command, place) : NULL;
    if (state && (!folder || (folder[strlen(place)] != '\0' && folder[strlen(place)] != ' ')))
        return false;
    bool ours = end - command >= 10 && strncmp(end - 10, "lightsoutd", 10) == 0;
    return ours && at && (at[strlen(wanted)] == '\0' || at[strlen(wanted)] == ' ');
}

pid_t security_find_role(const char *proc, const char *role, const char *state)
{
    attr_cleanup(closedirp) DIR *d = opendir(proc);
    for (struct dirent *e; d && (e = readdir(d));) {
        pid_t pid = isdigit((unsigned char)e->d_name[0]) ? (pid_t)strtol(e->d_name, NULL, 10) : 0;
        if (pid > 0 && is_role(proc, pid, role, state))
            return pid;
    }
    return 0;
}

/* The value of a line "Name:\tvalue", as hexadecimal where it says so; -1: none. */
static long long value_of(const char *status, const char *name, int base)
{
    const char *at = strstr(status, name);
    return at ? strtoll(at + strlen(name), NULL, base) : -1;
}

static void look_at_dumps(struct security *self, const char *proc, const char *role, pid_t pid)
{
    char path[256], limits[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/%d/environ", proc, (int)pid);
    read_file(proc, pid, "limits", limits, sizeof limits);
    const char *core = strstr(limits, "Max core file size");
    /* "unlimited" is no number */
    const char *most = core ? core + strlen("Max core file size") : "";
    most += strspn(most, " ");
    bool none = most[0] == '0' && (most[1] == ' ' || most[1] == '\n');
    /* what cannot be dumped belongs to root there, whoever the process is (proc(5)) */
    bool hidden = stat(path, &st) == 0 && st.st_uid == 0;
    if (none && hidden)
        security_say(self, SECURITY_GOOD, role, "its memory is in no core dump and in no debugger of its user");
    else
        security_say(
            self, SECURITY_BAD, role,
            "its memory could be dumped%s; start the program that the package installed, not a sanitizer build",
            none ? " by a debugger of its user" : "");
}

void security_process(struct security *self, const char *proc, const char *role, pid_t pid)
{
    char status[8192];
    bool helper = strcmp(role, "helper") == 0;
    read_file(proc, pid, "status", status, sizeof status);
    long long uid = value_of(status, "\nUid:", 10), filter = value_of(status, "\nSeccomp:", 10);
    long long bounds = value_of(status, "\nCapEff:", 16), more = value_of(status, "\nNoNewPrivs:", 10);
    if (filter == 2 && more == 1)
        security_say(self, SECURITY_GOOD, role, "process %d: system calls filtered, no new privileges", (int)pid);
    else
        security_say(
            self, SECURITY_BAD, role,
            "process %d: Seccomp %lld, NoNewPrivs %lld, but 2 and 1 are its walls; update the kernel, or see the "
            "log's lines of 'sandbox'",
            (int)pid, filter, more);
    if (helper)
        return;
    if (uid > 0 && bounds == 0)
        security_say(self, SECURITY_GOOD, role, "user %lld, no capabilities", uid);
    else
        security_say(
            self, SECURITY_BAD, role,
            "user %lld with capabilities %llx; start lightsoutd by its unit or as root, and name no privileged "
            "user in the configuration",
            uid, bounds);
    look_at_dumps(self, proc, role, pid);
}

static long long uid_of(const char *proc, pid_t pid)
{
    char status[8192];
    read_file(proc, pid, "status", status, sizeof status);
    return value_of(status, "\nUid:", 10);
}

void security_processes(struct security *self, const char *proc, const char *state)
{
    static const char *const roles[] = {"gateway", "keeper", "outward"};
    long long uids[3] = {-1, -2, -3};
    unsigned n = 0;
    for (unsigned i = 0; i < 3; i++) {
        pid_t pid = security_find_role(proc, roles[i], state);
        if (!pid)
            continue;
        n++;
        uids[i] = uid_of(proc, pid);
        security_process(self, proc, roles[i], pid);
    }
    pid_t helper = security_find_role(proc, "helper", NULL);
    if (helper)
        security_process(self, proc, "helper", helper);
    if (n < 3)
        security_say(self, SECURITY_WEAK, "processes", "%u of gateway, keeper and outward run; start lightsout.service",
                     n);
    else if (uids[0] != uids[1] && uids[1] != uids[2] && uids[0] != uids[2])
        security_say(self, SECURITY_GOOD, "users", "gateway, keeper and outward are different users");
    else
        security_say(
            self, SECURITY_WEAK, "users",
            "gateway, keeper and outward share a user: only their filters are between them; install the package, "
            "which has a user for each, and name none in the configuration");
}
