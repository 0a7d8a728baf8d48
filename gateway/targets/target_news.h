/* What happens to a target, as events for people (manage/target_events.h). Net thread. */
#pragma once

#include "gateway/gateway.h"

/* target_note(self, id, arguments...): what has happened, with the arguments that this event has (texts). */
#define target_note(self, id, ...) target_note_with(self, id, (const char *const[TARGET_EVENT_ARGS]){__VA_ARGS__})
void target_note_with(struct gateway_target *self, enum target_event_id id,
                      const char *const args[static TARGET_EVENT_ARGS]);

/* A recording began, or has ended: whose, and how long it was. */
void target_note_recording(struct gateway_target *self, const struct api_recording *entry);

/* Looks whether power, screen and process are others than when this was called last, and notes that. */
void target_look_for_news(struct gateway_target *self);

/* To the supervisor, where a change of its machine waits for that and it is off. */
void target_tell_off(struct gateway_target *self);
