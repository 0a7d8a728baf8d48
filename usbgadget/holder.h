/* What one owner (a viewer, the typist) holds down on an input port, so that all of it can be let go whatever the way
 * the owner ends; and what several of them hold that type on one port at once. Net thread. */
#pragma once

#include "usbgadget/input.h"
#include "usbgadget/keyboard.h"

#define HOLDER_CONSUMER_KEYS 4

struct input_holder;

/* Holders on one port that may type at the same time. What one of them lets go of stays down as long as another one of
 * them holds it, and goes up with the last; so nothing sticks, and nobody's drag ends by another one's move. */
struct input_crowd {
    struct input_holder *first;
};

struct input_holder {
    struct input_crowd *crowd; /* NULL: it types alone */
    struct input_holder *next;
    struct keyboard keyboard;
    uint16_t consumer[HOLDER_CONSUMER_KEYS]; /* INPUT_CONSUMER | usage; 0: free */
    uint8_t buttons;
    bool absolute; /* the last pointer message's kind: buttons are released the same way */
    uint16_t x, y;
};

/* Pass a key or pointer message on to the port and keep what is down. Repeats are not passed on. The port's result;
 * what it refused is not held. */
int input_holder_key(struct input_holder *self, struct input *port, uint16_t usage, bool down);
/* Several keys of page 0x07 at once, in one report where the port has them; else one by one, and then what was passed
 * on before the port refused is held. What changes nothing is left out. */
int input_holder_keys(struct input_holder *self, struct input *port, const struct input_change *changes, unsigned n);
int input_holder_absolute(struct input_holder *self, struct input *port, uint8_t buttons, uint16_t x, uint16_t y,
                          int8_t wheel, int8_t pan);
int input_holder_relative(struct input_holder *self, struct input *port, uint8_t buttons, int16_t dx, int16_t dy,
                          int8_t wheel, int8_t pan);

bool input_holder_holds(const struct input_holder *self);

/* Lets go of every key and button that this holder pressed, and of nothing else. */
void input_holder_release(struct input_holder *self, struct input *port);

/* Before its first key; leaves after input_holder_release. Not in a crowd: leaving does nothing. */
void input_holder_join(struct input_holder *self, struct input_crowd *crowd);
void input_holder_leave(struct input_holder *self);
