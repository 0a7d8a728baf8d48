#include "usbgadget/left_out.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "core/sentence.h"

/* The page says the same in html5-client/messages/LANGUAGE/dongle.json (tests/lint/check_messages.py reads both). */
static const struct left_out_words functions[] = {
    [GADGET_KEYBOARD] = {"keyboard", "keyboard"},
    [GADGET_ABSOLUTE] = {"absolute", "absolute pointer"},
    [GADGET_RELATIVE] = {"relative", "relative pointer"},
    [GADGET_CONSUMER] = {"consumer", "consumer keys"},
    [GADGET_STORAGE] = {"storage", "drives"},
    [GADGET_BIG_CD] = {"big-cd", "drive for large discs"},
};
static_assert(ARRAY_SIZE(functions) == GADGET_FUNCTIONS, "words for each");

static const struct left_out_words reasons[] = {
    [LEFT_OUT_NO_FUNCTION] = {"no-function", "{1} (this kernel has not got that function)"},
    [LEFT_OUT_NO_HID] = {"no-hid", "{1} (a kernel has at most 4 HID functions for all gadgets together)"},
    [LEFT_OUT_NO_ENDPOINT] = {"no-endpoint", "{1} (the USB controller has {2} IN and {3} OUT endpoints)"},
    [LEFT_OUT_NO_IN] = {"no-in", "{1} (the USB controller has {2} IN endpoints)"},
    [LEFT_OUT_NO_OUT] = {"no-out", "{1} (the USB controller has {2} OUT endpoints)"},
};
static_assert(ARRAY_SIZE(reasons) == LEFT_OUT_REASONS, "words for each");

const struct left_out_words *left_out_function(enum gadget_function function)
{
    return &functions[function];
}

const struct left_out_words *left_out_reason(enum left_out_reason reason)
{
    return &reasons[reason];
}

unsigned left_out_numbers(const struct left_out *self, enum left_out_reason reason, unsigned ret[LEFT_OUT_NUMBERS])
{
    ret[0] = reason == LEFT_OUT_NO_OUT ? self->out : self->in;
    ret[1] = self->out;
    return sentence_arguments(reasons[reason].sentence) - 1;
}

unsigned left_out_functions(const struct left_out *self)
{
    unsigned set = 0;
    for (unsigned i = 0; i < LEFT_OUT_REASONS; i++)
        set |= self->functions[i];
    return set;
}

static void write_set(unsigned set, char *room, size_t size)
{
    size_t at = 0;
    for (unsigned f = 0; f < GADGET_FUNCTIONS && at < size; f++)
        if (set >> f & 1)
            at += (size_t)snprintf(room + at, size - at, "%s%s", at ? ", " : "", functions[f].sentence);
}

void left_out_write(const struct left_out *self, char *room, size_t size)
{
    room[0] = '\0';
    for (unsigned i = 0; i < LEFT_OUT_REASONS; i++) {
        char set[160], numbers[LEFT_OUT_NUMBERS][12];
        unsigned values[LEFT_OUT_NUMBERS];
        if (!self->functions[i])
            continue;
        write_set(self->functions[i], set, sizeof set);
        left_out_numbers(self, (enum left_out_reason)i, values);
        for (unsigned n = 0; n < LEFT_OUT_NUMBERS; n++)
            snprintf(numbers[n], sizeof numbers[n], "%u", values[n]);
        size_t at = strlen(room);
        snprintf(room + at, size - at, "%s", at ? "; " : "");
        at = strlen(room);
        sentence_write(reasons[i].sentence, (const char *const[SENTENCE_ARGS]){set, numbers[0], numbers[1]}, room + at,
                       size - at);
    }
}
