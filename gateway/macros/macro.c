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

struct reading {
    json_t *json;
    unsigned number; /* of the step, from 1; 0: the macro itself */
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

static int read_place(const struct reading *r, struct macro_step *step)
{
    long x = 0, y = 0;
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
    int e = check_keys(r, (const char *const[]){"do", "x", "y", "button", "times", "hold", NULL});
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
        e = check_keys(r, (const char *const[]){"do", "x", "y", "button", "down", NULL});
        e = e ? e : read_button(r, step);
        if (e == 0 && !json_is_boolean(json_object_get(r->json, "down")))
            return wrong(r, "'down' must be true or false.");
        step->down = json_is_true(json_object_get(r->json, "down"));
        return e;
    case MACRO_WHEEL:
        e = check_keys(r, (const char *const[]){"do", "x", "y", "wheel", NULL});
        e = e ? e : read_number(r, "wheel", -127, 127, -128, &wheel);
        step->wheel = (int8_t)(e ? 0 : wheel);
        return e;
    default:
        return check_keys(r, (const char *const[]){"do", "x", "y", NULL});
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
    for (unsigned i = 0; word && i < ARRAY_SIZE(kinds); i++)
        if (strcmp(word, kinds[i].word) == 0) {
            step->what = kinds[i].what;
            return kinds[i].read(r, step);
        }
    return wrong(r, "'do' must be chord, press, release, text, pause, move, click, button or wheel.");
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
    if (r < 0)
        return r;
    struct macro *self = calloc(1, sizeof *self + n * sizeof *self->steps);
    if (!self)
        return -ENOMEM;
    self->json = json_incref(json);
    self->title = title ? title : "";
    self->times = times;
    self->n_steps = (unsigned)n;
    for (size_t i = 0; i < n && r == 0; i++) {
        reading.json = json_array_get(steps, i);
        reading.number = (unsigned)i + 1;
        r = json_is_object(reading.json) ? read_step(&reading, &self->steps[i]) : wrong(&reading, "It is no object.");
    }
    if (r < 0) {
        macro_free(self);
        return r;
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
