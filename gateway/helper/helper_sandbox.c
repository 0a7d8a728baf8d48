#include "gateway/helper/helper_sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/log.h"
#include "gateway/config/config.h"
#include "gateway/sandbox/sandbox.h"

/* CAP_SYS_ADMIN: the kernel's NBD netlink, and a fresh block device's cache. CAP_NET_ADMIN: netlink. CAP_KILL: the
 * kernel's mass storage thread, where that is the only way to open a locked door. That files belong to root is enough
 * for all the others. */
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

int helper_sandbox_enter(const char *config, const char *settings)
{
    /* /dev is a rule for the folder, because a rule is for what is there now, and nodes come later: the kernel makes
     * hidgN when a gadget is bound, nbdN when all that exist are in use, and a capture stick's when it is plugged in.
     * Nothing can be made or removed there. Which of them are opened is the code's affair, which looks at the number or
     * the subsystem of each (gadget_open_hid, device_open), and the service manager's (DeviceAllow=). The kernel opens
     * a LUN's file with these rules as well. Of /sys nothing is written but a block device's read-ahead. */
    const struct sandbox_path paths[] = {
        {config, SANDBOX_READ, true},   /* it alone: beside it may be secrets of the owner */
        {settings, SANDBOX_READ, true}, /* what the page has set */
        {"/sys/kernel/config", SANDBOX_OWN, true},
        {"/sys", SANDBOX_READ, false},
        {"/sys/devices/virtual/block", SANDBOX_CHANGE, true},
        {"/run/lightsout-ffs", SANDBOX_CHANGE, true}, /* FunctionFS */
        {"/dev", SANDBOX_CHANGE, false},
        {"/proc", SANDBOX_READ, false},
        {"/run/lightsout", SANDBOX_OWN, true},
    };
    int r = drop_capabilities();
    if (r < 0) {
        log_error("helper", "capabilities cannot be given up: %s", strerror(-r));
        return r;
    }
    return sandbox_enter(SANDBOX_HELPER, paths, ARRAY_SIZE(paths));
}
