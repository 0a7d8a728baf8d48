/* Which keys are down, and the boot keyboard report that says so (HID 1.11, appendix B.1). Pure. One viewer's (or one
 * device's) keyboard: the set answers what must be released when its owner goes away. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYBOARD_REPORT_SIZE 8 /* modifiers, reserved, six usages */
#define KEYBOARD_USAGES 256    /* of usage page 0x07; 0xE0..0xE7 are the modifiers */

struct keyboard {
    uint8_t down[KEYBOARD_USAGES / 8];
    uint8_t order[6]; /* usages in the report, oldest first; modifiers are not in it */
    uint8_t n_order;
    unsigned n_down;
};

/* 0: nothing changed (a repeat, a release of what is up); 1: changed; -EINVAL: no usage of the keyboard page that a key
 * can have (0x04..0xDD, 0xE0..0xE7). */
int keyboard_key(struct keyboard *self, uint16_t usage, bool down);
bool keyboard_is_down(const struct keyboard *self, uint16_t usage);

/* The next usage that is down, from `after` + 1 on; 0 when there is none. For walking: for (u = 0; (u = next(k, u));)
 */
uint16_t keyboard_next_down(const struct keyboard *self, uint16_t after);
void keyboard_clear(struct keyboard *self);

/* With more than six keys down the array says ErrorRollOver (0x01), as boot keyboards must. */
void keyboard_report(const struct keyboard *self, uint8_t ret[KEYBOARD_REPORT_SIZE]);
