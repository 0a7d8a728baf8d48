/* Names of keys for people and scripts ("enter", "f11", "ctrl"), as USB HID usages of page 0x07 (HUT 1.4, section 10),
 * media keys as INPUT_CONSUMER | usage of page 0x0C (usbgadget/input.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not case-sensitive; single letters and digits are themselves; several names may mean one key (esc, escape). */
bool key_by_name(const char *name, size_t length, uint16_t *ret);

#define CHORD_MAX 8

struct chord {
    uint16_t usages[CHORD_MAX]; /* in the order pressed */
    unsigned n;
};

/* "ctrl+alt+delete". 0, or -EINVAL with a sentence that names the word in why. "+" itself is called "plus". */
int chord_parse(const char *text, struct chord *ret, char *why, size_t why_size);
