#include "usbgadget/personality.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"

static const struct {
    const char *name, *words;
} personalities[PERSONALITIES] = {
    [PERSONALITY_FULL] = {"full", "keyboard, absolute and relative pointer, consumer keys and drives"},
    [PERSONALITY_KEYBOARD] = {"keyboard", "a boot keyboard and nothing else"},
    [PERSONALITY_DRIVE] = {"drive", "drives and nothing else"},
    [PERSONALITY_KEYBOARD_DRIVE] = {"keyboard+drive", "a boot keyboard, then drives"},
    [PERSONALITY_STORAGE_FIRST] = {"storage-first", "drives first, then keyboard, pointers and consumer keys"},
};

#define BIT(function) (1u << (function))
#define POINTERS (BIT(GADGET_ABSOLUTE) | BIT(GADGET_RELATIVE) | BIT(GADGET_CONSUMER))
#define DRIVES (BIT(GADGET_STORAGE) | BIT(GADGET_BIG_CD))

/* Interface order of each personality. */
static const struct {
    unsigned n;
    enum gadget_function order[GADGET_FUNCTIONS];
} orders[PERSONALITIES] = {
    [PERSONALITY_FULL] = {6,
                          {GADGET_KEYBOARD, GADGET_ABSOLUTE, GADGET_RELATIVE, GADGET_CONSUMER, GADGET_STORAGE,
                           GADGET_BIG_CD}},
    [PERSONALITY_KEYBOARD] = {1, {GADGET_KEYBOARD}},
    [PERSONALITY_DRIVE] = {2, {GADGET_STORAGE, GADGET_BIG_CD}},
    [PERSONALITY_KEYBOARD_DRIVE] = {3, {GADGET_KEYBOARD, GADGET_STORAGE, GADGET_BIG_CD}},
    [PERSONALITY_STORAGE_FIRST] = {6,
                                   {GADGET_STORAGE, GADGET_BIG_CD, GADGET_KEYBOARD, GADGET_ABSOLUTE, GADGET_RELATIVE,
                                    GADGET_CONSUMER}},
};

/* What goes first when something must go: what a person at the target misses least. */
static const enum gadget_function drop_order[] = {GADGET_CONSUMER, GADGET_RELATIVE, GADGET_BIG_CD,
                                                  GADGET_ABSOLUTE, GADGET_STORAGE,  GADGET_KEYBOARD};

const char *personality_name(enum personality personality)
{
    return personality < PERSONALITIES ? personalities[personality].name : "unknown";
}

const char *personality_words(enum personality personality)
{
    return personality < PERSONALITIES ? personalities[personality].words : "unknown";
}

bool personality_parse(const char *word, enum personality *ret)
{
    for (unsigned i = 0; i < PERSONALITIES; i++)
        if (strcmp(word, personalities[i].name) == 0) {
            *ret = (enum personality)i;
            return true;
        }
    return false;
}

/* --- what a set of functions needs --- */

static bool is_hid(enum gadget_function function)
{
    return function < GADGET_HIDS;
}

static bool has_out(enum gadget_function function, const struct personality_means *means, bool led_endpoint)
{
    return !is_hid(function) || means->hid_out || (function == GADGET_KEYBOARD && led_endpoint);
}

static void count(unsigned set, const struct personality_means *means, bool led_endpoint, unsigned *ret_in,
                  unsigned *ret_out)
{
    *ret_in = *ret_out = 0;
    for (unsigned f = 0; f < GADGET_FUNCTIONS; f++)
        if (set & BIT(f)) {
            *ret_in += 1;
            *ret_out += has_out((enum gadget_function)f, means, led_endpoint);
        }
}

static bool endpoints_fit(unsigned set, const struct personality_means *means, bool led_endpoint)
{
    unsigned in, out;
    count(set, means, led_endpoint, &in, &out);
    return (!means->in || in <= means->in) && (!means->out || out <= means->out);
}

static bool hids_fit(unsigned set, const struct personality_means *means)
{
    return (unsigned)__builtin_popcount(set & (BIT(GADGET_KEYBOARD) | POINTERS)) <= means->hids;
}

/* What this personality cannot be without. */
static bool is_enough(enum personality personality, unsigned set, bool drives_shown)
{
    bool drive = set & DRIVES, keyboard = set & BIT(GADGET_KEYBOARD);
    switch (personality) {
    case PERSONALITY_DRIVE:
        return drive;
    case PERSONALITY_KEYBOARD_DRIVE:
    case PERSONALITY_STORAGE_FIRST:
        return keyboard && (drive || !drives_shown);
    default:
        return keyboard;
    }
}

/* --- the plan --- */

static unsigned wanted_by(enum personality personality, const struct personality_means *means)
{
    unsigned set = 0;
    for (unsigned i = 0; i < orders[personality].n; i++)
        set |= BIT(orders[personality].order[i]);
    if (!means->empty_drives || means->no_drives)
        set &= ~DRIVES;
    if (!means->big_cd)
        set &= ~BIT(GADGET_BIG_CD);
    return set;
}

/* Takes away, one after another, until it fits. Returns what is left. */
static unsigned drop_hids(unsigned set, const struct personality_means *means)
{
    for (unsigned i = 0; i < ARRAY_SIZE(drop_order) && !hids_fit(set, means); i++)
        if (is_hid(drop_order[i]))
            set &= ~BIT(drop_order[i]);
    return set;
}

static unsigned drop_endpoints(unsigned set, const struct personality_means *means)
{
    for (unsigned i = 0; i < ARRAY_SIZE(drop_order) && !endpoints_fit(set, means, false); i++) {
        unsigned in, out;
        count(set, means, false, &in, &out);
        bool in_short = means->in && in > means->in; /* else what has no OUT endpoint would go for nothing */
        if (in_short || has_out(drop_order[i], means, false))
            set &= ~BIT(drop_order[i]);
    }
    return set;
}

static enum left_out_reason endpoint_reason(const struct personality_means *means)
{
    return means->in && means->out ? LEFT_OUT_NO_ENDPOINT : means->in ? LEFT_OUT_NO_IN : LEFT_OUT_NO_OUT;
}

int personality_plan(enum personality personality, const struct personality_means *means, struct personality_plan *ret,
                     char *why, size_t why_size)
{
    struct personality_plan plan = {
        .left_out = {.in = (uint8_t)MIN(means->in, UINT8_MAX), .out = (uint8_t)MIN(means->out, UINT8_MAX)}};
    char left_out[LEFT_OUT_TEXT];
    if (personality >= PERSONALITIES)
        return -EINVAL;
    unsigned wanted = wanted_by(personality, means);
    if (!wanted) {
        snprintf(why, why_size, "%s, and %s shows nothing else",
                 means->no_drives ? "the target has no drives (drives = 0)"
                                  : "every drive is empty, empty drives are withdrawn",
                 personality_name(personality));
        return -ENODATA;
    }
    unsigned had = wanted & means->functions, hids = drop_hids(had, means), set = drop_endpoints(hids, means);
    plan.left_out.functions[LEFT_OUT_NO_FUNCTION] = (uint8_t)(wanted & ~had);
    plan.left_out.functions[LEFT_OUT_NO_HID] = (uint8_t)(had & ~hids);
    plan.left_out.functions[endpoint_reason(means)] = (uint8_t)(hids & ~set);
    if (!is_enough(personality, set, means->empty_drives && !means->no_drives)) {
        left_out_write(&plan.left_out, left_out, sizeof left_out);
        snprintf(why, why_size, "%s is not possible; missing are %s", personality_name(personality), left_out);
        return -ENOSPC;
    }
    for (unsigned i = 0; i < orders[personality].n; i++)
        if (set & BIT(orders[personality].order[i]))
            plan.order[plan.n++] = orders[personality].order[i];
    bool keyboard = set & BIT(GADGET_KEYBOARD);
    plan.led_endpoint = keyboard && (means->hid_out || (means->led_endpoint && endpoints_fit(set, means, true)));
    count(set, means, plan.led_endpoint, &plan.in, &plan.out);
    *ret = plan;
    return 0;
}
