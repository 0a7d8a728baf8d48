#include "core/sentence.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/utf8.h"

/* The number of the argument whose place begins here, 0: none does. */
static unsigned place_at(const char *text, size_t *ret_length, bool *ret_seconds)
{
    if (text[0] != '{' || text[1] < '1' || text[1] > '0' + SENTENCE_ARGS)
        return 0;
    *ret_seconds = text[2] == 's';
    *ret_length = *ret_seconds ? 4 : 3;
    return (unsigned)(text[1] - '0');
}

unsigned sentence_arguments(const char *sentence)
{
    unsigned most = 0;
    for (const char *at = sentence; *at; at++) {
        size_t length;
        bool seconds;
        unsigned place = place_at(at, &length, &seconds);
        most = MAX(most, place);
    }
    return most;
}

/* "1 h 5 min", "2 min 30 s", "12 s" */
static void write_length(const char *seconds, char *room, size_t size)
{
    unsigned long long s = strtoull(seconds, NULL, 10), min = s / 60;
    if (min >= 60)
        snprintf(room, size, "%llu h %llu min", min / 60, min % 60);
    else if (min > 0)
        snprintf(room, size, "%llu min %llu s", min, s % 60);
    else
        snprintf(room, size, "%llu s", s);
}

/* False: it was cut, and nothing more belongs behind it. */
static bool append(char *room, size_t size, const char *text, size_t length)
{
    size_t at = strlen(room);
    for (size_t i = 0, n; i < length; i += n) {
        n = utf8_sequence(text + i, length - i);
        n = n ? n : 1;
        if (at + n >= size)
            return false;
        memcpy(room + at, text + i, n);
        at += n;
        room[at] = '\0';
    }
    return true;
}

void sentence_write(const char *sentence, const char *const args[static SENTENCE_ARGS], char *room, size_t size)
{
    bool fits = true;
    size_t length;
    room[0] = '\0';
    for (const char *from = sentence; *from && fits; from += length) {
        char span[48];
        bool seconds;
        unsigned place = place_at(from, &length, &seconds);
        const char *text = place ? args[place - 1] : from;
        if (!place)
            length = 1 + strcspn(from + 1, "{");
        if (place && seconds) {
            write_length(text, span, sizeof span);
            text = span;
        }
        fits = append(room, size, text, place ? strlen(text) : length);
    }
}
