#include <jansson.h>
#include <string.h>

#include "auth/audit/json.h"
#include "core/text.h"

static void json_unref(json_t **json)
{
    json_decref(*json);
}
#define _cleanup_json_ attr_cleanup(json_unref) json_t

static bool get_number(json_t *object, const char *name, uint64_t *ret)
{
    json_t *value = json_object_get(object, name);
    json_int_t number = json_integer_value(value);
    *ret = (uint64_t)number;
    return json_is_integer(value) && number >= 0;
}

static bool get_time(json_t *object, const char *name, int64_t *ret)
{
    json_t *value = json_object_get(object, name);
    *ret = json_integer_value(value);
    return json_is_integer(value);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* At most size bytes; the number of them, or -1. */
static int read_hex(const char *text, uint8_t *room, size_t size)
{
    size_t n = strlen(text);
    if (n % 2 || n / 2 > size)
        return -1;
    for (size_t i = 0; i < n / 2; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        room[i] = (uint8_t)(high << 4 | low);
    }
    return (int)(n / 2);
}

static bool get_bytes(json_t *object, const char *name, uint8_t *room, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text && read_hex(text, room, size) == (int)size;
}

static bool get_text(json_t *object, const char *name, char *room, size_t size)
{
    const char *raw = json_string_value(json_object_get(json_object_get(object, "raw"), name));
    if (raw) {
        int n = read_hex(raw, (uint8_t *)room, size - 1);
        room[MAX(n, 0)] = '\0';
        return n >= 0 && strlen(room) == (size_t)n;
    }
    const char *text = json_string_value(json_object_get(object, name));
    return text && text_copy(room, size, text);
}

static bool read_line(json_t *object, struct audit_line *ret)
{
    struct keeper_audit_text *text = &ret->text;
    const char *mac = json_string_value(json_object_get(object, "mac"));
    ret->plain = mac && !*mac;
    return get_number(object, "number", &ret->number) && get_time(object, "time", &ret->time) &&
           get_text(object, "who", text->who, sizeof text->who) &&
           get_text(object, "what", text->what, sizeof text->what) &&
           get_text(object, "target", text->target, sizeof text->target) &&
           get_text(object, "detail", text->detail, sizeof text->detail) &&
           (ret->plain || get_bytes(object, "mac", ret->mac, sizeof ret->mac)) &&
           get_bytes(object, "hash", ret->hash, sizeof ret->hash);
}

static bool get_level(json_t *object, uint8_t *ret)
{
    const char *level = json_string_value(json_object_get(object, "level"));
    *ret = level && strcmp(level, "milestone") == 0 ? AUDIT_MILESTONE : AUDIT_HEAD;
    return level && (*ret == AUDIT_MILESTONE || strcmp(level, "head") == 0);
}

static bool read_head(json_t *object, struct audit_head *ret)
{
    return get_level(object, &ret->level) && get_number(object, "section", &ret->section) &&
           get_number(object, "counter", &ret->counter) && get_number(object, "number", &ret->line.number) &&
           get_bytes(object, "hash", ret->line.hash, sizeof ret->line.hash) && get_time(object, "time", &ret->time) &&
           get_number(object, "cut", &ret->cut) && get_bytes(object, "next", ret->next, sizeof ret->next) &&
           get_number(object, "heads", &ret->heads) && get_bytes(object, "below", ret->below, sizeof ret->below) &&
           get_bytes(object, "signature", ret->signature, sizeof ret->signature);
}

bool audit_json_read(const char *text, size_t size, struct audit_object *ret)
{
    if (size > AUDIT_JSON_MAX)
        return false;
    _cleanup_json_ *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    json_t *object;
    *ret = (struct audit_object){0};
    if (json_object_size(json) != 1)
        return false;
    if ((object = json_object_get(json, "line"))) {
        ret->item = AUDIT_ITEM_LINE;
        return read_line(object, &ret->line);
    }
    if ((object = json_object_get(json, "head"))) {
        ret->item = AUDIT_ITEM_HEAD;
        return read_head(object, &ret->head);
    }
    if ((object = json_object_get(json, "root"))) {
        ret->item = AUDIT_ITEM_ROOT;
        return get_number(object, "section", &ret->section) && get_bytes(object, "key", ret->root, sizeof ret->root);
    }
    ret->item = AUDIT_ITEM_ANCHOR;
    object = json_object_get(json, "anchor");
    return get_number(object, "number", &ret->anchor.number) &&
           get_bytes(object, "hash", ret->anchor.hash, sizeof ret->anchor.hash);
}
