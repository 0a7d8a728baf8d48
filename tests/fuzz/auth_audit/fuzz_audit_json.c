/* An exported audit log, or a file of what went outside: any bytes are read line by line, checked and compared. What
 * was read as an object is written and read again as the same. Shown text never holds a control character. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/audit/outside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct audit_object *object)
{
    char text[AUDIT_JSON_MAX], again_text[AUDIT_JSON_MAX];
    struct audit_object again;
    size_t n = audit_json_write(object, text);
    if (n >= AUDIT_JSON_MAX || !audit_json_read(text, n, &again) || again.item != object->item)
        abort();
    if (audit_json_write(&again, again_text) != n || memcmp(text, again_text, n) != 0)
        abort();
    if (object->item == AUDIT_ITEM_LINE &&
        (strcmp(again.line.text.detail, object->line.text.detail) != 0 || again.line.number != object->line.number))
        abort();
}

static void show(const char *bytes, size_t size)
{
    char text[512], room[1024];
    size_t n = size < sizeof text ? size : sizeof text - 1;
    memcpy(text, bytes, n);
    text[n] = '\0';
    size_t shown = audit_text_show(text, room, sizeof room);
    if (shown >= sizeof room || strlen(room) != shown)
        abort();
    for (size_t i = 0; i < shown; i++)
        if ((uint8_t)room[i] < 0x20 || room[i] == 0x7f)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct audit_check check;
    struct audit_outside *outside;
    const char *at = (const char *)data, *end = at + size;
    uint64_t lines, heads;
    if (audit_outside_create(&outside) < 0)
        return 0;
    check = (struct audit_check){.mac_from = 1};
    for (int pass = 0; pass < 2; pass++) {
        for (const char *line = at, *next; line < end; line = next) {
            const char *newline = memchr(line, '\n', (size_t)(end - line));
            size_t n = (size_t)((newline ? newline : end) - line);
            next = newline ? newline + 1 : end;
            struct audit_object object;
            bool good = audit_json_read(line, n, &object);
            if (pass == 0) {
                audit_outside_add(outside, line, n);
                show(line, n);
                if (good)
                    round_trip(&object);
            } else if (good) {
                audit_check_object(&check, &object);
                audit_outside_compare(outside, &check, &object);
            }
        }
        audit_outside_ready(outside, &lines, &heads);
    }
    audit_outside_end(outside, &check);
    audit_check_end(&check, NULL);
    audit_outside_destroy(outside);
    return 0;
}
