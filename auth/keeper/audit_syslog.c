#include "auth/keeper/audit_syslog.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth/random.h"

/* Priority: facility "log audit" (13), severity notice (5) for lines, informational (6) for heads: RFC 5424 6.2.1. */
#define PRIORITY_LINE (13 * 8 + 5)
#define PRIORITY_HEAD (13 * 8 + 6)

/* Private enterprise number for documentation (RFC 5612): who needs another one reads the text. */
#define SD_SUFFIX "@32473"

static void time_text(int64_t time, char ret[40])
{
    struct tm tm;
    time_t when = (time_t)time;
    if (time < 0 || time > 253402300799 || !gmtime_r(&when, &tm) || !strftime(ret, 40, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(ret, 40, "-"); /* NILVALUE */
}

/* PRINTUSASCII without spaces, at most 255. */
static void host_text(const char *host, char ret[256])
{
    size_t n = 0;
    for (; host[n] && n < 255; n++)
        ret[n] = host[n] > ' ' && host[n] < 127 ? host[n] : '?';
    ret[n] = '\0';
    if (n == 0)
        snprintf(ret, 256, "-");
}

static int line_data(const struct audit_line *line, char *room, size_t size)
{
    char hash[2 * AUDIT_HASH + 1];
    hex_write(hash, line->hash, sizeof line->hash);
    return snprintf(room, size, "[line" SD_SUFFIX " number=\"%llu\" hash=\"%s\"]", (unsigned long long)line->number,
                    hash);
}

static int head_data(const struct audit_head *head, char *room, size_t size)
{
    char hash[2 * AUDIT_HASH + 1], signature[2 * AUDIT_SIGNATURE + 1], next[2 * AUDIT_KEY + 1];
    hex_write(hash, head->line.hash, sizeof head->line.hash);
    hex_write(next, head->next, sizeof head->next);
    hex_write(signature, head->signature, sizeof head->signature);
    return snprintf(room, size,
                    "[head" SD_SUFFIX " level=\"%u\" section=\"%llu\" counter=\"%llu\" number=\"%llu\" hash=\"%s\""
                    " next=\"%s\" head=\"%s\"]",
                    head->level, (unsigned long long)head->section, (unsigned long long)head->counter,
                    (unsigned long long)head->line.number, hash, next, signature);
}

size_t audit_syslog_write(const struct audit_object *object, const char *host, char room[ERRAND_MAX_SYSLOG])
{
    bool line = object->item == AUDIT_ITEM_LINE, head = object->item == AUDIT_ITEM_HEAD;
    char when[40], name[256], data[768] = "-", text[AUDIT_JSON_MAX];
    time_text(line ? object->line.time : object->head.time, when);
    host_text(host, name);
    if (line)
        line_data(&object->line, data, sizeof data);
    else if (head)
        head_data(&object->head, data, sizeof data);
    int n = snprintf(room, ERRAND_MAX_SYSLOG, "<%d>1 %s %s lightsout - %s %s", line ? PRIORITY_LINE : PRIORITY_HEAD,
                     when, name,
                     line   ? "line"
                     : head ? "head"
                            : "key",
                     data);
    size_t size = audit_json_write(object, text);
    if ((size_t)n + 1 + size <= ERRAND_MAX_SYSLOG) {
        room[n++] = ' ';
        memcpy(room + n, text, size);
        n += (int)size;
    }
    return (size_t)n;
}
