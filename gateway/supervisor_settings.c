#include "gateway/supervisor_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/clock.h"
#include "core/fd_write.h"
#include "core/ipc.h"
#include "core/log.h"
#include "gateway/config_internal.h"
#include "gateway/config_store.h"
#include "gateway/control.h"
#include "gateway/settings_running.h"

#define MOST_WAITING 1024
#define RESTART_US 300000 /* its answer goes out first */
#define AGAIN_US 5000000  /* what could not be undone is tried again */

struct supervisor_settings {
    struct loop *loop;
    const struct options *options;
    struct settings_loaded loaded;
    struct config *used;
    struct settings_running running;
    int folder; /* conf.d; -1: it cannot be had, and nothing can be set */
    struct loop_timer *trial_over, *restart;
    struct settings_author_text last;
    uint32_t reverted;
    uint8_t tag[SETTINGS_TAG]; /* of what the gateway was told */
    const struct supervisor_settings_owner *owner;
    void *data;
};

/* ---- telling ---- */

static unsigned add_target_waiting(const char *target, char *keys, struct settings_waiting *ret, unsigned room)
{
    unsigned n = 0;
    char *rest = keys;
    for (char *word; n < room && (word = strsep(&rest, ", "));)
        if (*word) {
            ret[n] = (struct settings_waiting){.running = NULL};
            snprintf(ret[n].target, sizeof ret[n].target, "%s", target);
            snprintf(ret[n++].key, sizeof ret->key, "%.63s", word);
        }
    return n;
}

static unsigned find_waiting(const struct supervisor_settings *self, struct settings_waiting *ret)
{
    const struct config *config = self->loaded.base.config;
    unsigned n = settings_waiting_find(&self->running, config, ret, MOST_WAITING);
    for (unsigned i = 0; i < config->n_targets && self->owner->target_waits; i++) {
        char keys[200] = "";
        self->owner->target_waits(self->data, config->targets[i]->name, keys, sizeof keys);
        n += add_target_waiting(config->targets[i]->name, keys, ret + n, MOST_WAITING - n);
    }
    return n;
}

/* Memory that nobody can change any more. */
static int sealed(const void *bytes, size_t size)
{
    _cleanup_close_ int fd = memfd_create("settings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    int r = fd_write_all(fd, bytes, size);
    if (r < 0)
        return r;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return -errno;
    return take_fd(&fd);
}

static int write_state(struct supervisor_settings *self, struct settings_waiting *waiting)
{
    _cleanup_free_ uint8_t *room = malloc(SETTINGS_STATE_MAX);
    if (!room)
        return -ENOMEM;
    struct wire_writer w = wire_writer_init(room, SETTINGS_STATE_MAX);
    const struct settings_told told = {.base = &self->loaded.base,
                                       .ignored = self->loaded.ignored,
                                       .trial = &self->loaded.trial,
                                       .waiting = waiting,
                                       .n_waiting = find_waiting(self, waiting),
                                       .path = self->loaded.base.file.there ? self->loaded.path : "",
                                       .last = self->last,
                                       .reverted = self->reverted};
    bool fits = settings_state_write(&w, &told, self->tag);
    for (unsigned i = 0; i < told.n_waiting; i++)
        free(waiting[i].running);
    return fits ? sealed(room, wire_written(&w)) : -EMSGSIZE;
}

void supervisor_settings_tell(struct supervisor_settings *self)
{
    struct ipc *gateway = self ? self->owner->gateway(self->data) : NULL;
    _cleanup_free_ struct settings_waiting *waiting = calloc(MOST_WAITING, sizeof *waiting);
    if (!self || !waiting)
        return;
    _cleanup_close_ int fd = write_state(self, waiting);
    int r = fd < 0 ? fd : gateway ? ipc_send(gateway, CONTROL_SETTINGS, 0, NULL, 0, &fd, 1) : 0;
    if (r < 0)
        log_error("supervisor", "the gateway is not told of the settings: %s", strerror(-r));
}

static void answer(struct supervisor_settings *self, uint32_t serial, struct settings_answer *said)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct ipc *gateway = self->owner->gateway(self->data);
    settings_answer_write(&w, said);
    for (; w.full && said->faults.n; said->faults.n /= 2) {
        w = wire_writer_init(room, sizeof room);
        settings_answer_write(&w, said);
    }
    int r = gateway ? ipc_send(gateway, CONTROL_SETTINGS_ANSWER, serial, room, wire_written(&w), NULL, 0) : 0;
    if (r < 0)
        log_error("supervisor", "the gateway gets no answer about settings: %s", strerror(-r));
}

/* ---- what counts from now on ---- */

/* Takes page and config (config may be NULL: it is read). */
static int take_over(struct supervisor_settings *self, struct config_page *page, struct config *config, bool gateway,
                     const char *erase)
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
    self->owner->changed(self->data, gateway, next, erase);
    config_destroy(next);
    supervisor_settings_tell(self);
    return 0;
}

/* ---- what is on trial ---- */

static void arm_trial(struct supervisor_settings *self)
{
    const struct pending_change *pending = &self->loaded.trial.pending;
    if (pending->kind != PENDING_NONE)
        loop_timer_arm_in(self->trial_over, pending_left(pending, clock_boot_us()));
    else
        loop_timer_disarm(self->trial_over);
}

static int save_trial(struct supervisor_settings *self)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    int r = settings_trial_write(&self->loaded.trial, &text, &size);
    return r ? r : config_store_trial_save(self->folder, text, size);
}

static int begin_trial(struct supervisor_settings *self, enum config_trial kind, const char *who)
{
    struct settings_trial *trial = &self->loaded.trial;
    int r = pending_begin(&trial->pending, kind == CONFIG_TRIAL_LISTENERS ? PENDING_LISTENERS : PENDING_LOGIN_RULES,
                          who, clock_boot_us());
    if (r < 0)
        return r;
    trial->before = config_page_copy(self->loaded.base.page);
    r = trial->before ? save_trial(self) : -ENOMEM;
    if (r < 0)
        settings_trial_finish(trial);
    return r;
}

static void end_trial(struct supervisor_settings *self)
{
    int r = config_store_trial_remove(self->folder);
    if (r < 0)
        log_error("supervisor", "the note of a change on trial cannot be removed: %s", strerror(-r));
    settings_trial_finish(&self->loaded.trial);
    arm_trial(self);
}

/* The file first, then the note: cut off in between, it is done once more. */
static int undo_trial(struct supervisor_settings *self)
{
    struct config_page *page = config_page_copy(self->loaded.base.page);
    int r = page ? settings_trial_undo(&self->loaded.trial, page) : -ENOMEM;
    r = r ? r : config_store_save(self->folder, page, "");
    if (r < 0) {
        config_page_destroy(page);
        return r;
    }
    end_trial(self);
    self->reverted++;
    return take_over(self, page, NULL, true, NULL);
}

static void on_trial_over(void *data)
{
    struct supervisor_settings *self = data;
    const struct pending_change *pending = &self->loaded.trial.pending;
    if (!pending_over(pending, clock_boot_us())) {
        arm_trial(self);
        return;
    }
    log_warn("supervisor", "the change of the %s by %s was not confirmed in time: what was before it is back",
             pending_word(pending->kind), pending->who);
    int r = undo_trial(self);
    if (r < 0) {
        log_error("supervisor", "it cannot be undone yet: %s", strerror(-r));
        loop_timer_arm_in(self->trial_over, AGAIN_US);
    }
}

/* ---- what the gateway asks for ---- */

static int save_changed(struct supervisor_settings *self, const struct settings_ask *ask,
                        const struct config_page *page)
{
    int r = *ask->name ? config_store_save(self->folder, page, ask->name) : 0;
    for (unsigned i = 0; i < ask->changes.n && r == 0; i++) {
        bool before = false;
        for (unsigned k = 0; k < i; k++)
            before |= strcmp(ask->changes.list[i].target, ask->changes.list[k].target) == 0;
        if (!before)
            r = config_store_save(self->folder, page, ask->changes.list[i].target);
    }
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
        r = begin_trial(self, trial, ask->who);
    if (r == 0) {
        r = save_changed(self, ask, page);
        if (r < 0 && trial != CONFIG_TRIAL_NONE)
            end_trial(self);
    }
    if (r < 0) {
        config_page_destroy(page);
        config_destroy(config);
        said->error = r;
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
    arm_trial(self);
    said->error =
        take_over(self, page, config, of_gateway(ask), ask->wish == SETTINGS_REMOVE && ask->erase ? ask->name : NULL);
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

static int decide(struct supervisor_settings *self, bool keep)
{
    struct settings_trial *trial = &self->loaded.trial;
    if (trial->pending.kind == PENDING_NONE || (keep && pending_over(&trial->pending, clock_boot_us())))
        return -ENOENT;
    if (!keep)
        return undo_trial(self);
    end_trial(self);
    supervisor_settings_tell(self);
    return 0;
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
        said->error = decide(self, ask->wish == SETTINGS_CONFIRM);
        break;
    case SETTINGS_RESTART:
        log_info("supervisor", "%s lets the gateway begin anew", ask->who);
        loop_timer_arm_in(self->restart, RESTART_US);
        break;
    default:
        change(self, ask, said);
    }
    answer(self, message->serial, said);
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
    unsigned n = find_waiting(self, waiting);
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
    loaded.trial.before = NULL;
    struct config_page *page = loaded.base.page;
    loaded.base.page = NULL;
    self->last = (struct settings_author_text){.when = (int64_t)(clock_wall_us() / 1000000)};
    int r = take_over(self, page, NULL, true, NULL);
    free(self->loaded.ignored);
    self->loaded.ignored = loaded.ignored;
    loaded.ignored = NULL;
    settings_loaded_finish(&loaded);
    arm_trial(self);
    _cleanup_free_ struct settings_waiting *waiting = calloc(MOST_WAITING, sizeof *waiting);
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
    r = r ? r : loop_timer_add(loop, on_trial_over, self, &self->trial_over);
    r = r ? r : loop_timer_add(loop, on_restart, self, &self->restart);
    if (r < 0) {
        supervisor_settings_destroy(self);
        return r;
    }
    arm_trial(self);
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
