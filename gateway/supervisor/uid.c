#include "gateway/supervisor/uid.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Root may, and so may a service that got just these capabilities from its manager (capabilities(7)). */
static bool may_become_others(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    unsigned wanted = 1u << CAP_SETUID | 1u << CAP_SETGID;
    return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & wanted) == wanted;
}

/* From one unprivileged user to another the kernel takes nothing away by itself. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -errno;
    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static int choose_number(const char *text, struct uid_choice *self)
{
    char *end;
    errno = 0;
    unsigned long v = strtoul(text, &end, 10);
    if (errno || *end || text[0] < '0' || text[0] > '9' || v >= (uid_t)-1)
        return -ENOENT;
    self->uid = (uid_t)v;
    self->gid = (gid_t)v;
    const struct passwd *p = getpwuid(self->uid);
    if (p)
        self->gid = p->pw_gid;
    snprintf(self->name, sizeof self->name, "%s", p ? p->pw_name : text);
    return 0;
}

static int choose_named(const char *name, struct uid_choice *self)
{
    const struct passwd *p = getpwnam(name);
    if (!p)
        return choose_number(name, self);
    self->uid = p->pw_uid;
    self->gid = p->pw_gid;
    snprintf(self->name, sizeof self->name, "%s", name);
    return 0;
}

int uid_choose(const char *user, struct uid_choice *ret, char *why, size_t why_size)
{
    struct uid_choice self = {.drop = may_become_others(), .uid = geteuid(), .gid = getegid()};
    snprintf(self.name, sizeof self.name, "%u", (unsigned)self.uid);
    int r = 0;
    if (*user)
        r = choose_named(user, &self);
    else if (self.drop && choose_named(UID_DEFAULT_USER, &self) < 0)
        self.uid = self.gid = UID_DEFAULT_NUMBER, snprintf(self.name, sizeof self.name, "%d", UID_DEFAULT_NUMBER);
    if (r < 0) {
        snprintf(why, why_size, "there is no user %s; create it, or change user in the configuration", user);
        return r;
    }
    if (self.drop && self.uid == 0) {
        snprintf(why, why_size, "user %s is root; give an unprivileged one in the configuration", self.name);
        return -EPERM;
    }
    if (!self.drop && self.uid != geteuid()) {
        snprintf(why, why_size, "only root may start it for user %s; start it as root or as that user", self.name);
        return -EPERM;
    }
    *ret = self;
    return 0;
}

void uid_choose_own(const char *name, const struct uid_choice *other, struct uid_choice *ret)
{
    struct uid_choice self = *other;
    /* a user that the owner chose for all parts has all of them */
    if (other->drop && strcmp(other->name, UID_DEFAULT_USER) == 0 && choose_named(name, &self) == 0)
        *ret = self;
    else
        *ret = *other;
}

uid_t uid_of_supervisor(const struct uid_choice *other)
{
    struct uid_choice supervisor;
    return choose_named(UID_SUPERVISOR_USER, &supervisor) == 0 ? supervisor.uid : other->uid;
}

void uid_drop(const struct uid_choice *self)
{
    if (!self->drop)
        return;
    /* Supplementary groups first: they cannot be changed any more afterwards. A user without an entry gets none. */
    int r = getpwuid(self->uid) ? initgroups(self->name, self->gid) : setgroups(0, NULL);
    if (r < 0 || setresgid(self->gid, self->gid, self->gid) < 0 || setresuid(self->uid, self->uid, self->uid) < 0 ||
        drop_capabilities() < 0 || setuid(0) == 0)
        _exit(126);
}

int uid_ask(const struct uid_choice *self, int (*fn)(const void *data), const void *data)
{
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        uid_drop(self);
        _exit(fn(data));
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

#define MOST_FOLDERS 250

/* The number of the first folder that cannot be entered, counted from the root; 0: none. */
static int first_closed(const void *data)
{
    const char *path = data;
    char prefix[4096];
    int folders = 0;
    for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
        size_t n = (size_t)(slash - path);
        if (n >= sizeof prefix || folders == MOST_FOLDERS)
            return MOST_FOLDERS + 1;
        memcpy(prefix, path, n);
        prefix[n] = '\0';
        folders++;
        if (access(prefix, X_OK) < 0 && errno == EACCES)
            return folders;
    }
    return 0;
}

int uid_can_reach(const struct uid_choice *self, const char *path, char *ret_folder, size_t size)
{
    int folders = uid_ask(self, first_closed, path);
    if (folders < 0 || folders > MOST_FOLDERS)
        return folders < 0 ? folders : -EIO;
    if (folders == 0)
        return 0;
    const char *end = path;
    for (int i = 0; i < folders && end; i++)
        end = strchr(end + 1, '/');
    snprintf(ret_folder, size, "%.*s", end ? (int)(end - path) : 0, path);
    return -EACCES;
}
