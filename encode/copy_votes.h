/* Where the content of changed cells may have come from: patches down some columns of the picture are looked up along
 * some lines of the view, and each pair that is found once votes for its distance. */
#pragma once

#include "encode/plan.h"
#include "encode/view.h"

/* Where content comes from, in pixels from where it goes. */
struct copy_vector {
    int dx, dy;
};

struct copy_votes;

int copy_votes_create(struct copy_votes **ret);
struct copy_votes *copy_votes_destroy(struct copy_votes *self); /* NULL allowed; returns NULL */

/* The vectors with most votes first; how many, at most `most`. Asks a few lines first, and no more when these do not
 * show any of the picture's content. */
unsigned copy_votes_take(struct copy_votes *self, const struct plan *plan, const struct view *view,
                         const struct picture *picture, struct copy_vector *ret, unsigned most);
