/* The file of one target's macros: a JSON object, name -> macro, as they were put. */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* Pure. What is no macro, and what is above the bounds, is left out: a file of another release, or one that somebody
 * wrote into, loses no more than that. NULL: no memory. */
json_t *macro_notes_parse(const char *text, size_t size);

json_t *macro_notes_load(const char *path);                   /* an absent file gives an empty object */
int macro_notes_save(const char *path, const json_t *macros); /* 0, -E2BIG, -ENOMEM, or -errno: the old file is left */
