/* lightsoutd: one executable, several roles (docs/architecture.md). */
#include <string.h>

#include "gateway/doctor/doctor.h"
#include "gateway/doctor/doctor_security.h"
#include "gateway/doctor/self_check.h"
#include "gateway/owner/owner.h"
#include "gateway/role.h"
#include "gateway/sandbox/sandbox.h"
#include "gateway/supervisor/handover.h"
#include "gateway/supervisor/supervisor.h"

static const struct {
    const char *name;
    int (*main)(const struct options *options);
    bool handover; /* as a unit, it gets from the supervisor what a child would have */
} roles[] = {
    {"gateway", gateway_role_main, true}, {"keeper", keeper_role_main, true}, {"helper", helper_role_main, false},
    {"outward", outward_role_main, true}, {"reader", reader_role_main, true},
};

static int run_role(const struct options *options)
{
    sandbox_choose(options->sandbox && strcmp(options->sandbox, "best") == 0);
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(options->role, roles[i].name) == 0) {
            if (roles[i].handover && handover_is_waited_for() && handover_receive() < 0)
                return EXIT_FAILED;
            return roles[i].main(options);
        }
    fprintf(stderr, "lightsoutd: there is no role %s\n", options->role);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct options options;
    if (options_parse(argc, argv, &options) < 0)
        return EXIT_USAGE;
    if (options.help) {
        options_help(stdout);
        return EXIT_FINE;
    }
    if (options.version) {
        puts("lightsoutd " LIGHTSOUT_VERSION);
        return EXIT_FINE;
    }
    if (options.self_check)
        return self_check_main(&options);
    if (options.recover)
        return owner_recover(&options);
    if (options.backup)
        return owner_backup(&options);
    if (options.restore)
        return owner_restore(&options);
    if (options.factory_reset)
        return owner_factory_reset(&options);
    if (options.doctor)
        return options.security ? doctor_security_main(&options) : doctor_main(&options);
    return options.role ? run_role(&options) : supervisor_main(&options);
}
