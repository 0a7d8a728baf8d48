/* What happens to a target, as events for people (manage/target_events.h). Net thread. */
#pragma once

#include "gateway/gateway.h"

/* One sentence, which begins with a capital and ends with a full stop. */
void target_note(struct gateway_target *self, enum target_event_kind kind, enum target_tone tone, const char *format,
                 ...) attr_printf(4, 5);

/* A recording began, or has ended: whose, and how long it was. */
void target_note_recording(struct gateway_target *self, const struct api_recording *entry);

/* Looks whether power, screen and process are others than when this was called last, and notes that. */
void target_look_for_news(struct gateway_target *self);

/* To the supervisor, where a change of its machine waits for that and it is off. */
void target_tell_off(struct gateway_target *self);
