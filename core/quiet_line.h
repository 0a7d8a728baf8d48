/* A secret that somebody types, or that a script gives on standard input. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One line without its end, never in a buffer of the stream. False: there is none, or it does not fit. */
bool quiet_line_read(FILE *from, char *room, size_t size);

/* From standard input; where that is a terminal, after the prompt (on standard error) and without echo. */
bool quiet_line_ask(const char *prompt, char *room, size_t size);
