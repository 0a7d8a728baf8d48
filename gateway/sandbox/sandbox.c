#include "gateway/sandbox/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "core/attrs.h"
#include "core/log.h"

/* Bounds that a bug or an attacker hits before the machine does. */
static const struct {
    int resource;
    rlim_t of[5]; /* by role */
} limits[] = {
    {RLIMIT_CORE, {0, 0, 0, 0, 0}}, /* a core file would hold pictures and secrets */
    /* sockets of viewers; the keeper has its store, the helper devices, outward connections, the reader its data */
    {RLIMIT_NOFILE, {4096, 256, 256, 4096, 64}},
    /* writable media of any size; the keeper's store; attributes; certificates; nothing */
    {RLIMIT_FSIZE, {RLIM_INFINITY, 1 << 28, 1 << 20, 1 << 20, 0}},
};

static int set_limits(enum sandbox_role role)
{
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        rlim_t v = limits[i].of[role];
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

/* What the libraries of both roles open late. */
static const struct sandbox_path common_paths[] = {
    {"/etc/ssl", SANDBOX_READ, true},       /* OpenSSL's configuration */
    {"/etc/localtime", SANDBOX_READ, true}, /* times in logs, validity of certificates for people */
    {"/usr", SANDBOX_READ, true},           /* libraries that are loaded late */
    {"/dev/urandom", SANDBOX_READ, true},
    {"/sys/devices/system/cpu", SANDBOX_READ, true}, /* how many threads make sense */
#ifdef LIGHTSOUT_SANITIZED
    {"/proc", SANDBOX_READ, true}, /* the leak checker looks at its own maps and threads */
#endif
};

static int restrict_files(enum sandbox_role role, const struct sandbox_path *paths, size_t n_paths)
{
    struct sandbox_path all[SANDBOX_MAX_PATHS + ARRAY_SIZE(common_paths)];
    if (n_paths > SANDBOX_MAX_PATHS)
        return -E2BIG;
    if (n_paths)
        memcpy(all, paths, n_paths * sizeof *paths);
    memcpy(all + n_paths, common_paths, sizeof common_paths);
    return sandbox_landlock(all, n_paths + ARRAY_SIZE(common_paths), role == SANDBOX_OUTWARD ? SANDBOX_MAY_CONNECT : 0);
}

static bool may_be_partial;

void sandbox_choose(bool best)
{
    may_be_partial = best;
}

bool sandbox_may_be_partial(void)
{
    return may_be_partial;
}

/* 0 when the process may go on. */
static int judge(const char *wall, int r)
{
    if (r >= 0)
        return 0;
    log_error("sandbox", "%s: %s; %s", wall, strerror(-r),
              may_be_partial ? "it goes on without, because the configuration says sandbox = best"
                             : "it does not start; lightsoutd --doctor tells more, and sandbox = best in the "
                               "configuration would let it go on");
    return may_be_partial ? 0 : r;
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
    int r = judge("limits of resources cannot be set", set_limits(role));
    if (r < 0)
        return r;
    r = restrict_files(role, paths, n_paths);
    if (r > 0)
        log_warn("sandbox", "this kernel has no Landlock: files are protected by their permissions only");
    r = judge("files cannot be restricted by Landlock", r);
    return r < 0 ? r : judge("system calls cannot be restricted by seccomp", sandbox_seccomp(role));
}
