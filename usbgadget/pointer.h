/* Pointer reports: an absolute pointer (tablet-like) and a relative boot mouse (HID 1.11, appendix B.2, with a wheel
 * and a pan byte behind). Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define POINTER_ABSOLUTE_SIZE 7 /* buttons, x le16, y le16, wheel, pan */
#define POINTER_RELATIVE_SIZE 5 /* buttons, dx, dy, wheel, pan */
#define POINTER_BUTTONS 0x1F

/* x and y: 0..32767, larger ones are cut. */
void pointer_absolute_report(uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel, int8_t pan,
                             uint8_t ret[POINTER_ABSOLUTE_SIZE]);

/* A motion that is still to be sent. A relative report carries at most 127 a way, so a fast motion takes several. */
struct pointer_motion {
    int32_t dx, dy, wheel, pan;
};

void pointer_motion_add(struct pointer_motion *self, int16_t dx, int16_t dy, int8_t wheel, int8_t pan);
/* Takes as much as one report holds. True when motion is left for another one. */
bool pointer_relative_report(struct pointer_motion *self, uint8_t buttons, uint8_t ret[POINTER_RELATIVE_SIZE]);
