#include "tests/walls/weaken.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "gateway/sandbox/sandbox.h"
#include "gateway/supervisor/uid.h"

int __real_sandbox_seccomp(enum sandbox_role role);
int __wrap_sandbox_seccomp(enum sandbox_role role);
int __real_sandbox_landlock(const struct sandbox_path *paths, size_t n_paths, unsigned may);
int __wrap_sandbox_landlock(const struct sandbox_path *paths, size_t n_paths, unsigned may);
void __real_uid_drop(const struct uid_choice *self);
void __wrap_uid_drop(const struct uid_choice *self);
int __real_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int __wrap_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int __real_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
int __real_seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int call, unsigned n,
                                  const struct scmp_arg_cmp *args);
int __wrap_seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int call, unsigned n,
                                  const struct scmp_arg_cmp *args);

static const struct board *board;

static bool weak(enum board_weak piece)
{
    return board && (board->weak & piece);
}

void weaken(const struct board *the_board)
{
    board = the_board;
}

int __wrap_sandbox_seccomp(enum sandbox_role role)
{
    return weak(WEAK_SECCOMP) ? 0 : __real_sandbox_seccomp(role);
}

int __wrap_sandbox_landlock(const struct sandbox_path *paths, size_t n_paths, unsigned may)
{
    struct sandbox_path more[2 * SANDBOX_MAX_PATHS + 1];
    if (weak(WEAK_LANDLOCK))
        return 0;
    if (!weak(WEAK_PATH_RULE) || n_paths >= 2 * SANDBOX_MAX_PATHS)
        return __real_sandbox_landlock(paths, n_paths, may);
    memcpy(more, paths, n_paths * sizeof *paths);
    more[n_paths] = (struct sandbox_path){"/", SANDBOX_READ, false};
    return __real_sandbox_landlock(more, n_paths + 1, may);
}

void __wrap_uid_drop(const struct uid_choice *self)
{
    char path[256];
    if (weak(WEAK_LEAK)) {
        snprintf(path, sizeof path, "%s/keeper/keeper.db", board->state);
        int fd = open(path, O_RDONLY);
        (void)fd; /* stays open: that is the leak */
    }
    if (!weak(WEAK_UID))
        __real_uid_drop(self);
}

int __wrap_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
    if (option == PR_SET_DUMPABLE && weak(WEAK_DUMPABLE))
        return 0;
    return __real_prctl(option, a, b, c, d);
}

int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    return weak(WEAK_LIMITS) ? 0 : __real_setrlimit(resource, limit);
}

int __wrap_seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int call, unsigned n,
                                  const struct scmp_arg_cmp *args)
{
    if ((weak(WEAK_SOCKET_RULE) && call == SCMP_SYS(socket)) || (weak(WEAK_MEMORY_RULE) && call == SCMP_SYS(mmap)))
        return __real_seccomp_rule_add_array(ctx, action, call, 0, NULL);
    return __real_seccomp_rule_add_array(ctx, action, call, n, args);
}
