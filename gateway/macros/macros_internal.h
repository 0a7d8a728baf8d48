/* For macros*.c only. */
#pragma once

#include "gateway/macros/gesture.h"
#include "gateway/macros/macro_run.h"
#include "gateway/macros/macros.h"

enum macro_end { MACRO_END_NONE, MACRO_END_DONE, MACRO_END_STOPPED, MACRO_END_SEAT, MACRO_END_RIGHT, MACRO_END_FAILED };

struct macros {
    struct gateway_target *target;
    char path[CONFIG_PATH_MAX + 128];
    json_t *all; /* name -> macro */
    struct loop_timer *timer;

    struct macro *running; /* NULL: none */
    char name[MACRO_NAME_MAX];
    struct macro_run run;
    struct input_holder holder; /* in the target's crowd */
    struct auth_session *starter;
    bool typing;    /* the text that is being typed is ours */
    bool cut;       /* it was, and was not typed to the end */
    bool took_seat; /* for the starter, who has no console */
    uint64_t begun_us;

    struct gesture *gesture;

    char last[MACRO_NAME_MAX], last_why[160];
    enum macro_end last_end;
};

extern const char *const macro_end_words[]; /* by enum macro_end */

/* macros.c: as api/macros.h says of `run`. */
int macros_start(struct macros *self, const char *name, struct auth_session *session, long times, char *why,
                 size_t why_size);
