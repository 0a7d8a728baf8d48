/* A change that could shut out who makes it: noted, and undone unless it is confirmed in time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/config/config_internal.h"
#include "gateway/config/config_store.h"
#include "gateway/supervisor/supervisor_settings_inner.h"

#define AGAIN_US 5000000 /* what could not be undone is tried again */

void supervisor_settings_trial_arm(struct supervisor_settings *self)
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

int supervisor_settings_trial_begin(struct supervisor_settings *self, enum config_trial kind, const char *who)
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

int supervisor_settings_trial_end(struct supervisor_settings *self)
{
    int r = config_store_trial_remove(self->folder);
    if (r < 0) {
        log_error("supervisor", "the note of a change on trial cannot be removed: %s", strerror(-r));
    } else {
        settings_trial_finish(&self->loaded.trial);
    }
    supervisor_settings_trial_arm(self);
    return r;
}

/* The file first, then the note: cut off in between, it is done once more. */
static int undo_trial(struct supervisor_settings *self)
{
    struct config_page *page = config_page_copy(self->loaded.base.page);
    int r = page ? settings_trial_undo(&self->loaded.trial, page) : -ENOMEM;
    r = r ? r : config_store_save(self->folder, page, "");
    r = r ? r : supervisor_settings_trial_end(self);
    if (r < 0) {
        config_page_destroy(page);
        return r;
    }
    self->reverted++;
    return supervisor_settings_take_over(self, page, NULL, true, NULL);
}

void supervisor_settings_trial_over(void *data)
{
    struct supervisor_settings *self = data;
    const struct pending_change *pending = &self->loaded.trial.pending;
    if (!pending_over(pending, clock_boot_us())) {
        supervisor_settings_trial_arm(self);
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

int supervisor_settings_trial_decide(struct supervisor_settings *self, bool keep)
{
    struct settings_trial *trial = &self->loaded.trial;
    if (trial->pending.kind == PENDING_NONE || (keep && pending_over(&trial->pending, clock_boot_us())))
        return -ENOENT;
    if (!keep)
        return undo_trial(self);
    int r = supervisor_settings_trial_end(self);
    if (r == 0)
        supervisor_settings_tell(self);
    return r;
}
