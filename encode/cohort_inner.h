/* The inside of a cohort, for cohort*.c only: cohort.c has its life and decides what an update is about, cohort_make.c
 * writes the ops of one, cohort_join.c brings viewers of several cohorts together and apart. */
#pragma once

#include "encode/cohort.h"
#include "encode/copy_search.h"
#include "encode/lossy.h"
#include "encode/plan.h"
#include "encode/solids.h"
#include "encode/update_write.h"
#include "encode/view.h"

struct cohort {
    struct view view;
    struct plan plan;
    struct copy_search copies;
    struct slot_set slots;
    struct solids solids;
    struct lossy *lossy;
    struct update_writer writer;
    uint32_t number; /* of the last update */
    unsigned cell_bytes;
    unsigned text_turns, change_turns; /* updates in a row that could not take all text, all changes */
    uint8_t *coded;                    /* bool per cell: by a tile or photograph of this update */
    uint64_t *never;                   /* per cell 0: the times of a view that is taken for a picture */
    size_t cells_room;
};

/* 0 or -ENOMEM. */
int cohort_fit_view(struct cohort *self, const struct picture *picture);
int cohort_make_room(struct cohort *self); /* for what is kept per cell of the view */

/* Ends the body and puts it into packets. 0 or -ENOMEM. */
int cohort_pack(struct cohort *self, struct cohort_update *update);

/* What one update is made of. */
struct making {
    struct cohort *cohort;
    const struct picture *picture;
    const struct cohort_ask *ask;
    struct cohort_update *update;
    unsigned cells_painted; /* by copies */
};

void making_begin(struct making *m);

/* Run tiles rather than modelled ones from here on, if the link takes all that is still wanted as such. */
void making_choose_tiles(struct making *m);

/* Tiles of what is wanted as text, as much as fits. */
void making_tiles(struct making *m);

/* Photographs and moving regions; they travel in updates of their own, behind the text. 0 or -ENOMEM. */
int making_lossy(struct making *m);

/* A whole update: of what the plan has found to have changed, or to be made exact. 0 or -ENOMEM. */
int making_changes(struct making *m);
int making_settling(struct making *m);
