/* The keeper's process: confined here, then auth/keeper's. */
#include "auth/keeper/keeper.h"
#include "core/attrs.h"
#include "core/log.h"
#include "gateway/role.h"
#include "gateway/sandbox/sandbox.h"

int keeper_role_main(const struct options *options)
{
    (void)options;
    log_init("keeper");
    static const struct sandbox_path paths[] = {
        {".", SANDBOX_OWN, false}, /* the store, the key; the supervisor made it the working directory */
        {"/proc/sys/kernel/random/boot_id", SANDBOX_READ, true}, /* in which run of the machine sessions began */
    };
    if (sandbox_enter(SANDBOX_KEEPER, paths, ARRAY_SIZE(paths)) < 0)
        return EXIT_FAILED;
    struct keeper_options keeper = {
        .state_dir_fd = KEEPER_FD_STATE, .supervisor_fd = KEEPER_FD_SUPERVISOR, .gateway_fd = -1};
    return keeper_main(&keeper);
}
