/* What has happened to one target lately, for people: the newest TARGET_EVENTS of it, in memory. Pure; time is an
 * argument. One thread. */
#pragma once

#include <stdint.h>

#include "core/attrs.h"

#define TARGET_EVENTS 32
#define TARGET_EVENT_TEXT 200 /* bytes of UTF-8 with the NUL; longer ones are cut between characters */

enum target_event_kind {
    TARGET_EVENT_POWER,     /* on, off */
    TARGET_EVENT_MACHINE,   /* a virtual machine's process: started, failed */
    TARGET_EVENT_SIGNAL,    /* of its screen: lost, back */
    TARGET_EVENT_MEDIA,     /* inserted, ejected, failed */
    TARGET_EVENT_USB,       /* attached, suspended */
    TARGET_EVENT_SEAT,      /* taken over */
    TARGET_EVENT_RECORDING, /* begun, ended */
    TARGET_EVENT_CONFIGURATION,
    TARGET_EVENT_KINDS
};

/* How it is meant: nothing to do, good news, look at it, it does not work. */
enum target_tone { TARGET_TONE_INFO, TARGET_TONE_GOOD, TARGET_TONE_WARN, TARGET_TONE_DANGER, TARGET_TONES };

struct target_event {
    uint64_t number; /* 1, 2, ... of this target; a reader sees by it what is new */
    int64_t time_ms; /* since 1970 */
    enum target_event_kind kind;
    enum target_tone tone;
    char text[TARGET_EVENT_TEXT]; /* one sentence */
};

struct target_events;

struct target_events *target_events_create(void);                        /* NULL: no memory */
struct target_events *target_events_destroy(struct target_events *self); /* NULL allowed; returns NULL */

/* self NULL: nothing happens. The same kind and text as the newest one within a second is not said twice. */
void target_events_add(struct target_events *self, int64_t time_ms, enum target_event_kind kind, enum target_tone tone,
                       const char *text);

/* back 0: the newest. NULL: there are no more, or self is NULL. Valid until the next target_events_add. */
const struct target_event *target_events_get(const struct target_events *self, unsigned back);

/* Stable words for scripts: "power", "machine" ...; "info", "good", "warn", "danger". */
const char *target_event_kind_name(enum target_event_kind kind);
const char *target_tone_name(enum target_tone tone);
