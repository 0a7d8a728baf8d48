/* What is known of a recording, as the text of its note: JSON, one object. Pure. */
#pragma once

#include "api/recordings.h"

#define RECORDING_NOTE_MAX 8192

/* Bytes written, or -ENOMEM. running: it was not finished when this was written. */
int recording_note_write(const struct api_recording *recording, char room[static RECORDING_NOTE_MAX]);
/* False: it is none. What a number or text may be was checked; *ret is then undefined. The id is not in it. */
bool recording_note_read(const char *text, struct api_recording *ret);

bool recording_id_valid(const char *id);
