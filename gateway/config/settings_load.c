#include "gateway/config/settings_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/config/config_store.h"

void settings_loaded_finish(struct settings_loaded *self)
{
    settings_base_finish(&self->base);
    settings_trial_finish(&self->trial);
    free(self->ignored);
    self->ignored = NULL;
}

/* Without --config there may be none. */
static int read_file(const struct options *options, struct settings_loaded *self, struct config_mistakes *mistakes)
{
    struct stat st;
    self->path = options->config ? options->config : CONFIG_DEFAULT_PATH;
    if (!options->config && stat(self->path, &st) < 0 && errno == ENOENT) {
        log_info("supervisor", "no configuration (%s): no targets but those of the page", self->path);
        return (self->base.file.bytes = calloc(1, 1)) ? 0 : -ENOMEM;
    }
    return config_file_read(self->path, mistakes, &self->base.file);
}

static int find_state(const struct options *options, struct settings_loaded *self, struct config_mistakes *mistakes)
{
    const struct config_file *file = &self->base.file;
    struct config *alone = NULL;
    int r = config_parse(file->bytes, file->size, file->trusted, mistakes, &alone);
    /* without a state folder there is no page's layer; who needs one says so */
    if (r == 0 && options_state_path(options, alone, self->state, sizeof self->state) < 0)
        self->state[0] = '\0';
    config_destroy(alone);
    return r;
}

static void read_trial(int folder, struct settings_loaded *self)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    if (config_store_trial_load(folder, &text, &size) < 0 || !settings_trial_read(&self->trial, text, size))
        return;
    if (!pending_over(&self->trial.pending, clock_boot_us()))
        return;
    log_warn("supervisor", "the change of the %s by %s was not confirmed in time: what was before it is back",
             pending_word(self->trial.pending.kind), self->trial.pending.who);
    self->undone = settings_trial_undo(&self->trial, self->base.page) == 0;
    settings_trial_finish(&self->trial);
}

static int read_page(struct settings_loaded *self)
{
    _cleanup_close_ int folder = self->state[0] ? config_store_open(self->state, false) : -ENOENT;
    struct stat st; /* of a state folder that is none, state_open tells */
    if (folder < 0 && folder != -ENOENT && stat(self->state, &st) == 0 && S_ISDIR(st.st_mode))
        log_error("supervisor", "%s/" CONFIG_STORE_FOLDER " is not used: %s", self->state,
                  folder == -EPERM ? "it does not belong to lightsoutd alone" : strerror(-folder));
    if (folder < 0)
        return (self->base.page = config_page_create()) ? 0 : -ENOMEM;
    int r = config_store_load(folder, self->ignored, &self->base.page);
    if (r == 0)
        read_trial(folder, self);
    return r;
}

static int load(const struct options *options, struct settings_loaded *self, struct config_mistakes *mistakes)
{
    int r = read_file(options, self, mistakes);
    r = r ? r : find_state(options, self, mistakes);
    r = r ? r : read_page(self);
    return r ? r : settings_read(&self->base.file, self->base.page, self->ignored, &self->base.config);
}

int settings_load(const struct options *options, struct settings_loaded *ret)
{
    struct settings_loaded self = {.ignored = calloc(1, sizeof *self.ignored)};
    _cleanup_free_ struct config_mistakes *mistakes = calloc(1, sizeof *mistakes);
    int r = self.ignored && mistakes ? load(options, &self, mistakes) : -ENOMEM;
    if (r < 0) {
        if (mistakes && mistakes->n)
            config_print_mistakes(stderr, self.path, mistakes);
        else
            log_error("supervisor", "the configuration cannot be read: %s", strerror(-r));
        settings_loaded_finish(&self);
        return EXIT_CONFIG;
    }
    config_print_ignored(stderr, self.ignored);
    *ret = self;
    return EXIT_FINE;
}
