/* What this user's command line remembers of a file between two calls: one word, such as the number of an upload. It is
 * only found again for the same file (path, size, time of change) and the same purpose. Best effort: without a home
 * nothing is remembered. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gateway/cli/cli_file.h"

struct cli_note {
    char path[4096]; /* "": nowhere */
    char folder[4096];
};

/* purpose: words that the note is for. */
void cli_note_init(struct cli_note *self, const char *path, const struct cli_file *file, const char *const *purpose,
                   size_t n);
bool cli_note_read(const struct cli_note *self, char *room, size_t size);
void cli_note_write(const struct cli_note *self, const char *word);
void cli_note_remove(const struct cli_note *self);
