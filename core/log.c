#include "core/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/utf8.h"

#define TEXT_SIZE 1024

static const char *const names[] = {"error", "warn", "info", "debug"};
static const int priorities[] = {3, 4, 6, 7}; /* syslog's numbers, sd-daemon(3) */

static atomic_int max_level = LOG_INFO;
static const char *our_role = "";
static bool to_journal;

void log_init(const char *role)
{
    const char *wanted = getenv("LIGHTSOUT_LOG");

    our_role = role;
    to_journal = getenv("JOURNAL_STREAM") != NULL;
    for (size_t i = 0; wanted && i < ARRAY_SIZE(names); i++) {
        if (strcmp(wanted, names[i]) == 0)
            log_set_level((enum log_level)i);
    }
}

void log_set_level(enum log_level level)
{
    atomic_store(&max_level, (int)level);
}

/* Room must hold 4 bytes for each one of text. */
static size_t escape(char *room, const char *text, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    char *out = room;

    while (size > 0) {
        size_t length = utf8_printable(text, size);
        if (length > 0) {
            memcpy(out, text, length);
            out += length;
        } else {
            length = 1;
            *out++ = '\\';
            *out++ = 'x';
            *out++ = hex[(unsigned char)*text >> 4];
            *out++ = hex[*text & 15];
        }
        text += length;
        size -= length;
    }
    return (size_t)(out - room);
}

void log_write(enum log_level level, const char *module, const char *format, ...)
{
    char text[TEXT_SIZE], line[128 + 4 * TEXT_SIZE + 4];
    va_list args;
    int size, head;

    if ((int)level > atomic_load(&max_level))
        return;

    va_start(args, format);
    size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (size < 0)
        return;

    if (to_journal)
        head = snprintf(line, 128, "<%d>%s%s%s: ", priorities[level], our_role, *our_role ? " " : "", module);
    else
        head = snprintf(line, 128, "%s %s%s%s: ", names[level], our_role, *our_role ? " " : "", module);
    if (head < 0)
        return;
    if (head > 127)
        head = 127;

    size_t used = (size_t)head + escape(line + head, text, MIN((size_t)size, sizeof(text) - 1));
    for (int i = 0; i < 3 && (size_t)size >= sizeof(text); i++)
        line[used++] = '.';
    line[used++] = '\n';
    /* A log that cannot be written must not stop what it reports on. */
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written;
}
