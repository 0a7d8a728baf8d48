/* A sentence with places for arguments: {1} is the first one; {1s} the same in seconds, told as a length of time. Who
 * shows it in another language has one of their own with the same places. Pure. */
#pragma once

#include <stddef.h>

#define SENTENCE_ARGS 3

/* How many arguments it has: the highest that it names. */
unsigned sentence_arguments(const char *sentence);

/* With its arguments (those that it names are not NULL), cut between characters where size is too small; it is 1 at
 * least. */
void sentence_write(const char *sentence, const char *const args[static SENTENCE_ARGS], char *room, size_t size);
