/* lightsoutd --factory-reset: what was secret is unreadable for ever, also where copies of it are left; what was set is
 * forgotten. */
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/config/config_store.h"
#include "gateway/owner/owner.h"
#include "gateway/owner/owner_remove.h"

/* The keys first: should it be cut off, the rest is noise already. */
static int reset(const struct owner *self, bool images)
{
    static const char *const folders[] = {
        "keeper", "gateway", "run", "recordings", CONFIG_STORE_FOLDER, "restored-configuration", "library"};
    int r = 0;
    for (size_t i = 0; i < ARRAY_SIZE(owner_keys) && self->keeper_fd >= 0; i++) {
        int one = owner_shred(self->keeper_fd, owner_keys[i]);
        r = r ? r : one;
        if (one < 0)
            fprintf(stderr, "lightsoutd: %s/keeper/%s: %s\n", self->state, owner_keys[i], strerror(-one));
    }
    for (size_t i = 0; i < ARRAY_SIZE(folders) - !images; i++) {
        int one = owner_empty(self->state_fd, folders[i]);
        r = r ? r : one;
        if (one < 0)
            fprintf(stderr, "lightsoutd: %s/%s is not empty: %s\n", self->state, folders[i], strerror(-one));
    }
    return r;
}

static bool is_meant(const struct owner *self, const struct options *options)
{
    char line[16] = "";
    if (options->yes)
        return true;
    printf("This destroys the device key of %s and with it users, audit log, certificate, settings, what was written "
           "over media%s. There is no way back. Type 'reset' to go on: ",
           self->state, options->images ? ", and the images of its library" : "");
    fflush(stdout);
    return fgets(line, sizeof line, stdin) && strcmp(line, "reset\n") == 0;
}

int owner_factory_reset(const struct options *options)
{
    struct owner self;
    int r = owner_open(options, &self);
    if (r == EXIT_FINE && self.state_fd < 0) {
        fprintf(stderr, "lightsoutd: %s: there is no such folder\n", self.state);
        r = EXIT_STATE;
    }
    if (r == EXIT_FINE && !owner_lock(&self)) {
        fprintf(stderr, "lightsoutd: %s is in use: stop lightsout first\n", self.state);
        r = EXIT_RUNNING;
    }
    if (r == EXIT_FINE && !is_meant(&self, options)) {
        fprintf(stderr, "lightsoutd: nothing was changed\n");
        r = EXIT_FAILED;
    } else if (r == EXIT_FINE) {
        r = reset(&self, options->images) < 0 ? EXIT_FAILED : EXIT_FINE;
        if (r == EXIT_FINE)
            printf("%s is as new. Images%s, disks of virtual machines and the configuration are kept.\n", self.state,
                   options->images ? " elsewhere" : "");
    }
    owner_close(&self);
    return r;
}
