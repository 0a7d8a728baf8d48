/* Pointer changes that wait for the target, one queue for each kind of pointer. Motion adds up, but only behind a
 * button change, never into it: a press stays where it was made. Pure. */
#pragma once

#include "usbgadget/hidg.h"
#include "usbgadget/pointer.h"

#define HIDG_POINTER_MAX 64 /* button changes with the motion between them */

struct hidg_pointer_state {
    uint8_t buttons;
    uint16_t x, y;                /* absolute */
    struct pointer_motion motion; /* relative: all of it; absolute: wheel and pan */
};

struct hidg_pointer_change {
    struct hidg_pointer_state state;
    bool turns; /* buttons change by it: nothing may be added */
};

struct hidg_pointer {
    bool absolute;
    uint8_t buttons; /* with all that was accepted */
    uint16_t x, y;
    struct hidg_pointer_state sent; /* its motion is none */
    struct hidg_pointer_change ring[HIDG_POINTER_MAX];
    unsigned first, n;
    enum { POINTER_AGAIN_NOTHING, POINTER_AGAIN_UP, POINTER_AGAIN_STATE } again;
};

void hidg_pointer_init(struct hidg_pointer *self, bool absolute);

/* change.motion of an absolute pointer has no dx and dy. 0; -EAGAIN: a press for which there is no room, nothing is
 * kept. Releases and motion always fit. */
int hidg_pointer_push(struct hidg_pointer *self, const struct hidg_pointer_state *change);

/* As hidg_keys: the next report, false: none; it stays the next until it is said to be sent. */
bool hidg_pointer_next(const struct hidg_pointer *self, uint8_t *ret);
void hidg_pointer_sent(struct hidg_pointer *self);

/* The target configured us anew: buttons up, the buttons of the last report, then what waits. An absolute pointer that
 * never moved says the middle of the screen: taken, it shows that the target listens to it. */
void hidg_pointer_restart(struct hidg_pointer *self);
void hidg_pointer_collapse(struct hidg_pointer *self);
/* Buttons up; motion and presses that wait are dropped, releases go first, each where it was made. */
void hidg_pointer_release_all(struct hidg_pointer *self);
