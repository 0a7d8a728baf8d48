#include "gateway/supervisor/supervisor_settings_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/config/config_internal.h"
#include "gateway/config/config_store.h"
#include "gateway/control/control.h"
#include "gateway/supervisor/supervisor_targets.h"

#define RESTART_US 300000 /* its answer goes out first */

/* ---- what counts from now on ---- */

int supervisor_settings_take_over(struct supervisor_settings *self, struct config_page *page, struct config *config,
                                  bool gateway, const struct target_removal *removal)
{
    struct settings_base *base = &self->loaded.base;
    struct config *next = NULL;
    _cleanup_free_ struct config_mistakes *ignored = calloc(1, sizeof *ignored);
    int r = ignored ? settings_read(&base->file, page, ignored, &next) : -ENOMEM;
    if (r == 0 && !config) {
        ignored->n = ignored->further = 0;
        r = settings_read(&base->file, page, ignored, &config);
    }
    if (r < 0) {
        config_destroy(next);
        config_destroy(config);
        config_page_destroy(page);
        return r;
    }
    config_page_destroy(base->page);
    config_destroy(base->config);
    base->page = page;
    base->config = config;
    free(self->loaded.ignored);
    self->loaded.ignored = take(ignored);
    if (!settings_take_over(&self->running, self->used, config, false))
        log_error("supervisor", "no memory: what waits for a restart may be told wrongly");
    self->owner->changed(self->data, gateway, next, removal);
    config_destroy(next);
    supervisor_settings_tell(self);
    return 0;
}

/* ---- what the gateway asks for ---- */

/* The i-th section that is changed, the one that is made or removed first; NULL: it was one before. */
static const char *section_at(const struct settings_ask *ask, unsigned i)
{
    if (i == 0)
        return *ask->name ? ask->name : NULL;
    const char *target = ask->changes.list[i - 1].target;
    bool before = *ask->name && strcmp(target, ask->name) == 0;
    for (unsigned k = 0; k + 1 < i; k++)
        before |= strcmp(target, ask->changes.list[k].target) == 0;
    return before ? NULL : target;
}

/* All of it or nothing: a part that stayed behind would count at the next start. */
static int save_changed(struct supervisor_settings *self, const struct settings_ask *ask,
                        const struct config_page *page)
{
    int r = 0;
    unsigned n = 0;
    for (; n <= ask->changes.n && r == 0; n++)
        r = section_at(ask, n) ? config_store_save(self->folder, page, section_at(ask, n)) : 0;
    for (unsigned i = 0; r < 0 && i + 1 < n; i++)
        if (section_at(ask, i) && config_store_save(self->folder, self->loaded.base.page, section_at(ask, i)) < 0)
            log_error("supervisor",
                      "a part of %s's change stays in " CONFIG_STORE_FOLDER " (%s) although it was refused", ask->who,
                      section_at(ask, i));
    return r;
}

static bool of_gateway(const struct settings_ask *ask)
{
    bool any = false;
    for (unsigned i = 0; i < ask->changes.n; i++)
        any |= ask->changes.list[i].target[0] == '\0';
    return any;
}

/* Judged; written, with what is on trial noted first; in force. page and config are taken. */
static void carry_out(struct supervisor_settings *self, const struct settings_ask *ask, struct config_page *page,
                      struct config *config, struct settings_answer *said)
{
    enum config_trial trial = settings_change_trial(&self->loaded.base, config);
    int r = self->folder < 0 ? -EROFS : 0;
    if (r == 0 && trial != CONFIG_TRIAL_NONE)
        r = supervisor_settings_trial_begin(self, trial, ask->who);
    if (r == 0) {
        r = save_changed(self, ask, page);
        if (r < 0 && trial != CONFIG_TRIAL_NONE)
            (void)supervisor_settings_trial_end(self);
    }
    if (r < 0) {
        config_page_destroy(page);
        config_destroy(config);
        said->error = r == -EBUSY ? r : -EIO; /* other errors mean something else to who asks */
        if (r != -EBUSY)
            snprintf(said->reason, sizeof said->reason,
                     "It cannot be written into %.200s/" CONFIG_STORE_FOLDER ": %.100s.", self->loaded.state,
                     strerror(-r));
        return;
    }
    log_info("supervisor", "%s has changed settings", ask->who);
    snprintf(self->last.who, sizeof self->last.who, "%s", ask->who);
    self->last.when = (int64_t)(clock_wall_us() / 1000000);
    said->on_trial = trial != CONFIG_TRIAL_NONE;
    supervisor_settings_trial_arm(self);
    const struct target_removal removal = {.name = ask->name, .erase = ask->erase};
    said->error = supervisor_settings_take_over(self, page, config, of_gateway(ask),
                                                ask->wish == SETTINGS_REMOVE ? &removal : NULL);
}

static void change(struct supervisor_settings *self, const struct settings_ask *ask, struct settings_answer *said)
{
    const struct settings_base *base = &self->loaded.base;
    const struct settings_author author = {.who = ask->who, .when = (int64_t)(clock_wall_us() / 1000000)};
    const struct settings_judge judge = {.listed = self->owner->listed, .data = self->data};
    struct config_page *page = NULL;
    struct config *config = NULL;
    if (!ask->any_tag && memcmp(ask->tag, self->tag, SETTINGS_TAG) != 0) {
        said->error = -ESTALE;
        return;
    }
    if (ask->wish == SETTINGS_MAKE && config_find_target(base->config, ask->name))
        said->error = -EEXIST;
    else if (ask->wish == SETTINGS_REMOVE)
        said->error = settings_change_remove(base, ask->name, &page, &config);
    else
        said->error = settings_change_judge(base, &ask->changes, ask->wish == SETTINGS_MAKE ? ask->name : NULL, &author,
                                            &judge, &said->faults, &page, &config);
    if (said->error == 0 && ask->wish != SETTINGS_TEST) {
        carry_out(self, ask, page, config, said);
    } else {
        config_page_destroy(page);
        config_destroy(config);
    }
}

static void on_restart(void *data)
{
    struct supervisor_settings *self = data;
    self->owner->restart_gateway(self->data);
}

bool supervisor_settings_message(struct supervisor_settings *self, const struct ipc_message *message)
{
    if (message->type != CONTROL_SETTINGS_ASK)
        return false;
    _cleanup_free_ struct settings_ask *ask = malloc(sizeof *ask);
    _cleanup_free_ struct settings_answer *said = calloc(1, sizeof *said);
    if (!ask || !said || !settings_ask_read(message->body, message->body_size, ask))
        return false;
    switch (ask->wish) {
    case SETTINGS_CONFIRM:
    case SETTINGS_REVERT:
        said->error = supervisor_settings_trial_decide(self, ask->wish == SETTINGS_CONFIRM);
        break;
    case SETTINGS_RESTART:
        log_info("supervisor", "%s lets the gateway begin anew", ask->who);
        loop_timer_arm_in(self->restart, RESTART_US);
        break;
    default:
        change(self, ask, said);
    }
    supervisor_settings_answer(self, message->serial, said);
    settings_changes_finish(&ask->changes);
    return true;
}

/* ---- from the disk ---- */

static void write_undone(const struct supervisor_settings *self, const struct config_page *page)
{
    int r = config_store_save(self->folder, page, "");
    r = r ? r : config_store_trial_remove(self->folder);
    if (r < 0)
        log_error("supervisor", "what was undone is not written: %s", strerror(-r));
}

static void tell_of_reload(const struct supervisor_settings *self, struct settings_waiting *waiting)
{
    char names[400] = "";
    size_t at = 0;
    unsigned n = supervisor_settings_waiting(self, waiting);
    for (unsigned i = 0; i < n; i++) {
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%s%s%s", i ? ", " : "", waiting[i].target,
                               waiting[i].target[0] ? "/" : "", waiting[i].key);
        at = MIN(at, sizeof names - 1);
        free(waiting[i].running);
    }
    log_info("supervisor", "the configuration was read anew%s%s", n ? "; this waits for a restart: " : "", names);
}

bool supervisor_settings_reload(struct supervisor_settings *self)
{
    struct settings_loaded loaded;
    if (settings_load(self->options, &loaded) != EXIT_FINE)
        return false;
    struct settings_base *base = &self->loaded.base;
    free(base->file.bytes);
    base->file = loaded.base.file;
    loaded.base.file.bytes = NULL;
    if (loaded.undone)
        write_undone(self, loaded.base.page);
    settings_trial_finish(&self->loaded.trial);
    self->loaded.trial = loaded.trial;
    self->reverted += loaded.undone;
    loaded.trial.before = NULL;
    struct config_page *page = loaded.base.page;
    loaded.base.page = NULL;
    self->last = (struct settings_author_text){.when = (int64_t)(clock_wall_us() / 1000000)};
    int r = supervisor_settings_take_over(self, page, NULL, true, NULL);
    free(self->loaded.ignored);
    self->loaded.ignored = loaded.ignored;
    loaded.ignored = NULL;
    settings_loaded_finish(&loaded);
    supervisor_settings_trial_arm(self);
    _cleanup_free_ struct settings_waiting *waiting = calloc(SUPERVISOR_SETTINGS_WAITING, sizeof *waiting);
    if (waiting)
        tell_of_reload(self, waiting);
    return r == 0;
}

void supervisor_settings_gateway_begins(struct supervisor_settings *self)
{
    if (self && !settings_take_over(&self->running, self->used, self->loaded.base.config, true))
        log_error("supervisor", "no memory: what waits for a restart may be told wrongly");
}

/* ---- life ---- */

static void find_last(struct supervisor_settings *self)
{
    const struct config_page *page = self->loaded.base.page;
    for (unsigned i = 0; i < page->n; i++)
        for (unsigned k = 0; k < page->sections[i].n; k++) {
            const struct config_page_entry *entry = &page->sections[i].entries[k];
            if (entry->when <= self->last.when)
                continue;
            self->last.when = entry->when;
            memcpy(self->last.who, entry->who, sizeof self->last.who);
        }
}

static void open_folder(struct supervisor_settings *self, const struct state *state)
{
    self->folder = config_store_open(state->path, true);
    if (self->folder < 0)
        log_error("supervisor", "%s/" CONFIG_STORE_FOLDER " cannot be used: %s; nothing can be set in the page",
                  state->path, strerror(-self->folder));
    else if (self->loaded.undone)
        write_undone(self, self->loaded.base.page);
}

int supervisor_settings_create(struct loop *loop, struct settings_loaded *loaded, const struct options *options,
                               struct config *used, const struct state *state,
                               const struct supervisor_settings_owner *owner, void *data,
                               struct supervisor_settings **ret)
{
    struct supervisor_settings *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct supervisor_settings){.loop = loop,
                                         .options = options,
                                         .loaded = *loaded,
                                         .used = used,
                                         .reverted = loaded->undone,
                                         .owner = owner,
                                         .data = data};
    *loaded = (struct settings_loaded){.path = loaded->path};
    open_folder(self, state);
    find_last(self);
    int r = settings_running_begin(&self->running, self->loaded.base.config) ? 0 : -ENOMEM;
    r = r ? r : loop_timer_add(loop, supervisor_settings_trial_over, self, &self->trial_over);
    r = r ? r : loop_timer_add(loop, on_restart, self, &self->restart);
    if (r < 0) {
        supervisor_settings_destroy(self);
        return r;
    }
    supervisor_settings_trial_arm(self);
    *ret = self;
    return 0;
}

struct supervisor_settings *supervisor_settings_destroy(struct supervisor_settings *self)
{
    if (!self)
        return NULL;
    loop_timer_remove(self->trial_over);
    loop_timer_remove(self->restart);
    settings_running_finish(&self->running);
    settings_loaded_finish(&self->loaded);
    if (self->folder >= 0)
        close(self->folder);
    free(self);
    return NULL;
}
