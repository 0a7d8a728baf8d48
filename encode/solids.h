/* Finds rectangles of wanted cells that are of one colour. */
#pragma once

#include "encode/plan.h"
#include "encode/view.h"

struct solids {
    uint32_t *colour; /* per cell: 0x00RRGGBB, or SOLIDS_NONE */
    size_t room;
};

#define SOLIDS_NONE UINT32_MAX

void solids_init(struct solids *self);
void solids_finish(struct solids *self);

/* Looks at all wanted cells. 0 or -ENOMEM. */
int solids_mark(struct solids *self, const struct plan *plan, const struct view *view, const struct picture *picture);

/* The next rectangle large enough to be worth an op of its own; false: no more. The caller takes the cells off the plan
 * before calling again. *at is 0 before the first call. */
bool solids_next(const struct solids *self, const struct plan *plan, const struct view *view, uint32_t *at,
                 struct cell_rect *ret, uint32_t *ret_colour);
