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

static void copy_text(char room[static TARGET_EVENT_ARG], const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    size_t at = 0;
    for (size_t i = 0, size = strlen(text); i < size;) {
        size_t known = utf8_sequence(text + i, size - i), length = known ? known : sizeof replacement - 1;
        if (at + length >= TARGET_EVENT_ARG)
            break;
        memcpy(room + at, known ? text + i : replacement, length);
        at += length;
        i += known ? known : 1;
    }
    room[at] = '\0';
}

static bool says_the_same(const struct target_event *a, const struct target_event *b)
{
    bool same = a->id == b->id;
    for (unsigned i = 0; same && i < TARGET_EVENT_ARGS; i++)
        same = strcmp(a->args[i], b->args[i]) == 0;
    return same;
}

struct target_event target_event_of(enum target_event_id id, const char *const args[static TARGET_EVENT_ARGS])
{
    struct target_event event = {.id = id};
    for (unsigned i = 0; i < TARGET_EVENT_ARGS; i++) {
        assert((i < target_event_arguments(id)) == (args[i] != NULL));
        copy_text(event.args[i], args[i] ? args[i] : "");
    }
    return event;
}

void target_events_add(struct target_events *self, int64_t time_ms, enum target_event_id id,
                       const char *const args[static TARGET_EVENT_ARGS])
{
    if (!self)
        return;
    struct target_event event = target_event_of(id, args);
    const struct target_event *newest = target_events_get(self, 0);
    event.number = self->n + 1;
    event.time_ms = time_ms;
    if (newest && time_ms - newest->time_ms < SAME_MS && says_the_same(newest, &event))
        return;
    self->ring[self->n++ % TARGET_EVENTS] = event;
}

const struct target_event *target_events_get(const struct target_events *self, unsigned back)
{
    if (!self || back >= TARGET_EVENTS || back >= self->n)
        return NULL;
    return &self->ring[(self->n - 1 - back) % TARGET_EVENTS];
}

void target_event_write(const struct target_event *event, char room[static TARGET_EVENT_TEXT])
{
    const char *args[TARGET_EVENT_ARGS];
    for (unsigned i = 0; i < TARGET_EVENT_ARGS; i++)
        args[i] = event->args[i];
    target_event_sentence(event->id, args, room, TARGET_EVENT_TEXT);
}
