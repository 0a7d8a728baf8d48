/* Which cells of a picture a view wants, and in which order they are sent. */
#pragma once

#include "encode/update_write.h"
#include "encode/view.h"

/* How a wanted cell is to be sent. */
enum plan_kind {
    PLAN_TEXT, /* exactly, now */
    PLAN_PHOTO,
    PLAN_VIDEO,
};

/* One 64x64 tile with wanted cells. */
struct plan_tile {
    uint16_t x, y;  /* in tiles */
    uint16_t cells; /* bit (row * 4 + column) of those to be coded */
    uint64_t rank;  /* lower is sent earlier */
};

/* Wanted cells of a row that touch each other. */
struct plan_run {
    uint32_t joined; /* another run of the same group, or itself, the first */
    uint32_t cells;  /* of the first: the group's size */
    uint16_t x, end, y;
};

struct plan {
    size_t cells_room;
    uint8_t *wanted; /* bool per cell of the picture */
    uint8_t *kind;   /* enum plan_kind per cell, set by lossy_classify; counts only where wanted */
    uint16_t *group; /* size of the connected group of wanted cells it is part of, at most PLAN_GROUP_MAX */
    struct plan_run *run;
    struct plan_tile *tiles;
    unsigned n_tiles, n_wanted;
};

#define PLAN_GROUP_MAX 65535

void plan_init(struct plan *self);
void plan_finish(struct plan *self);

/* Finds the cells whose content differs from the view's, and their groups. 0 or -ENOMEM. */
int plan_want_changes(struct plan *self, const struct view *view, const struct picture *picture);

/* Finds instead the cells that the view has lossily and that have rested since `before_us` at the latest. */
int plan_want_settling(struct plan *self, const struct view *view, const struct picture *picture, uint64_t before_us);

/* Finds instead the cells in which the view differs from another one, and those that it has lossily and the other one
 * has not. Sets their kinds: PLAN_PHOTO where the other one is lossy, too. */
int plan_want_view(struct plan *self, const struct view *view, const struct view *other);

/* When what a key has brought about is little of what is wanted, then nothing else is wanted any more: it goes ahead in
 * an update of its own. */
void plan_want_echo(struct plan *self, const struct view *view, const struct picture *picture, uint64_t key_us);

/* Takes cells off the list once they are coded. */
void plan_done(struct plan *self, const struct view *view, struct cell_rect cells);

/* Gathers the cells that are still wanted as text into tiles, in the order of sending: first what began to change
 * within PLAN_ECHO_US after the key at key_us (0: none); then those in which little changed around, the newest of them
 * first (the pointer); then the rest, what has waited longest first, so that a moving region starves nothing. */
#define PLAN_ECHO_US 300000
void plan_order(struct plan *self, const struct view *view, const struct picture *picture, uint64_t key_us);
