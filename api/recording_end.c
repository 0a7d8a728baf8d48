#include "api/recording_end.h"

#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "core/sentence.h"

/* The page says the same in html5-client/messages/LANGUAGE/recordings.json (tests/lint/check_messages.py reads both).
 */
static const struct recording_end_words table[] = {
    [API_END_STOPPED] = {"gateway-stopped", "The gateway was stopped."},
    [API_END_CUT] = {"gateway-lost", "The gateway ended unexpectedly; what it had recorded is here."},
    [API_END_CUT_EMPTY] = {"gateway-lost-empty", "The gateway ended unexpectedly, before anything was recorded."},
    [API_END_REMOVED] = {"target-removed", "The target was removed."},
    [API_END_ANEW] = {"target-anew", "The target is set up anew."},
    [API_END_LONGEST] = {"longest", "It had lasted for 12 hours; begin another one."},
    [API_END_KEEP] = {"keep-full",
                      "The recordings take all the room that recordings-keep gives them; delete some, or give more."},
    [API_END_NEARLY_FULL] = {"disk-nearly-full", "The disk is nearly full; make room on it."},
    [API_END_FULL] = {"disk-full", "The disk is full; make room on it."},
    [API_END_FAILED] = {"write-failed", "The recording could not be written: {1}."},
};
static_assert(ARRAY_SIZE(table) == API_ENDS, "words for each");

const struct recording_end_words *recording_end_words(enum api_recording_end end)
{
    return end == API_END_UNSAID ? NULL : &table[end];
}

enum api_recording_end recording_end_named(const char *name)
{
    for (unsigned end = API_END_UNSAID + 1; end < API_ENDS; end++)
        if (strcmp(table[end].name, name) == 0)
            return (enum api_recording_end)end;
    return API_END_UNSAID;
}

void recording_end_say(struct api_recording *recording, enum api_recording_end end, const char *why)
{
    const char *const args[SENTENCE_ARGS] = {recording->end_why, "", ""};
    recording->end = end;
    recording->ended[0] = '\0';
    snprintf(recording->end_why, sizeof recording->end_why, "%s", why ? why : "");
    if (end != API_END_UNSAID)
        sentence_write(table[end].sentence, args, recording->ended, sizeof recording->ended);
}
