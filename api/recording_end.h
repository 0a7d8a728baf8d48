/* Why a recording ended where nobody asked for that: for each reason a name for programs and an English sentence, as
 * manage/target_event_words.h has them of events. Pure. */
#pragma once

#include "api/recordings.h"

struct recording_end_words {
    const char *name; /* of small letters with hyphens; never changes its meaning */
    const char *sentence;
};

/* NULL: API_END_UNSAID. */
const struct recording_end_words *recording_end_words(enum api_recording_end end);
enum api_recording_end recording_end_named(const char *name); /* API_END_UNSAID: it is not known */

/* Writes down in the recording why it ends. why: what the sentence has a place for, NULL where it has none. */
void recording_end_say(struct api_recording *recording, enum api_recording_end end, const char *why);
