/* What was done and what went wrong, for people. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "auth/outward/directory_link.h"

void directory_step(struct directory_note *note, const char *format, ...)
{
    size_t used = strlen(note->steps);
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(note->steps + used, ERRAND_MAX_STEPS - used, format, arguments);
    va_end(arguments);
    if (n < 0 || used + (size_t)n + 1 >= ERRAND_MAX_STEPS)
        note->steps[used] = '\0'; /* as many whole lines as there is room for */
    else
        memcpy(note->steps + used + n, "\n", 2);
}

int directory_fail(struct directory_note *note, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note->why, sizeof note->why, format, arguments);
    va_end(arguments);
    note->error = error;
    directory_step(note, "%s", note->why);
    return error;
}
