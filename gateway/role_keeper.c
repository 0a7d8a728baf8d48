/* The keeper's process: confined here, then auth/keeper's. */
#include "auth/keeper/keeper.h"
#include "core/log.h"
#include "gateway/role.h"
#include "gateway/sandbox.h"

int keeper_role_main(const struct options *options)
{
    (void)options;
    log_init("keeper");
    static const struct sandbox_path paths[] = {
        {".", SANDBOX_OWN, false},              /* the store, the key; the supervisor made it the working directory */
        {"/etc/ssl", SANDBOX_READ, true},       /* OpenSSL's configuration */
        {"/etc/localtime", SANDBOX_READ, true}, /* validity of certificates for people */
        {"/usr", SANDBOX_READ, true},           /* libraries that are loaded late */
        {"/dev/urandom", SANDBOX_READ, true},
        {"/sys/devices/system/cpu", SANDBOX_READ, true}, /* how many threads make sense */
#ifdef LIGHTSOUT_SANITIZED
        {"/proc", SANDBOX_READ, true}, /* the leak checker looks at its own maps and threads */
#endif
    };
    if (sandbox_enter(SANDBOX_KEEPER, paths, sizeof paths / sizeof paths[0]) < 0)
        return EXIT_FAILED;
    struct keeper_options keeper = {
        .state_dir_fd = KEEPER_FD_STATE, .supervisor_fd = KEEPER_FD_SUPERVISOR, .gateway_fd = -1};
    return keeper_main(&keeper);
}
