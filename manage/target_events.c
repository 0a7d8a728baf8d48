#include "manage/target_events.h"

#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

#define SAME_MS 1000

struct target_events {
    struct target_event ring[TARGET_EVENTS];
    uint64_t n; /* ever */
};

struct target_events *target_events_create(void)
{
    return calloc(1, sizeof(struct target_events));
}

struct target_events *target_events_destroy(struct target_events *self)
{
    free(self);
    return NULL;
}

static void copy_text(char *room, const char *text)
{
    size_t at = 0, size = strlen(text);
    while (at < size) {
        size_t n = utf8_sequence(text + at, size - at);
        if (n == 0 || at + n >= TARGET_EVENT_TEXT)
            break;
        at += n;
    }
    memcpy(room, text, at);
    room[at] = '\0';
}

void target_events_add(struct target_events *self, int64_t time_ms, enum target_event_kind kind, enum target_tone tone,
                       const char *text)
{
    if (!self)
        return;
    struct target_event event = {.number = self->n + 1, .time_ms = time_ms, .kind = kind, .tone = tone};
    const struct target_event *newest = target_events_get(self, 0);
    copy_text(event.text, text);
    if (newest && newest->kind == kind && time_ms - newest->time_ms < SAME_MS && strcmp(newest->text, event.text) == 0)
        return;
    self->ring[self->n++ % TARGET_EVENTS] = event;
}

const struct target_event *target_events_get(const struct target_events *self, unsigned back)
{
    if (!self || back >= TARGET_EVENTS || back >= self->n)
        return NULL;
    return &self->ring[(self->n - 1 - back) % TARGET_EVENTS];
}

const char *target_event_kind_name(enum target_event_kind kind)
{
    static const char *const names[] = {
        [TARGET_EVENT_POWER] = "power",
        [TARGET_EVENT_MACHINE] = "machine",
        [TARGET_EVENT_SIGNAL] = "signal",
        [TARGET_EVENT_MEDIA] = "media",
        [TARGET_EVENT_USB] = "usb",
        [TARGET_EVENT_SEAT] = "seat",
        [TARGET_EVENT_RECORDING] = "recording",
        [TARGET_EVENT_CONFIGURATION] = "configuration",
    };
    static_assert(ARRAY_SIZE(names) == TARGET_EVENT_KINDS, "a word for each");
    return names[kind];
}

const char *target_tone_name(enum target_tone tone)
{
    static const char *const names[] = {
        [TARGET_TONE_INFO] = "info",
        [TARGET_TONE_GOOD] = "good",
        [TARGET_TONE_WARN] = "warn",
        [TARGET_TONE_DANGER] = "danger",
    };
    static_assert(ARRAY_SIZE(names) == TARGET_TONES, "a word for each");
    return names[tone];
}
