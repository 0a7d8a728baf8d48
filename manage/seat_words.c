/* Seats in words: what changed, for the audit log; what people ask for. */
#include "manage/seat.h"

#include <stdio.h>
#include <string.h>

#include "core/attrs.h"

bool seat_action_parse(const char *word, enum seat_action *ret)
{
    static const char *const words[] = {
        [SEAT_DO_REQUEST] = "request",     [SEAT_DO_GRANT] = "grant",     [SEAT_DO_REFUSE] = "refuse",
        [SEAT_DO_TAKE] = "take",           [SEAT_DO_RELEASE] = "release", [SEAT_DO_SHARE] = "share",
        [SEAT_DO_EXCLUSIVE] = "exclusive",
    };
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (!strcmp(word, words[i])) {
            *ret = (enum seat_action)i;
            return true;
        }
    return false;
}

bool seat_moved(enum seat_change change)
{
    switch (change) {
    case SEAT_SAME:
    case SEAT_ASKED:
    case SEAT_REFUSED:
    case SEAT_WITHDRAWN:
    case SEAT_STILL:
        return false;
    case SEAT_TAKEN:
    case SEAT_OVERTAKEN:
    case SEAT_GRANTED:
    case SEAT_PASSED:
    case SEAT_LAPSED:
    case SEAT_RELEASED:
    case SEAT_IDLED:
    case SEAT_SHARED:
    case SEAT_EXCLUSIVE:
        break;
    }
    return true;
}

/* By whom: of the two parties, or of time. */
enum actor { WHO, FORMER, TIME };

struct sentence {
    enum actor actor;
    const char *words; /* NULL: no line */
    enum actor other;  /* named behind the words; TIME: nobody */
};

bool seat_words(const struct seat_news *news, const char **ret_who, char *ret_words, size_t size)
{
    static const struct sentence sentences[] = {
        [SEAT_SAME] = {TIME, NULL, TIME},
        [SEAT_TAKEN] = {WHO, "taken", TIME},
        [SEAT_OVERTAKEN] = {WHO, "taken over from", FORMER},
        [SEAT_GRANTED] = {FORMER, "granted to", WHO},
        [SEAT_PASSED] = {FORMER, "left to", WHO},
        [SEAT_LAPSED] = {TIME, "given, as its holder was idle, to", WHO},
        [SEAT_RELEASED] = {FORMER, "released", TIME},
        [SEAT_IDLED] = {TIME, "released, as it was idle, from", FORMER},
        [SEAT_ASKED] = {WHO, "asked of", FORMER},
        [SEAT_REFUSED] = {FORMER, "refused to", WHO},
        [SEAT_WITHDRAWN] = {WHO, "request withdrawn", TIME},
        [SEAT_SHARED] = {WHO, "shared", TIME},
        [SEAT_EXCLUSIVE] = {WHO, "exclusive", TIME},
        [SEAT_STILL] = {TIME, NULL, TIME},
    };
    const struct sentence *s = &sentences[news->change];
    if (!s->words)
        return false;
    const char *names[] = {[WHO] = news->who.name, [FORMER] = news->former.name, [TIME] = ""};
    *ret_who = s->actor == TIME ? "gateway" : names[s->actor];
    snprintf(ret_words, size, "%s%s%s", s->words, s->other == TIME ? "" : " ", names[s->other]);
    return true;
}
