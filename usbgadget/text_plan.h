/* A text as the strokes that type it on a target with a certain layout, or what of it cannot be typed. Pure. */
#pragma once

#include "usbgadget/layout.h"
#include "usbgadget/typing.h"

struct planned_stroke {
    struct stroke stroke; /* usage 0: only the modifiers are as said, no key */
    uint8_t ends;         /* characters of the text that are typed with this stroke */
};

struct text_plan {
    struct planned_stroke *strokes; /* NULL: the text is empty, or was only checked */
    size_t n_strokes;
    uint32_t *characters; /* what is typed, one by one; as long as plan.characters */
    struct typing_plan plan;
};

/* CR LF and CR count as newline; what a base and a combining mark make together is typed as one character. 0: all (or
 * with TYPING_LEAVE_OUT: the rest) can be typed; 1: something cannot, ret->plan lists it and there are no strokes;
 * -EILSEQ: not UTF-8, *ret_where says at which byte; -EMSGSIZE; -ENOMEM. *ret is filled with 0 and 1 only. */
int text_plan_make(const struct typing_request *request, const struct layout_map *map, struct text_plan *ret,
                   size_t *ret_where);
void text_plan_finish(struct text_plan *self); /* wipes: it may be a password; allowed after {0} */
