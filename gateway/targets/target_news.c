#include "gateway/targets/target_news.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/recordings.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"

void target_note(struct gateway_target *self, enum target_event_kind kind, enum target_tone tone, const char *format,
                 ...)
{
    char text[2 * TARGET_EVENT_TEXT];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    target_events_add(self->target.events, (int64_t)(clock_wall_us() / 1000), kind, tone, text);
}

/* "1 h 5 min", "2 min 30 s", "12 s" */
static void write_length(uint64_t ms, char *room, size_t size)
{
    unsigned long long s = (ms + 500) / 1000, min = s / 60;
    if (min >= 60)
        snprintf(room, size, "%llu h %llu min", min / 60, min % 60);
    else if (min > 0)
        snprintf(room, size, "%llu min %llu s", min, s % 60);
    else
        snprintf(room, size, "%llu s", s);
}

void target_note_recording(struct gateway_target *self, const struct api_recording *entry)
{
    char length[48];
    write_length(entry->duration_ms, length, sizeof length);
    if (entry->running && entry->every_s)
        target_note(self, TARGET_EVENT_RECORDING, TARGET_TONE_INFO, "%.80s records a picture of the screen every %u s.",
                    entry->who, entry->every_s);
    else if (entry->running)
        target_note(self, TARGET_EVENT_RECORDING, TARGET_TONE_INFO, "%.80s records the screen.", entry->who);
    else if (!entry->ended[0])
        target_note(self, TARGET_EVENT_RECORDING, TARGET_TONE_INFO, "The recording by %.80s has ended after %s.",
                    entry->who, length);
    else
        target_note(self, TARGET_EVENT_RECORDING, TARGET_TONE_WARN, "The recording by %.80s has ended after %s: %s",
                    entry->who, length, entry->ended);
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
    target_note(self, TARGET_EVENT_POWER, TARGET_TONE_INFO, now == POWER_ON ? "Powered on." : "Powered off.");
}

static void look_at_signal(struct gateway_target *self)
{
    enum screen_signal now = self->target.signal;
    bool lost = now != SCREEN_OK && now != SCREEN_POWERED_OFF;
    if (now == SCREEN_STARTING || now == SCREEN_POWERED_OFF)
        return;
    if (lost && !self->seen.signal_lost)
        target_note(self, TARGET_EVENT_SIGNAL, TARGET_TONE_WARN, "%s",
                    self->target.signal_why[0] ? self->target.signal_why : "The screen gives no picture.");
    else if (!lost && self->seen.signal_lost)
        target_note(self, TARGET_EVENT_SIGNAL, TARGET_TONE_GOOD, "There is a picture again.");
    self->seen.signal_lost = lost;
}

static void look_at_machine(struct gateway_target *self)
{
    const char *now = self->target.vm_state;
    if (strcmp(now, self->seen.vm_state) == 0 || strcmp(now, "starting") == 0)
        return;
    bool first = !self->seen.vm_state[0];
    text_copy(self->seen.vm_state, sizeof self->seen.vm_state, now);
    if (strcmp(now, "failed") == 0)
        target_note(self, TARGET_EVENT_MACHINE, TARGET_TONE_DANGER, "Its machine failed: %s",
                    self->target.vm_why[0] ? self->target.vm_why : "it does not say why.");
    else if (strcmp(now, "running") == 0 && !first)
        target_note(self, TARGET_EVENT_MACHINE, TARGET_TONE_GOOD, "Its machine's process was started.");
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
