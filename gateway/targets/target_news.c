#include "gateway/targets/target_news.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/recordings.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"

void target_note_with(struct gateway_target *self, enum target_event_id id,
                      const char *const args[static TARGET_EVENT_ARGS])
{
    target_events_add(self->target.events, (int64_t)(clock_wall_us() / 1000), id, args);
}

void target_note_recording(struct gateway_target *self, const struct api_recording *entry)
{
    const char *who = entry->who;
    char length[24], every[8];
    snprintf(length, sizeof length, "%" PRIu64, (entry->duration_ms + 500) / 1000);
    snprintf(every, sizeof every, "%u", entry->every_s);
    if (entry->running && entry->every_s)
        target_note(self, TARGET_EVENT_PICTURES_BEGAN, who, every);
    else if (entry->running)
        target_note(self, TARGET_EVENT_RECORDING_BEGAN, who);
    else if (!entry->ended[0])
        target_note(self, TARGET_EVENT_RECORDING_ENDED, who, length);
    else
        target_note(self, TARGET_EVENT_RECORDING_BROKEN, who, length, entry->ended);
}

/* What is not known, or on its way, is no news. */
static void look_at_power(struct gateway_target *self)
{
    struct power *power = self->target.power;
    enum power_state now = power ? power->ops->state(power) : POWER_UNKNOWN, before = self->seen.power;
    if (now != POWER_ON && now != POWER_OFF)
        return;
    self->seen.power = now;
    if (now == before || before == POWER_UNKNOWN) /* as it was found */
        return;
    target_note(self, now == POWER_ON ? TARGET_EVENT_POWER_ON : TARGET_EVENT_POWER_OFF);
}

static void look_at_signal(struct gateway_target *self)
{
    enum screen_signal now = self->target.signal;
    bool lost = now != SCREEN_OK && now != SCREEN_POWERED_OFF;
    if (now == SCREEN_STARTING || now == SCREEN_POWERED_OFF)
        return;
    if (lost && !self->seen.signal_lost)
        target_note(self, TARGET_EVENT_SIGNAL_LOST, screen_signal_name(now),
                    self->target.signal_why[0] ? self->target.signal_why : "The screen gives no picture.");
    else if (!lost && self->seen.signal_lost)
        target_note(self, TARGET_EVENT_SIGNAL_BACK);
    self->seen.signal_lost = lost;
}

static void look_at_machine(struct gateway_target *self)
{
    const char *now = self->target.vm_state, *why = self->target.vm_why;
    if (strcmp(now, self->seen.vm_state) == 0 || strcmp(now, "starting") == 0)
        return;
    bool first = !self->seen.vm_state[0];
    text_copy(self->seen.vm_state, sizeof self->seen.vm_state, now);
    if (strcmp(now, "failed") == 0 && why[0])
        target_note(self, TARGET_EVENT_MACHINE_FAILED, why);
    else if (strcmp(now, "failed") == 0)
        target_note(self, TARGET_EVENT_MACHINE_FAILED_UNSAID);
    else if (strcmp(now, "running") == 0 && !first)
        target_note(self, TARGET_EVENT_MACHINE_STARTED);
}

void target_look_for_news(struct gateway_target *self)
{
    look_at_machine(self);
    look_at_power(self);
    look_at_signal(self);
}

void target_tell_off(struct gateway_target *self)
{
    uint8_t room[8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct power *power = self->target.power;
    struct ipc *supervisor = self->gateway->supervisor;
    if (!self->target.waits[0] || !power || !supervisor || power->ops->state(power) != POWER_OFF)
        return;
    control_write_place(&w,
                        &(struct control_place){.index = (uint16_t)self->index, .generation = self->setup.generation});
    int r = ipc_send(supervisor, CONTROL_OFF, 0, room, wire_written(&w), NULL, 0);
    if (r < 0)
        log_error("gateway", "target %s: that it is off cannot be told: %s", self->target.name, strerror(-r));
}
