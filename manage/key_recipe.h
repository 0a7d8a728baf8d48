/* Recipes that get a machine without a management processor into one of its firmware's menus, and on from there:
 *
 *     f11 every 250 ms for 20 s until screen has "boot menu"; then down*2 enter
 *
 *     recipe = step { ( ";" | "then" ) step }
 *     step   = key { key } [ "every" time ] [ "for" time ] [ "until" [ "screen" "has" ] text ]
 *            | "wait" time
 *            | "wait" [ "for" time ] "until" [ "screen" "has" ] text
 *     key    = chord [ "*" number ]             enter, ctrl+alt+delete, down*2
 *     time   = number ( "ms" | "s" )            at most 10 min
 *     text   = "..." or '...'                   ASCII; case and the number of blanks do not count
 *
 * A step with "every", "for" or "until" repeats its keys (each 500 ms, for 30 s, unless it says otherwise) until the
 * screen shows the text or the time is over; others press theirs once. A time that ends without the text ends the
 * recipe when the screen could be read, because the next keys are meant for that menu; a screen that cannot be read as
 * text lets the recipe go on blindly.
 *
 * Pure: time is a parameter; who runs one presses keys and looks at the screen (gateway/dongle/boot_keys.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_RECIPE_TEXT 400 /* bytes of a recipe's text, with the NUL */
#define KEY_RECIPE_STEPS 16
#define KEY_RECIPE_KEYS 12
#define KEY_RECIPE_CHORD 40
#define KEY_RECIPE_TIMES 50
#define KEY_RECIPE_SHOWN 64
#define KEY_RECIPE_HOLD_US 60000
#define KEY_RECIPE_GAP_US 60000

struct key_recipe_key {
    char chord[KEY_RECIPE_CHORD];
    uint8_t times;
};

struct key_recipe_step {
    struct key_recipe_key keys[KEY_RECIPE_KEYS];
    unsigned n_keys; /* 0: waits */
    bool repeats;
    uint64_t every_us, for_us;    /* of a step that repeats or waits */
    char shown[KEY_RECIPE_SHOWN]; /* "": nothing to see */
};

struct key_recipe {
    struct key_recipe_step steps[KEY_RECIPE_STEPS];
    unsigned n;
};

/* known: whether a chord's names are keys, with a sentence in why (usbgadget/keynames.h: chord_parse). 0, or -EINVAL
 * with a clause in why. */
typedef bool key_recipe_known_fn(const char *chord, char *why, size_t why_size);
int key_recipe_parse(const char *text, key_recipe_known_fn *known, struct key_recipe *ret, char *why, size_t why_size);

/* True when the line shows the text. */
bool key_recipe_shows(const char *line, const char *text);

enum key_recipe_end { KEY_RECIPE_RUNS, KEY_RECIPE_DONE, KEY_RECIPE_DONE_BLINDLY, KEY_RECIPE_NOT_SHOWN };

struct key_recipe_run {
    const struct key_recipe *recipe;
    enum key_recipe_end end;
    unsigned step, key, time;   /* where it is */
    bool down, pressing, once;  /* the key is down; a round of keys is under way; there was one */
    bool seen, readable, blind; /* the step's text; the newest screen; a step's text could not be looked for */
    uint64_t began_us, next_us, round_us; /* the step; the next thing to do; the next round */
};

void key_recipe_begin(struct key_recipe_run *self, const struct key_recipe *recipe, uint64_t now_us);

enum key_recipe_act {
    KEY_RECIPE_WAIT,    /* until *ret_until_us */
    KEY_RECIPE_PRESS,   /* *ret_chord */
    KEY_RECIPE_RELEASE, /* *ret_chord */
    KEY_RECIPE_END,     /* see `end` */
};
/* What to do now; ask again when it was done. */
enum key_recipe_act key_recipe_next(struct key_recipe_run *self, uint64_t now_us, const char **ret_chord,
                                    uint64_t *ret_until_us);

/* The text to look for just now, or NULL. */
const char *key_recipe_wanted(const struct key_recipe_run *self);
/* What a look at the screen brought that began during this step; one that comes too late changes nothing. */
void key_recipe_looked(struct key_recipe_run *self, unsigned step, bool readable, bool shown);
