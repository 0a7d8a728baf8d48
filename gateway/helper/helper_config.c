/* The helper's own configuration, and the dongles that it names: read at the start, and again when the gateway hears
 * that it was changed. Dongles that are the same go on as they are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/log.h"
#include "gateway/helper/helper.h"
#include "gateway/options.h"
#include "gateway/supervisor/uid.h"
#include "gateway/targets/target_changes.h"

/* Root's, or of a supervisor that is a user of its own; never of the user that the gateway is. */
static uid_t whose(const struct uid_choice *gateway)
{
    uid_t supervisor = uid_of_supervisor(gateway);
    return supervisor == gateway->uid ? 0 : supervisor;
}

/* The walls leave this file readable and no other one of its folder, where secrets may be: a new file under its name is
 * another one. What stood in the old one counts until the helper begins anew. */
static int read_file(struct helper *self, struct config_mistakes *mistakes)
{
    struct config_file read;
    int r = config_file_read(self->config_path, mistakes, &read);
    if (r < 0 && self->file.there) {
        log_warn("helper", "%s was replaced by another file: run systemctl restart lightsout-helper to have it read",
                 self->config_path);
        mistakes->n = 0;
        return 0;
    }
    if (r < 0)
        return r;
    free(self->file.bytes);
    self->file = read;
    return 0;
}

/* What the page has made of dongles is bounded by the same table of keys, and only the supervisor writes it. */
static int read_both(struct helper *self, struct config_mistakes *mistakes, struct config **ret)
{
    char state[CONFIG_PATH_MAX], why[256];
    struct uid_choice user;
    struct config *alone = NULL;
    _cleanup_free_ struct config_mistakes *ignored = calloc(1, sizeof *ignored);
    int r = ignored ? read_file(self, mistakes) : -ENOMEM;
    r = r ? r : config_parse(self->file.bytes, self->file.size, self->file.trusted, mistakes, &alone);
    if (r < 0)
        return r;
    if (options_state_path(self->options, alone, state, sizeof state) < 0 ||
        uid_choose(alone->user, &user, why, sizeof why) < 0) {
        *ret = alone;
        return 0;
    }
    config_destroy(alone);
    r = config_parse_below(&self->file, state, whose(&user), mistakes, ignored, ret);
    config_print_ignored(stderr, ignored);
    return r;
}

static int read_config(struct helper *self, struct config **ret)
{
    const char *path = self->config_path;
    struct stat st;
    struct config_mistakes *mistakes = calloc(1, sizeof *mistakes);
    int r = mistakes ? 0 : -ENOMEM;
    /* config_load refuses dongles in such a file; here nothing at all is taken from it */
    if (r == 0 && (stat(path, &st) < 0 || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)) {
        log_error(
            "helper",
            "%s must belong to root and nobody else may write it; run chown root and chmod go-w on it, and on its "
            "folder",
            path);
        r = -EACCES;
    }
    if (r == 0) {
        r = read_both(self, mistakes, ret);
        if (r < 0)
            config_print_mistakes(stderr, path, mistakes);
    }
    free(mistakes);
    return r;
}

int helper_config_load(struct helper *self)
{
    return read_config(self, &self->config);
}

static int create(struct helper *self, const struct config_target *target, bool ffs_ready)
{
    struct helper_dongle *dongle = calloc(1, sizeof *dongle);
    unsigned place = 0;
    while (place < CONFIG_MAX_TARGETS && self->dongles[place])
        place++;
    if (!dongle || place == CONFIG_MAX_TARGETS) {
        free(dongle);
        return -ENOMEM;
    }
    *dongle = (struct helper_dongle){
        .helper = self, .index = HELPER_NO_NUMBER, .target = target, .state_fd = -1, .ffs_ready = ffs_ready};
    self->dongles[place] = dongle;
    helper_gadget_begin(dongle);
    helper_panel_begin(dongle);
    return 0;
}

/* The target sees everything leave. */
static void destroy(struct helper_dongle *dongle)
{
    helper_panel_end(dongle);
    helper_drives_end(dongle);
    helper_gadget_end(dongle);
    free(dongle);
}

int helper_config_begin(struct helper *self)
{
    int r = 0;
    for (unsigned i = 0; r == 0 && i < self->config->n_targets; i++)
        if (self->config->targets[i]->machine == CONFIG_DONGLE)
            r = create(self, self->config->targets[i], self->ffs_ready[i]);
    return r;
}

static const struct config_target *find(const struct config *config, const char *name)
{
    for (unsigned i = 0; i < config->n_targets; i++)
        if (config->targets[i]->machine == CONFIG_DONGLE && strcmp(config->targets[i]->name, name) == 0)
            return config->targets[i];
    return NULL;
}

/* What is still the same points into the new configuration; the rest goes, before what comes may want its devices. */
static void drop_changed(struct helper *self, const struct config *next)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++) {
        struct helper_dongle *dongle = self->dongles[i];
        const struct config_target *target = dongle ? find(next, dongle->target->name) : NULL;
        if (target && config_target_same_shape(target, dongle->target)) {
            dongle->target = target;
        } else if (dongle) {
            log_info("helper", "target %s: its dongle %s", dongle->target->name, target ? "has changed" : "is gone");
            self->dongles[i] = NULL;
            destroy(dongle);
        }
    }
}

int helper_config_again(struct helper *self)
{
    struct config *next = NULL;
    int r = read_config(self, &next);
    if (r < 0)
        return r;
    drop_changed(self, next);
    config_destroy(self->config);
    self->config = next;
    for (unsigned i = 0; i < next->n_targets; i++) {
        const struct config_target *target = next->targets[i];
        if (target->machine != CONFIG_DONGLE || helper_dongle_named(self, target->name))
            continue;
        if (target->dongle.big_cd)
            log_info("helper", "target %s: large discs can be shown when the helper has been started anew",
                     target->name);
        if (create(self, target, false) < 0)
            log_error("helper", "target %s: no memory", target->name);
    }
    return 0;
}

void helper_config_end(struct helper *self)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++) {
        struct helper_dongle *dongle = take(self->dongles[i]);
        if (dongle)
            destroy(dongle);
    }
    self->config = config_destroy(self->config);
    free(self->file.bytes);
    self->file = (struct config_file){.there = false};
}

struct helper_dongle *helper_dongle_named(struct helper *self, const char *name)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->dongles[i] && strcmp(self->dongles[i]->target->name, name) == 0)
            return self->dongles[i];
    return NULL;
}

void helper_dongle_number(struct helper_dongle *dongle, uint16_t number)
{
    dongle->index = number;
    dongle->told_size = 0;
    helper_panel_forget(dongle);
}
