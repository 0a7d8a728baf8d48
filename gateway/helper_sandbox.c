#include "gateway/helper_sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/log.h"
#include "gateway/sandbox.h"

/* CAP_SYS_ADMIN: mounts FunctionFS. CAP_NET_ADMIN: the kernel's NBD netlink. CAP_KILL: the kernel's mass storage
 * thread, where that is the only way to open a locked door. That files belong to root is enough for all the others. */
static const unsigned kept[] = {CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_KILL};

static bool is_kept(unsigned capability)
{
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        if (kept[i] == capability)
            return true;
    return false;
}

static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
        if (!is_kept(i) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 && errno != EINVAL)
            return -errno;
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
        data[kept[i] / 32].permitted |= 1u << kept[i] % 32;
        data[kept[i] / 32].effective |= 1u << kept[i] % 32;
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static bool mounts(const struct config *config)
{
    for (unsigned i = 0; i < config->n_targets; i++)
        if (config->targets[i]->machine == CONFIG_DONGLE && config->targets[i]->dongle.big_cd)
            return true;
    return false;
}

int helper_sandbox_enter(const struct config *config)
{
    /* Device nodes come and go, so the rule is for their folder; which of them are opened is the code's affair, and the
     * service manager's (DeviceAllow=). The kernel opens a LUN's file with these rules as well. */
    static const struct sandbox_path paths[] = {
        {"/sys/kernel/config", SANDBOX_OWN, true}, {"/sys", SANDBOX_CHANGE, false},
        {"/dev", SANDBOX_CHANGE, false},           {"/proc", SANDBOX_READ, false},
        {"/run/lightsout", SANDBOX_OWN, true},
    };
    int r = drop_capabilities();
    if (r < 0) {
        log_error("helper", "capabilities cannot be given up: %s", strerror(-r));
        return r;
    }
    bool mounting = mounts(config);
    if (mounting)
        log_info("helper",
                 "big-cd = yes mounts FunctionFS, which Landlock forbids: files are protected by capabilities "
                 "and system calls only");
    return sandbox_enter(SANDBOX_HELPER, mounting ? NULL : paths, ARRAY_SIZE(paths));
}
