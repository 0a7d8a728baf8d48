/* A macro: named steps of keys, text, pauses and the mouse, as people write and record them. The JSON of docs/api.md
 * in, a list that can be run out. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usbgadget/keynames.h"

#define MACRO_NAME_MAX 41  /* with its NUL: [a-z0-9][a-z0-9-]* */
#define MACRO_TITLE_MAX 80 /* bytes of UTF-8 */
#define MACRO_STEPS_MAX 1000
#define MACRO_TEXT_MAX 8192 /* bytes of UTF-8 of one step */
#define MACRO_MS_MAX 600000
#define MACRO_TIMES_MAX 1000000
#define MACRO_LAYOUT_MAX 48
#define MACRO_GESTURE_STEPS_MAX 64
#define MACRO_GESTURE_MS_MAX 10000 /* of all its pauses and holds: somebody waits for its end */

enum macro_do {
    MACRO_CHORD,   /* pressed in order, held for ms, released in reverse */
    MACRO_PRESS,   /* pressed, and held until a release, or the round's end */
    MACRO_RELEASE, /* in reverse */
    MACRO_TEXT,    /* typed with the layout */
    MACRO_PAUSE,   /* ms since the step before */
    MACRO_MOVE,    /* the pointer to x, y: 0..32767 over the whole picture */
    MACRO_CLICK,   /* there, `times`, each held for ms */
    MACRO_BUTTON,  /* there, down or up */
    MACRO_WHEEL,   /* there, detents */
};

/* Of a gesture. A macro always names the place: it must do the same every time. */
enum macro_place {
    MACRO_THERE, /* x, y */
    MACRO_BY,    /* dx, dy from where the pointer is, in the mouse's own units */
    MACRO_HERE,  /* where the step before left it, or where it is */
};

struct macro_step {
    enum macro_do what;
    struct chord chord;
    uint32_t ms;
    const char *text;              /* of the macro's JSON; NUL-terminated UTF-8 */
    char layout[MACRO_LAYOUT_MAX]; /* "": the target's */
    enum macro_place place;
    uint16_t x, y;
    int16_t dx, dy;
    uint8_t button; /* an INPUT_BUTTON_ bit */
    bool down;
    int8_t wheel;
    uint8_t times;
};

struct macro {
    json_t *json; /* as it was written; keeps the texts */
    const char *title;
    uint32_t times; /* rounds when nobody says how many; 0: until it is stopped */
    unsigned n_steps;
    struct macro_step steps[];
};

bool macro_name_is_good(const char *name);

/* Takes a reference on json, which must not be changed afterwards. -EINVAL with a clause in why that names the step
 * (its number from 1) and what is wrong with it; -ENOMEM. */
int macro_compile(json_t *json, struct macro **ret, char *why, size_t why_size);
/* Pointer steps that are done once and not kept: a list of move, click, button, wheel and pause, with a place or
 * without. As above. */
int macro_compile_gesture(json_t *steps, struct macro **ret, char *why, size_t why_size);
struct macro *macro_free(struct macro *self); /* NULL allowed; returns NULL */
