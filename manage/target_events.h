/* What has happened to one target lately: the newest TARGET_EVENTS of it, in memory. Pure; time is an argument. One
 * thread. */
#pragma once

#include <stdint.h>

#include "manage/target_event_words.h"

#define TARGET_EVENTS 32
#define TARGET_EVENT_ARG 200                                           /* bytes of an argument with the NUL */
#define TARGET_EVENT_TEXT (120 + TARGET_EVENT_ARGS * TARGET_EVENT_ARG) /* any sentence with them and the NUL */

struct target_event {
    uint64_t number; /* 1, 2, ... of this target; a reader sees by it what is new */
    int64_t time_ms; /* since 1970 */
    enum target_event_id id;
    char args[TARGET_EVENT_ARGS][TARGET_EVENT_ARG]; /* UTF-8; "" where it has none */
};

struct target_events;

struct target_events *target_events_create(void);                        /* NULL: no memory */
struct target_events *target_events_destroy(struct target_events *self); /* NULL allowed; returns NULL */

/* Number and time are 0. args: as many as the event has, NULL behind them; what is too long is cut between characters,
 * what is not UTF-8 becomes U+FFFD. */
struct target_event target_event_of(enum target_event_id id, const char *const args[static TARGET_EVENT_ARGS]);

/* self NULL: nothing happens. args: as target_event_of takes them. The same as the newest one within a second is not
 * said twice. */
void target_events_add(struct target_events *self, int64_t time_ms, enum target_event_id id,
                       const char *const args[static TARGET_EVENT_ARGS]);

/* back 0: the newest. NULL: there are no more, or self is NULL. Valid until the next target_events_add. */
const struct target_event *target_events_get(const struct target_events *self, unsigned back);

/* It as an English sentence. */
void target_event_write(const struct target_event *event, char room[static TARGET_EVENT_TEXT]);
