#include "gateway/recordings/recording_note.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "api/recording_end.h"

#define WRITE_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII)
#define MOST ((json_int_t)1 << 52)

bool recording_id_valid(const char *id)
{
    return strlen(id) == API_RECORDING_ID && strspn(id, "0123456789abcdef") == API_RECORDING_ID;
}

int recording_note_write(const struct api_recording *r, char room[static RECORDING_NOTE_MAX])
{
    const struct recording_end_words *end = recording_end_words(r->end);
    json_t *json =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:b, s:I, s:I, s:I, s:I, s:i, s:i}", "version", 1,
                  "target", r->target, "who", r->who, "note", r->note, "ended", r->ended, "end", end ? end->name : "",
                  "why", r->end_why, "every", (int)r->every_s, "running", (int)r->running, "pinned", (int)r->pinned,
                  "began", (json_int_t)r->began_ms, "duration", (json_int_t)r->duration_ms, "bytes",
                  (json_int_t)r->bytes, "frames", (json_int_t)r->frames, "width", r->width, "height", r->height);
    size_t size = json ? json_dumpb(json, room, RECORDING_NOTE_MAX - 1, WRITE_FLAGS) : 0;
    json_decref(json);
    if (!size || size >= RECORDING_NOTE_MAX)
        return -ENOMEM;
    room[size] = '\0';
    return (int)size;
}

static bool text(const json_t *json, const char *key, char *room, size_t size)
{
    const char *value = json_string_value(json_object_get(json, key));
    return value && (size_t)snprintf(room, size, "%s", value) < size;
}

static bool number(const json_t *json, const char *key, json_int_t most, json_int_t *ret)
{
    const json_t *value = json_object_get(json, key);
    *ret = json_integer_value(value);
    return json_is_integer(value) && *ret >= 0 && *ret <= most;
}

static bool read_numbers(const json_t *json, struct api_recording *ret)
{
    json_int_t version, every, began, duration, bytes, frames, width, height;
    if (!number(json, "version", 1, &version) || !number(json, "every", API_RECORDING_EVERY_MAX, &every) ||
        !number(json, "began", MOST, &began) || !number(json, "duration", UINT32_MAX, &duration) ||
        !number(json, "bytes", MOST, &bytes) || !number(json, "frames", UINT32_MAX, &frames) ||
        !number(json, "width", 65535, &width) || !number(json, "height", 65535, &height))
        return false;
    ret->every_s = (uint16_t)every;
    ret->began_ms = (uint64_t)began;
    ret->duration_ms = (uint64_t)duration;
    ret->bytes = (uint64_t)bytes;
    ret->frames = (uint32_t)frames;
    ret->width = (int)width;
    ret->height = (int)height;
    return true;
}

/* An older gateway wrote none. */
static void read_end(const json_t *json, struct api_recording *ret)
{
    const char *name = json_string_value(json_object_get(json, "end"));
    if (name && text(json, "why", ret->end_why, sizeof ret->end_why))
        ret->end = recording_end_named(name);
}

bool recording_note_read(const char *string, struct api_recording *ret)
{
    json_t *json = json_loads(string, JSON_REJECT_DUPLICATES, NULL);
    *ret = (struct api_recording){0};
    bool good = json && text(json, "target", ret->target, sizeof ret->target) && ret->target[0] &&
                text(json, "who", ret->who, sizeof ret->who) && text(json, "note", ret->note, sizeof ret->note) &&
                text(json, "ended", ret->ended, sizeof ret->ended) && read_numbers(json, ret) &&
                json_is_boolean(json_object_get(json, "running")) && json_is_boolean(json_object_get(json, "pinned"));
    if (good)
        read_end(json, ret);
    ret->running = good && json_is_true(json_object_get(json, "running"));
    ret->pinned = good && json_is_true(json_object_get(json, "pinned"));
    json_decref(json);
    return good;
}
