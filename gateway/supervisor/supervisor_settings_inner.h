/* The settings from inside. For gateway/supervisor/supervisor_settings*.c. */
#pragma once

#include "gateway/config/settings_running.h"
#include "gateway/supervisor/supervisor_settings.h"

#define SUPERVISOR_SETTINGS_WAITING 1024

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

/* Takes page and config (config may be NULL: it is read), which count from now on. gateway, removal: as in the owner's
 * `changed`. */
int supervisor_settings_take_over(struct supervisor_settings *self, struct config_page *page, struct config *config,
                                  bool gateway, const struct target_removal *removal);

/* ---- supervisor_settings_tell.c ---- */

/* What waits, and for what: at most SUPERVISOR_SETTINGS_WAITING of them, whose `running` are the caller's to free. */
unsigned supervisor_settings_waiting(const struct supervisor_settings *self, struct settings_waiting *ret);
/* Faults that do not go into one message are left out. */
void supervisor_settings_answer(struct supervisor_settings *self, uint32_t serial, struct settings_answer *said);

/* ---- supervisor_settings_trial.c: a change that is undone unless it is confirmed ---- */

/* The note of it, before the change is written. -EBUSY: there is one. */
int supervisor_settings_trial_begin(struct supervisor_settings *self, enum config_trial kind, const char *who);
void supervisor_settings_trial_arm(struct supervisor_settings *self); /* the timer, by the note */
/* The note goes; the timer too. An error: it stays, and so does the trial. */
int supervisor_settings_trial_end(struct supervisor_settings *self);
void supervisor_settings_trial_over(void *data); /* the timer's */
/* -ENOENT: there is none, or too late. */
int supervisor_settings_trial_decide(struct supervisor_settings *self, bool keep);
