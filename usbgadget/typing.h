/* What typing a text asks and answers: shared by who types (usbgadget/typist.h) and the faces that ask for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TYPING_MAX_TEXT 65536 /* bytes of UTF-8 at a time */
#define TYPING_MISSING_MAX 64 /* different characters that are listed */

/* What to do with characters that the layout cannot type. */
enum typing_instead {
    TYPING_REFUSE,       /* type nothing at all */
    TYPING_LEAVE_OUT,    /* type the others */
    TYPING_ALT_CODES,    /* Alt and four digits of the keypad (Windows); what code page 1252 lacks is refused */
    TYPING_UNICODE_INPUT /* Ctrl+Shift+U and hexadecimal digits (GTK, IBus) */
};

struct typing_request {
    const char *text; /* UTF-8 */
    size_t size;
    const char *layout; /* NULL: the target's */
    uint8_t instead;    /* enum typing_instead */
    bool careful;       /* one key change in 60 ms, for firmware and boot menus that lose keys */
    bool only_check;    /* type nothing, fill the plan */
};

struct typing_missing {
    uint32_t character;
    size_t count, line, column; /* where the first one stands, from 1 */
};

/* Of a text: how much can be typed, and what cannot. */
struct typing_plan {
    char layout[64];
    size_t characters;                                 /* that will be typed */
    size_t strokes;                                    /* of keys, for them */
    size_t n_missing;                                  /* characters without a key, all together */
    unsigned n_distinct;                               /* different ones that are listed */
    bool more;                                         /* there are more different ones than listed */
    struct typing_missing missing[TYPING_MISSING_MAX]; /* in the order of the text */
};

enum typing_phase { TYPING_IDLE, TYPING_ON, TYPING_WAITS, TYPING_DONE, TYPING_STOPPED, TYPING_GIVEN_UP };
enum typing_echo {
    TYPING_ECHO_UNKNOWN, /* the screen is no text in a known font, or nobody looked */
    TYPING_ECHO_NONE,    /* nothing appeared: a password, perhaps */
    TYPING_ECHO_SEEN,    /* all of it appeared */
    TYPING_ECHO_PARTLY,  /* some of it did not */
};

/* Of the text that is typed, or was last. */
struct typing_state {
    uint8_t phase; /* enum typing_phase */
    uint8_t echo;  /* enum typing_echo */
    bool slowed;   /* because what was typed appeared late */
    size_t characters, remaining;
    size_t echo_seen, echo_lost;   /* characters that appeared, and that seem to be missing */
    size_t lost_line, lost_column; /* of the text: where the first of these stands, from 1 */
    uint32_t per_second;           /* characters, over all of it so far; 0: not known yet */
};

/* "right-to-left mark" for what cannot be seen, or NULL: the character shows itself. */
const char *typing_character_name(uint32_t character);
