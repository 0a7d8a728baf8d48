/* What has happened to a target lately. */
#include <stdlib.h>

#include "api/json.h"
#include "api/tables.h"
#include "api/target_events_json.h"
#include "manage/target_health.h"

static json_t *args_json(const struct target_event *event)
{
    json_t *args = json_array();
    for (unsigned i = 0; i < target_event_arguments(event->id); i++)
        json_array_append_new(args, api_text(event->args[i]));
    return args;
}

static json_t *event_json(const struct target_event *event)
{
    char text[TARGET_EVENT_TEXT];
    if (!event)
        return json_null();
    const struct target_event_words *words = target_event_words(event->id);
    target_event_write(event, text);
    return json_pack("{s:I, s:I, s:s, s:s, s:s, s:o, s:o}", "number", (json_int_t)event->number, "time",
                     (json_int_t)(event->time_ms / 1000), "kind", target_event_kind_name(words->kind), "tone",
                     target_tone_name(words->tone), "id", words->name, "args", args_json(event), "text",
                     api_text(text));
}

json_t *api_last_event_json(const struct target *target)
{
    return event_json(target_events_get(target->events, 0));
}

json_t *api_health_json(const struct target *target)
{
    char text[TARGET_EVENT_TEXT];
    struct target_event why;
    enum target_health health = target_health(target, &why);
    if (health == TARGET_OK)
        return json_pack("{s:s, s:n, s:[], s:s}", "state", target_health_name(health), "id", "args", "why", "");
    target_event_write(&why, text);
    return json_pack("{s:s, s:s, s:o, s:o}", "state", target_health_name(health), "id",
                     target_event_words(why.id)->name, "args", args_json(&why), "why", api_text(text));
}

json_t *api_events_json(const struct target_events *events)
{
    json_t *list = json_array();
    const struct target_event *event;
    for (unsigned back = 0; (event = target_events_get(events, back)); back++)
        json_array_append_new(list, event_json(event));
    return list;
}

static void get_events(void *context, struct route_call *call)
{
    const struct target *target = api_target(context, call);
    if (target)
        api_reply_json(call, 200, json_pack("{s:o}", "events", api_events_json(target->events)));
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/events", ROUTE_RIGHT, RIGHT_VIEW, get_events),
};
const struct api_rows api_target_event_rows = {rows, ARRAY_SIZE(rows)};
