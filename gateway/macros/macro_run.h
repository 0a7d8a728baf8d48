/* One run of a macro: what is to be done when. Pure: time is a parameter (microseconds of one clock that never goes
 * back), keys and pointer go through callbacks. Who ends a run early lets go of what the callbacks pressed. */
#pragma once

#include "gateway/macros/macro.h"

struct macro_port {
    /* 0; -EAGAIN: not now, it is asked again; other errors end the run. */
    int (*key)(void *data, uint16_t usage, bool down);
    int (*pointer)(void *data, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel);
    int (*relative)(void *data, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel); /* of gestures alone */
    /* Begins to type; -EBUSY: somebody else's text is being typed, it is asked again. */
    int (*text)(void *data, const char *text, const char *layout);
    bool (*typing)(void *data);
    /* Microseconds from one key change to the next; -EAGAIN: the target has not taken the last one. */
    int (*pace)(void *data);
    /* Everything that this run pressed goes up; at the end of each round. */
    void (*let_go)(void *data);
};

struct macro_run {
    const struct macro *macro;
    const struct macro_port *port;
    void *data;
    uint32_t times; /* 0: until it is stopped */
    uint32_t round; /* from 0 */
    unsigned step;  /* that is under way */

    /* macro_run.c's */
    unsigned part;
    uint64_t due_us, key_us, round_us, refused_us;
    uint8_t buttons;
    bool placed; /* the pointer is at x, y */
    uint16_t x, y;
};

void macro_run_begin(struct macro_run *self, const struct macro *macro, const struct macro_port *port, void *data,
                     uint32_t times, uint64_t now_us);

/* Does what is due. 1: it goes on, to be called again at *ret_next_us; 0: all rounds are done; -ETIMEDOUT: the target
 * took nothing for 12 s; -EBUSY: somebody else's text is being typed for 10 minutes; other errors as the callbacks gave
 * them. A text of its own is typed to its end, however long that takes. */
int macro_run_tick(struct macro_run *self, uint64_t now_us, uint64_t *ret_next_us);
