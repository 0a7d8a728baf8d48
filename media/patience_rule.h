/* When a request that got no good answer is asked again, and when it is given up. Pure: time is a parameter. */
#pragma once

#include "media/layers.h"

#define PATIENCE_FIRST_US 10000  /* after the first failure */
#define PATIENCE_MOST_US 1000000 /* between failures at most: a source that is back is found within a second */

struct patience_try {
    uint64_t since_us, ask_at_us; /* UINT64_MAX: not by itself */
    uint64_t distance_us;         /* to the next try after a failure */
    uint64_t silence_us;          /* that the next try is given; 0: not asked yet */
};

enum patience_step { PATIENCE_WAIT, PATIENCE_ASK, PATIENCE_GIVE_UP };

/* Errors that may pass. */
bool patience_bears(int error);

void patience_begin(struct patience_try *self, uint64_t now_us);
/* It was asked just now. */
void patience_asked(struct patience_try *self, const struct patience_config *config, uint64_t now_us);
/* An error that may pass came, and nothing is under way any more. */
void patience_failed(struct patience_try *self, uint64_t now_us);
/* What is to be done now. *ret_when_us: when to look again, for PATIENCE_WAIT; UINT64_MAX: an answer will come first.
 */
enum patience_step patience_step(const struct patience_try *self, const struct patience_config *config, uint64_t now_us,
                                 uint64_t *ret_when_us);
