/* Whoever may type writes macros, and files of them come from anywhere: every field has a type and bounds, and what is
 * not known is refused, because a misspelt step that is left out in silence would do something else. */
#include "gateway/macros/macro.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "usbgadget/input.h"

#define HOLD_MS 60
#define FIRST_OF_GESTURES 4 /* of the kinds of steps: those before it are of keys */

struct reading {
    json_t *json;
    unsigned number; /* of the step, from 1; 0: the macro itself */
    bool gesture;
    char *why;
    size_t why_size;
};

static int attr_printf(2, 3) wrong(const struct reading *r, const char *format, ...)
{
    int n = r->number ? snprintf(r->why, r->why_size, "Step %u: ", r->number) : 0;
    va_list list;
    va_start(list, format);
    if (n >= 0 && (size_t)n < r->why_size)
        vsnprintf(r->why + n, r->why_size - (size_t)n, format, list);
    va_end(list);
    return -EINVAL;
}

bool macro_name_is_good(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n < MACRO_NAME_MAX && name[0] != '-' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

/* Only keys of this list (NULL ends) may stand there. */
static int check_keys(const struct reading *r, const char *const *known)
{
    const char *key;
    json_t *value;
    json_object_foreach(r->json, key, value)
    {
        bool found = false;
        for (const char *const *k = known; *k; k++)
            found = found || strcmp(*k, key) == 0;
        if (!found)
            return wrong(r, "'%.32s' is not known there.", key);
    }
    return 0;
}

/* absent: what an absent one means; below `least`: it must be there. */
static int read_number(const struct reading *r, const char *key, long least, long most, long absent, long *ret)
{
    const json_t *value = json_object_get(r->json, key);
    if (!value && absent >= least) {
        *ret = absent;
        return 0;
    }
    if (!json_is_integer(value) || json_integer_value(value) < least || json_integer_value(value) > most)
        return wrong(r, "'%s' must be a number from %ld to %ld.", key, least, most);
    *ret = (long)json_integer_value(value);
    return 0;
}

/* NULL: absent, and it may be. */
static int read_text(const struct reading *r, const char *key, size_t most, bool required, const char **ret)
{
    const json_t *value = json_object_get(r->json, key);
    *ret = NULL;
    if (!value && !required)
        return 0;
    if (!json_is_string(value))
        return wrong(r, "'%s' must be a text.", key);
    if (json_string_length(value) > most)
        return wrong(r, "'%s' is longer than %zu bytes.", key, most);
    *ret = json_string_value(value);
    return strlen(*ret) == json_string_length(value) ? 0 : wrong(r, "'%s' holds a zero character.", key);
}

static int read_keys(const struct reading *r, struct macro_step *step)
{
    static const char *const known[] = {"do", "keys", "hold", NULL}, *const held[] = {"do", "keys", NULL};
    const char *keys = "";
    char why[160];
    long ms = 0;
    int e = check_keys(r, step->what == MACRO_CHORD ? known : held);
    e = e ? e : read_text(r, "keys", 200, true, &keys);
    e = e ? e : read_number(r, "hold", 0, MACRO_MS_MAX, HOLD_MS, &ms);
    if (e < 0)
        return e;
    step->ms = (uint32_t)ms;
    return chord_parse(keys, &step->chord, why, sizeof why) < 0 ? wrong(r, "%s.", why) : 0;
}

static int read_typing(const struct reading *r, struct macro_step *step)
{
    const char *layout = NULL;
    int e = check_keys(r, (const char *const[]){"do", "text", "layout", NULL});
    e = e ? e : read_text(r, "text", MACRO_TEXT_MAX, true, &step->text);
    e = e ? e : read_text(r, "layout", MACRO_LAYOUT_MAX - 1, false, &layout);
    if (e < 0)
        return e;
    snprintf(step->layout, sizeof step->layout, "%s", layout ? layout : "");
    return 0;
}

static int read_pause(const struct reading *r, struct macro_step *step)
{
    long ms = 0;
    int e = check_keys(r, (const char *const[]){"do", "ms", NULL});
    e = e ? e : read_number(r, "ms", 0, MACRO_MS_MAX, -1, &ms);
    if (e == 0)
        step->ms = (uint32_t)ms;
    return e;
}

static int read_button(const struct reading *r, struct macro_step *step)
{
    static const char *const names[] = {"left", "right", "middle", "side", "extra"};
    const char *name = NULL;
    int e = read_text(r, "button", 16, false, &name);
    if (e < 0)
        return e;
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(name ? name : "left", names[i]) == 0) {
            step->button = (uint8_t)(1u << i);
            return 0;
        }
    return wrong(r, "'button' must be left, right, middle, side or extra.");
}

static int read_way(const struct reading *r, struct macro_step *step)
{
    long dx = 0, dy = 0;
    int e = read_number(r, "dx", -INPUT_ABS_MAX, INPUT_ABS_MAX, -INPUT_ABS_MAX - 1, &dx);
    e = e ? e : read_number(r, "dy", -INPUT_ABS_MAX, INPUT_ABS_MAX, -INPUT_ABS_MAX - 1, &dy);
    step->place = MACRO_BY;
    step->dx = (int16_t)dx;
    step->dy = (int16_t)dy;
    return e;
}

static int read_place(const struct reading *r, struct macro_step *step)
{
    long x = 0, y = 0;
    bool there = json_object_get(r->json, "x") || json_object_get(r->json, "y");
    bool by = json_object_get(r->json, "dx") || json_object_get(r->json, "dy");
    if (by && (there || !r->gesture))
        return wrong(r,
                     there ? "'dx' and 'dy' are not known beside 'x' and 'y'." : "'dx' and 'dy' are not known there.");
    if (by)
        return read_way(r, step);
    if (!there && r->gesture && step->what != MACRO_MOVE) {
        step->place = MACRO_HERE;
        return 0;
    }
    int e = read_number(r, "x", 0, INPUT_ABS_MAX, -1, &x);
    e = e ? e : read_number(r, "y", 0, INPUT_ABS_MAX, -1, &y);
    if (e < 0)
        return e;
    step->x = (uint16_t)x;
    step->y = (uint16_t)y;
    return 0;
}

static int read_click(const struct reading *r, struct macro_step *step)
{
    long times = 1, ms = 0;
    int e = check_keys(r, (const char *const[]){"do", "x", "y", "dx", "dy", "button", "times", "hold", NULL});
    e = e ? e : read_button(r, step);
    e = e ? e : read_number(r, "times", 1, 3, 1, &times);
    e = e ? e : read_number(r, "hold", 0, MACRO_MS_MAX, HOLD_MS, &ms);
    if (e < 0)
        return e;
    step->times = (uint8_t)times;
    step->ms = (uint32_t)ms;
    return 0;
}

static int read_pointer(const struct reading *r, struct macro_step *step)
{
    long wheel = 0;
    int e = read_place(r, step);
    if (e < 0)
        return e;
    switch (step->what) {
    case MACRO_CLICK:
        return read_click(r, step);
    case MACRO_BUTTON:
        e = check_keys(r, (const char *const[]){"do", "x", "y", "dx", "dy", "button", "down", NULL});
        e = e ? e : read_button(r, step);
        if (e == 0 && !json_is_boolean(json_object_get(r->json, "down")))
            return wrong(r, "'down' must be true or false.");
        step->down = json_is_true(json_object_get(r->json, "down"));
        return e;
    case MACRO_WHEEL:
        e = check_keys(r, (const char *const[]){"do", "x", "y", "dx", "dy", "wheel", NULL});
        e = e ? e : read_number(r, "wheel", -127, 127, -128, &wheel);
        step->wheel = (int8_t)(e ? 0 : wheel);
        return e;
    default:
        return check_keys(r, (const char *const[]){"do", "x", "y", "dx", "dy", NULL});
    }
}

static int read_step(const struct reading *r, struct macro_step *step)
{
    static const struct {
        const char *word;
        enum macro_do what;
        int (*read)(const struct reading *r, struct macro_step *step);
    } kinds[] = {
        {"chord", MACRO_CHORD, read_keys},     {"press", MACRO_PRESS, read_keys},
        {"release", MACRO_RELEASE, read_keys}, {"text", MACRO_TEXT, read_typing},
        {"pause", MACRO_PAUSE, read_pause},    {"move", MACRO_MOVE, read_pointer},
        {"click", MACRO_CLICK, read_pointer},  {"button", MACRO_BUTTON, read_pointer},
        {"wheel", MACRO_WHEEL, read_pointer},
    };
    const char *word = json_string_value(json_object_get(r->json, "do"));
    for (unsigned i = r->gesture ? FIRST_OF_GESTURES : 0; word && i < ARRAY_SIZE(kinds); i++)
        if (strcmp(word, kinds[i].word) == 0) {
            step->what = kinds[i].what;
            return kinds[i].read(r, step);
        }
    return wrong(r, "'do' must be %spause, move, click, button or wheel.",
                 r->gesture ? "" : "chord, press, release, text, ");
}

/* "shortcut" is the page's: a chord that starts the macro there. */
static int read_head(const struct reading *r, const char **ret_title, uint32_t *ret_times)
{
    const char *shortcut = NULL;
    char why[160];
    struct chord chord;
    long times = 1;
    int e = check_keys(r, (const char *const[]){"name", "title", "times", "shortcut", "steps", NULL});
    e = e ? e : read_text(r, "title", MACRO_TITLE_MAX, false, ret_title);
    e = e ? e : read_text(r, "shortcut", 100, false, &shortcut);
    e = e ? e : read_number(r, "times", 0, MACRO_TIMES_MAX, 1, &times);
    if (e < 0)
        return e;
    *ret_times = (uint32_t)times;
    if (shortcut && *shortcut && chord_parse(shortcut, &chord, why, sizeof why) < 0)
        return wrong(r, "'shortcut': %s.", why);
    return 0;
}

/* The steps of a list that is neither empty nor too long. json: kept. */
static int read_steps(struct reading *r, json_t *json, json_t *steps, struct macro **ret)
{
    size_t n = json_array_size(steps);
    struct macro *self = calloc(1, sizeof *self + n * sizeof *self->steps);
    int e = 0;
    if (!self)
        return -ENOMEM;
    *self = (struct macro){.json = json_incref(json), .title = "", .times = 1, .n_steps = (unsigned)n};
    for (size_t i = 0; i < n && e == 0; i++) {
        r->json = json_array_get(steps, i);
        r->number = (unsigned)i + 1;
        e = json_is_object(r->json) ? read_step(r, &self->steps[i]) : wrong(r, "It is no object.");
    }
    if (e < 0) {
        macro_free(self);
        return e;
    }
    *ret = self;
    return 0;
}

int macro_compile(json_t *json, struct macro **ret, char *why, size_t why_size)
{
    struct reading reading = {.json = json, .why = why, .why_size = why_size};
    const char *title = NULL;
    uint32_t times = 1;
    if (!json_is_object(json))
        return wrong(&reading, "A macro is an object with a list 'steps'.");
    int r = read_head(&reading, &title, &times);
    json_t *steps = json_object_get(json, "steps");
    size_t n = json_array_size(steps);
    if (r == 0 && (n == 0 || n > MACRO_STEPS_MAX))
        return wrong(&reading, "'steps' must be a list of 1 to %d steps.", MACRO_STEPS_MAX);
    r = r < 0 ? r : read_steps(&reading, json, steps, ret);
    if (r < 0)
        return r;
    (*ret)->title = title ? title : "";
    (*ret)->times = times;
    return 0;
}

static uint64_t time_of(const struct macro *self)
{
    uint64_t ms = 0;
    for (unsigned i = 0; i < self->n_steps; i++)
        ms += (uint64_t)self->steps[i].ms * MAX(self->steps[i].times, 1);
    return ms;
}

int macro_compile_gesture(json_t *steps, struct macro **ret, char *why, size_t why_size)
{
    struct reading reading = {.gesture = true, .why = why, .why_size = why_size};
    struct macro *self = NULL;
    size_t n = json_array_size(steps);
    if (n == 0 || n > MACRO_GESTURE_STEPS_MAX)
        return wrong(&reading, "'steps' must be a list of 1 to %d steps.", MACRO_GESTURE_STEPS_MAX);
    int r = read_steps(&reading, steps, steps, &self);
    if (r < 0)
        return r;
    if (time_of(self) > MACRO_GESTURE_MS_MAX) {
        macro_free(self);
        reading.number = 0;
        return wrong(&reading, "All pauses and holds together are more than %d ms; a macro may be longer.",
                     MACRO_GESTURE_MS_MAX);
    }
    *ret = self;
    return 0;
}

struct macro *macro_free(struct macro *self)
{
    if (self)
        json_decref(self->json);
    free(self);
    return NULL;
}
