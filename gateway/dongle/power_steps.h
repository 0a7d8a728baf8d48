/* What has to be done one after the other until a machine without a management processor is where it is wanted: presses
 * of its buttons, packets that wake it, waiting until its LED tells. One row of steps at a time; each has its time
 * limit. Net thread. */
#pragma once

#include "core/loop.h"
#include "manage/front_panel.h"
#include "manage/power.h"

#define POWER_STEPS_MAX 12

enum power_step_kind {
    POWER_STEP_PRESS,  /* button, for so long */
    POWER_STEP_WAKE,   /* the packet */
    POWER_STEP_PAUSE,  /* that long */
    POWER_STEP_TRY,    /* at most that long until the state is there: then all is done; else the next step */
    POWER_STEP_AWAIT,  /* at most that long until the state is there: else `why` */
    POWER_STEP_STARTS, /* the target begins to start now */
};

struct power_step {
    enum power_step_kind kind;
    enum front_panel_button button;
    unsigned milliseconds;
    enum power_state state;
    const char *why; /* sentence */
};

struct power_hands {
    /* Both: done exactly once, perhaps before they return. */
    void (*press)(void *data, enum front_panel_button button, unsigned milliseconds, power_done_fn *done,
                  void *done_data);
    void (*wake)(void *data, power_done_fn *done, void *done_data);
    enum power_state (*state)(void *data);
    void (*starts)(void *data);
};

struct power_steps;

int power_steps_create(struct loop *loop, const struct power_hands *hands, void *data, struct power_steps **ret);
struct power_steps *power_steps_destroy(
    struct power_steps *self); /* ends what is under way (-ECANCELED); NULL allowed */

bool power_steps_busy(const struct power_steps *self);
/* Copies the steps; not while busy. done once, perhaps before it returns. */
void power_steps_run(struct power_steps *self, const struct power_step *steps, unsigned n, power_done_fn *done,
                     void *data);
/* The state may be another one. */
void power_steps_look(struct power_steps *self);
