#include "gateway/sandbox.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "core/log.h"

/* Bounds that a bug or an attacker hits before the machine does. */
static const struct {
    int resource;
    rlim_t gateway, keeper;
} limits[] = {
    {RLIMIT_CORE, 0, 0},                    /* a core file would hold pictures and secrets */
    {RLIMIT_NOFILE, 4096, 256},             /* sockets of viewers; the keeper has its store and two channels */
    {RLIMIT_FSIZE, RLIM_INFINITY, 1 << 28}, /* the keeper's store; the gateway serves writable media of any size */
};

static int set_limits(enum sandbox_role role)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        rlim_t v = role == SANDBOX_GATEWAY ? limits[i].gateway : limits[i].keeper;
        struct rlimit now;
        if (getrlimit(limits[i].resource, &now) < 0)
            return -errno;
        if (now.rlim_max != RLIM_INFINITY && v > now.rlim_max)
            v = now.rlim_max;
        struct rlimit limit = {.rlim_cur = v, .rlim_max = v};
        if (setrlimit(limits[i].resource, &limit) < 0)
            return -errno;
    }
    return 0;
}

int sandbox_enter(enum sandbox_role role, const struct sandbox_path *paths, size_t n_paths)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
#ifdef LIGHTSOUT_SANITIZED
    log_warn("sandbox", "sanitizer build: the process may be traced, and the leak checker's system calls are allowed");
#else
    /* other processes of the same user can then neither trace us nor read our memory or descriptors */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -errno;
#endif
    int r = set_limits(role);
    if (r < 0)
        return r;
    r = sandbox_landlock(paths, n_paths, false);
    if (r < 0)
        return r;
    if (r > 0)
        log_warn("sandbox", "this kernel has no Landlock: files are protected by their permissions only");
    return sandbox_seccomp(role);
}
