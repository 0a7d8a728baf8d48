/* Looks for a text that is being typed on the target's screen, where that is text in a known font: whether it appears,
 * how far, and what of it does not. The text is looked for in pieces, as line ends and tabs divide it; a piece shorter
 * than ECHO_SHORTEST tells nothing, one that stood in the same place before neither. What the font may lack counts as
 * any character. Pure: screens and time are parameters. */
#pragma once

#include "usbgadget/typing.h"

#define ECHO_SHORTEST 3

/* columns * rows characters, blanks as U+0020, what is no glyph as U+FFFD. */
struct echo_screen {
    unsigned columns, rows;
    const uint32_t *cells;
};

struct echo_watch;

/* The text as it is to be typed, which is not kept (it may be a secret): each call is given it again. before: the
 * screen before the first key; copied. -ENOMEM. */
int echo_watch_create(const uint32_t *text, size_t n, const struct echo_screen *before, struct echo_watch **ret);
struct echo_watch *echo_watch_destroy(struct echo_watch *self); /* NULL allowed; returns NULL */

/* The screen as it is after so many characters were typed. */
void echo_watch_look(struct echo_watch *self, const uint32_t *text, size_t typed, const struct echo_screen *screen,
                     uint64_t now_us);

/* What the typist is to do. */
struct echo_advice {
    bool wait;        /* stand still until the screen has caught up */
    uint32_t slow_us; /* from one character to the next; 0: as fast as the port goes */
};
struct echo_advice echo_watch_advice(struct echo_watch *self, size_t typed, uint64_t now_us);

bool echo_watch_complete(const struct echo_watch *self); /* all that can be seen was seen */
/* The echo's fields; slowed too. ended: no more of it will appear, so what is half there is lost. */
void echo_watch_state(const struct echo_watch *self, bool ended, struct typing_state *ret);
