/* What of a picture is sent inexactly first: photographs as one JPEG atlas per update, regions that keep moving as
 * video, on a slow link the whole first picture. Everything else, text above all, is exact at once. One per cohort; its
 * thread. */
#pragma once

#include "encode/plan.h"
#include "encode/update_write.h"
#include "encode/view.h"

struct cohort_ask;
struct lossy;

int lossy_create(struct lossy **ret);            /* 0 or -ENOMEM */
struct lossy *lossy_destroy(struct lossy *self); /* NULL allowed; returns NULL */

/* The canvases are new: nothing is known of what moves. */
void lossy_reset(struct lossy *self);

/* A viewer has joined that has no earlier frame of a stream: the next one must be a key frame. */
void lossy_need_key(struct lossy *self);

/* Sets plan->kind of each cell that is still wanted, after copies, slots and solids have been taken off: PLAN_TEXT to
 * be coded exactly now, PLAN_PHOTO, or PLAN_VIDEO. Only once per update. */
void lossy_classify(struct lossy *self, struct plan *plan, const struct view *view, const struct picture *picture,
                    const struct cohort_ask *ask);

/* The same for cells that are to settle: text now (PLAN_TEXT), then what was only sent coarsely so far as a better
 * photograph (PLAN_PHOTO), then all else exactly. Takes off the plan what is not its turn. */
void lossy_classify_rest(struct lossy *self, struct plan *plan, const struct view *view, const struct picture *picture,
                         const struct cohort_ask *ask);

/* Writes one photo or video op for cells of these kinds and puts the rectangles that it paints in rects (room for
 * LOSSY_RECTS). Returns how many; 0: nothing can be sent now, -ENOMEM. The caller moves the view. */
#define LOSSY_RECTS 512
int lossy_encode(struct lossy *self, const struct plan *plan, const struct view *view, const struct picture *picture,
                 const struct cohort_ask *ask, struct update_writer *writer, struct cell_rect *rects);

/* What was written last is good enough to be kept in slots and shown again: photographs, not a coarse first picture nor
 * video, of which little returns. */
bool lossy_is_worth_keeping(const struct lossy *self);
