/* Runs a program of the system and keeps what it says: the judge of what we write, or the maker of what we read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The exit status; 127: there is no such program. room: what it wrote to stdout and stderr, cut. argv ends with NULL.
 */
int tool_run(const char *const argv[], char *room, size_t size);
bool tool_there(const char *name);
