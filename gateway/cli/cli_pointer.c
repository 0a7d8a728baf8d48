/* The pointer: words that become the steps of one request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"
#include "usbgadget/input.h"

struct words {
    int argc;
    char **argv;
    bool force;
};

static const char *next(const struct words *w)
{
    return w->argc > 0 ? w->argv[0] : NULL;
}

static void skip(struct words *w)
{
    w->argc--;
    w->argv++;
}

/* A whole number, or where `whole` is given a part of it in percent. */
static bool is_number(const char *word, long whole, long *ret)
{
    char *end;
    if (!word || !*word)
        return false;
    double part = strtod(word, &end);
    if (whole && !strcmp(end, "%") && part >= 0 && part <= 100) {
        *ret = (long)(part * (double)whole / 100 + 0.5);
        return true;
    }
    *ret = strtol(word, &end, 10);
    return !*end;
}

/* Takes a number into the step; false after an error was printed. */
static bool take_number(struct words *w, json_t *step, const char *key, long whole)
{
    long value;
    if (!is_number(next(w), whole, &value)) {
        cli_error("'%s' wants a number%s behind it%s%s", json_string_value(json_object_get(step, "do")),
                  whole ? ", or one like 50%," : "", next(w) ? ", not " : "", next(w) ? next(w) : "");
        return false;
    }
    json_object_set_new(step, key, json_integer(value));
    skip(w);
    return true;
}

/* A button's name, where one stands there. */
static void take_button(struct words *w, json_t *step)
{
    static const char *const names[] = {"left", "right", "middle", "side", "extra"};
    for (size_t i = 0; next(w) && i < ARRAY_SIZE(names); i++)
        if (!strcmp(next(w), names[i])) {
            json_object_set_new(step, "button", json_string(names[i]));
            skip(w);
            return;
        }
}

static bool take_click(struct words *w, json_t *step)
{
    long times;
    take_button(w, step);
    return !is_number(next(w), 0, &times) || take_number(w, step, "times", 0);
}

static bool take_press(struct words *w, json_t *step, bool down)
{
    json_object_set_new(step, "do", json_string("button"));
    json_object_set_new(step, "down", json_boolean(down));
    take_button(w, step);
    return true;
}

/* What stands behind the first word of a step. */
static bool take_rest(struct words *w, json_t *step, const char *word)
{
    if (!strcmp(word, "move"))
        return take_number(w, step, "x", INPUT_ABS_MAX) && take_number(w, step, "y", INPUT_ABS_MAX);
    if (!strcmp(word, "by")) {
        json_object_set_new(step, "do", json_string("move"));
        return take_number(w, step, "dx", 0) && take_number(w, step, "dy", 0);
    }
    if (!strcmp(word, "click"))
        return take_click(w, step);
    if (!strcmp(word, "down") || !strcmp(word, "up"))
        return take_press(w, step, *word == 'd');
    if (!strcmp(word, "wheel"))
        return take_number(w, step, "wheel", 0);
    if (!strcmp(word, "pause"))
        return take_number(w, step, "ms", 0);
    cli_error("'%s' is nothing that a pointer does: move, by, click, down, up, wheel, pause", word);
    return false;
}

/* NULL after an error was printed. */
static json_t *read_steps(struct words *w)
{
    json_t *steps = json_array();
    while (next(w)) {
        const char *word = next(w);
        json_t *step = json_pack("{s:s}", "do", word);
        skip(w);
        json_array_append_new(steps, step);
        if (!strcmp(word, "--force")) {
            w->force = true;
            json_array_remove(steps, json_array_size(steps) - 1);
        } else if (!step || !take_rest(w, step, word)) {
            json_decref(steps);
            return NULL;
        }
    }
    return steps;
}

static int pointer(struct cli *cli, int argc, char **argv)
{
    struct words words = {.argc = argc - 1, .argv = argv + 1};
    json_t *steps = read_steps(&words), *answer = NULL;
    if (!steps)
        return CLI_USAGE;
    int r = cli_call(cli, "POST", cli_path("/targets/%s/pointer", argv[0]),
                     json_pack("{s:o, s:b}", "steps", steps, "force", (int)words.force), &answer);
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"pointer", "TARGET move|by|click|down|up|wheel|pause... [--force]",
     "one after the other: move X Y (0 to 32767, or 50%), by DX DY, click [BUTTON] [TIMES], down [BUTTON], up "
     "[BUTTON], "
     "wheel N, pause MS; what is down goes up at the end. BUTTON: left, right, middle, side or extra",
     2, 200, pointer},
};
const struct cli_commands cli_pointer_commands = {rows, ARRAY_SIZE(rows)};
