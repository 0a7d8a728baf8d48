/* From a recipe's text to its steps. */
#include "manage/key_recipe.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"

#define EVERY_US 500000
#define FOR_US 30000000
#define TIME_MIN_US 100000
#define TIME_MAX_US 600000000
#define WORD 80

enum token { TOKEN_END, TOKEN_SEMICOLON, TOKEN_WORD, TOKEN_TEXT, TOKEN_BAD };

struct reader {
    const char *at;
    enum token token;
    char word[WORD];
    key_recipe_known_fn *known;
    char *why;
    size_t why_size;
};

#define FAULT(r, ...) (snprintf((r)->why, (r)->why_size, __VA_ARGS__), false)

static void set_token(struct reader *r, enum token token, const char *from, size_t n)
{
    r->token = n < sizeof r->word ? token : TOKEN_BAD;
    n = MIN(n, sizeof r->word - 1);
    memcpy(r->word, from, n);
    r->word[n] = '\0';
}

/* The next token; r->word holds what it says. */
static void advance(struct reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
    const char *from = r->at;
    if (!*from) {
        r->token = TOKEN_END;
        r->word[0] = '\0';
    } else if (*from == ';') {
        set_token(r, TOKEN_SEMICOLON, from, 1);
        r->at++;
    } else if (*from == '"' || *from == '\'') {
        const char *end = strchr(from + 1, *from);
        set_token(r, end ? TOKEN_TEXT : TOKEN_BAD, from + 1, end ? (size_t)(end - from - 1) : strlen(from + 1));
        r->at = end ? end + 1 : from + strlen(from);
    } else {
        size_t n = strcspn(from, " \t\r\n;\"'");
        set_token(r, TOKEN_WORD, from, n);
        r->at += n;
    }
}

static bool is_word(const struct reader *r, const char *word)
{
    return r->token == TOKEN_WORD && strcasecmp(r->word, word) == 0;
}

static bool skip_word(struct reader *r, const char *word)
{
    bool is = is_word(r, word);
    if (is)
        advance(r);
    return is;
}

/* Decimal digits; *at moves behind them. */
static bool read_number(const char **at, uint64_t max, uint64_t *ret)
{
    const char *from = *at;
    uint64_t v = 0;
    for (; **at >= '0' && **at <= '9' && v <= max; (*at)++)
        v = v * 10 + (uint64_t)(**at - '0');
    *ret = v;
    return *at > from && v <= max;
}

/* "250 ms", "250ms", "20 s". */
static bool read_time(struct reader *r, uint64_t *ret)
{
    const char *at = r->word;
    uint64_t v;
    char given[WORD];
    memcpy(given, r->word, sizeof given);
    if (r->token != TOKEN_WORD || !read_number(&at, TIME_MAX_US, &v))
        return FAULT(r, "has '%s' where a time should stand, like 250 ms or 20 s", given);
    if (!*at) {
        advance(r);
        at = r->token == TOKEN_WORD ? r->word : "";
    }
    if (strcasecmp(at, "ms") == 0)
        v *= 1000;
    else if (strcasecmp(at, "s") == 0)
        v *= 1000000;
    else
        return FAULT(r, "has a time without its unit at '%s': ms or s", given);
    if (v < TIME_MIN_US || v > TIME_MAX_US)
        return FAULT(r, "has a time out of range at '%s': 100 ms to 600 s", given);
    *ret = v;
    advance(r);
    return true;
}

/* As screens are compared: lower case, single blanks. */
static bool read_shown(struct reader *r, char ret[KEY_RECIPE_SHOWN])
{
    if (skip_word(r, "screen"))
        skip_word(r, "has");
    if (r->token != TOKEN_TEXT)
        return FAULT(r, "has no text in quotes behind until");
    size_t n = 0;
    for (const char *c = r->word; *c; c++) {
        bool blank = *c == ' ';
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            return FAULT(r, "looks for a text that is not plain ASCII");
        if (blank && (n == 0 || ret[n - 1] == ' '))
            continue;
        if (n == KEY_RECIPE_SHOWN - 1)
            return FAULT(r, "looks for a text of more than %d characters", KEY_RECIPE_SHOWN - 1);
        ret[n++] = (char)tolower((unsigned char)*c);
    }
    n -= n > 0 && ret[n - 1] == ' ';
    ret[n] = '\0';
    if (n == 0)
        return FAULT(r, "looks for an empty text");
    advance(r);
    return true;
}

static bool read_key(struct reader *r, struct key_recipe_step *step)
{
    char why[160] = "";
    uint64_t times = 1;
    char *star = strchr(r->word, '*');
    if (step->n_keys == KEY_RECIPE_KEYS)
        return FAULT(r, "has more than %d keys in one step", KEY_RECIPE_KEYS);
    if (star) {
        const char *at = star + 1;
        if (!read_number(&at, KEY_RECIPE_TIMES, &times) || *at || times == 0)
            return FAULT(r, "has '%s': the number of times is 1 to %d", r->word, KEY_RECIPE_TIMES);
        *star = '\0';
    }
    struct key_recipe_key *key = &step->keys[step->n_keys];
    if (strlen(r->word) >= sizeof key->chord || !r->known(r->word, why, sizeof why))
        return FAULT(r, "has '%s', which is no key%s%s", r->word, *why ? ": " : "", why);
    memcpy(key->chord, r->word, strlen(r->word) + 1);
    key->times = (uint8_t)times;
    step->n_keys++;
    advance(r);
    return true;
}

/* What may stand behind the keys, or behind "wait". */
static bool read_conditions(struct reader *r, struct key_recipe_step *step)
{
    bool every = false, limit = false;
    while (r->token == TOKEN_WORD && !is_word(r, "then")) {
        if (step->n_keys && !every && skip_word(r, "every")) {
            every = true;
            if (!read_time(r, &step->every_us))
                return false;
        } else if (!limit && skip_word(r, "for")) {
            limit = true;
            if (!read_time(r, &step->for_us))
                return false;
        } else if (!step->shown[0] && skip_word(r, "until")) {
            if (!read_shown(r, step->shown))
                return false;
        } else {
            return FAULT(r, "has '%s' where every, for, until or the next step should stand", r->word);
        }
    }
    step->repeats = every || limit || step->shown[0];
    return true;
}

static bool is_condition(const struct reader *r)
{
    return is_word(r, "every") || is_word(r, "for") || is_word(r, "until");
}

static bool read_wait(struct reader *r, struct key_recipe_step *step)
{
    if (!is_condition(r))
        return read_time(r, &step->for_us);
    if (!read_conditions(r, step))
        return false;
    return step->repeats || FAULT(r, "waits for nothing: give a time or until");
}

static bool read_step(struct reader *r, struct key_recipe_step *step)
{
    *step = (struct key_recipe_step){.every_us = EVERY_US, .for_us = FOR_US};
    if (skip_word(r, "wait"))
        return read_wait(r, step);
    while (r->token == TOKEN_WORD && !is_condition(r) && !is_word(r, "then"))
        if (!read_key(r, step))
            return false;
    if (step->n_keys == 0)
        return FAULT(r, "has a step without a key");
    return read_conditions(r, step);
}

static bool read_recipe(struct reader *r, struct key_recipe *recipe)
{
    advance(r);
    for (;;) {
        if (recipe->n == KEY_RECIPE_STEPS)
            return FAULT(r, "has more than %d steps", KEY_RECIPE_STEPS);
        if (!read_step(r, &recipe->steps[recipe->n++]))
            return false;
        bool semicolon = r->token == TOKEN_SEMICOLON;
        if (semicolon)
            advance(r);
        bool then = skip_word(r, "then");
        if (r->token == TOKEN_END && !then)
            return true;
        if (!semicolon && !then)
            return FAULT(r, "has '%.40s' where a step should end: write ; or then", r->word);
    }
}

int key_recipe_parse(const char *text, key_recipe_known_fn *known, struct key_recipe *ret, char *why, size_t why_size)
{
    struct reader r = {.at = text, .known = known, .why = why, .why_size = why_size};
    if (strlen(text) >= KEY_RECIPE_TEXT) {
        snprintf(why, why_size, "is longer than %d characters", KEY_RECIPE_TEXT - 1);
        return -EINVAL;
    }
    ret->n = 0;
    return read_recipe(&r, ret) ? 0 : -EINVAL;
}

static bool shows_here(const char *line, const char *text)
{
    for (; *text; text++) {
        if (*text == ' ') {
            if (*line != ' ')
                return false;
            line += strspn(line, " ");
        } else if (tolower((unsigned char)*line++) != *text) {
            return false;
        }
    }
    return true;
}

bool key_recipe_shows(const char *line, const char *text)
{
    for (; *line; line++)
        if (shows_here(line, text))
            return true;
    return false;
}
