/* The difference between two configurations of targets, as a list of steps. Pure. */
#pragma once

#include <stddef.h>

#include "gateway/config/config.h"

enum target_step {
    TARGET_STAYS,  /* nothing of it has changed, its place in the list perhaps */
    TARGET_ADD,    /* it was not there */
    TARGET_REMOVE, /* it is not there any more */
    TARGET_TELL,   /* soft: the gateway hears the new values; nothing that runs is touched */
    TARGET_REMAKE, /* hard, and without a process of ours: it alone is made anew at once */
    TARGET_POWER,  /* hard, of a machine: told at once, in force when it is powered off and on */
};

struct target_change {
    enum target_step step;
    const struct config_target *before, *after; /* NULL where there is none */
    char keys[200];                             /* what has changed, "memory, seat-idle"; cut at the end */
    char hard[200];                             /* of them: what is hard */
};

/* Room for the removals of one list and the whole other one. */
#define TARGET_CHANGES_MAX (2 * CONFIG_MAX_TARGETS)

struct target_changes {
    struct target_change list[TARGET_CHANGES_MAX]; /* removals first, then in the order of the next list */
    unsigned n;
};

/* extra-arguments and lists are compared too; where something was said is not. */
void target_changes_find(struct config_target *const *before, unsigned n_before, struct config_target *const *after,
                         unsigned n_after, struct target_changes *ret);

bool target_key_known(const char *name); /* a key of the table that is compared; for the test */
/* Whether a key of a target counts at once and without touching what runs. */
bool target_key_soft(const char *name);

/* Without `said`. NULL: no memory. */
struct config_target *config_target_copy(const struct config_target *from);
struct config_target *config_target_free(struct config_target *self); /* NULL allowed; returns NULL */
bool config_target_same(const struct config_target *a, const struct config_target *b);
bool config_target_same_shape(const struct config_target *a, const struct config_target *b); /* but for what is soft */
