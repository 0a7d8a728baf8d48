/* A drive as the REST faces show it. */
#include <stdio.h>

#include "api/drive_json.h"
#include "api/json.h"

static const char *overlay_name(enum medium_overlay overlay)
{
    static const char *const words[] = {
        [MEDIUM_OVERLAY_NONE] = "none", [MEDIUM_OVERLAY_DISCARD] = "discard", [MEDIUM_OVERLAY_KEEP] = "keep"};
    return (unsigned)overlay < ARRAY_SIZE(words) ? words[overlay] : "none";
}

static bool has_id(const struct drive_state *s)
{
    for (unsigned i = 0; i < sizeof s->id; i++)
        if (s->id[i])
            return true;
    return false;
}

static json_t *id_json(const struct drive_state *s)
{
    char text[2 * MEDIUM_ID_SIZE + 1];
    if (!has_id(s))
        return json_null();
    for (unsigned i = 0; i < MEDIUM_ID_SIZE; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", s->id[i]);
    return json_string(text);
}

static json_t *text_or_null(const char *text)
{
    return *text ? api_text(text) : json_null();
}

static json_t *copy_json(const struct drive_state *s)
{
    if (!s->copying && !s->copied)
        return json_null();
    return json_pack("{s:I, s:I, s:b}", "done", (json_int_t)s->copy_done, "size", (json_int_t)s->size, "complete",
                     (int)s->copied);
}

/* What the machine's part and the medium are. */
static json_t *medium_json(const struct drive_state *s, unsigned index)
{
    return json_pack("{s:i, s:s, s:s, s:o, s:s, s:o, s:I, s:b, s:s, s:I, s:o}", "index", (int)index, "phase",
                     drive_phase_name(s->phase), "kind", s->kind == DRIVE_CDROM ? "cdrom" : "disk", "medium",
                     text_or_null(s->medium), "origin", medium_origin_name(s->origin), "url", text_or_null(s->url),
                     "size", (json_int_t)s->size, "read_only", (int)s->read_only, "overlay", overlay_name(s->overlay),
                     "changed", (json_int_t)s->changed, "id", id_json(s));
}

/* What happens with it. */
static json_t *life_json(const struct drive_state *s)
{
    return json_pack(
        "{s:I, s:I, s:I, s:o, s:s, s:o, s:o, s:b, s:b, s:b, s:o, s:o}", "bytes_read", (json_int_t)s->bytes_read,
        "bytes_written", (json_int_t)s->bytes_written, "rate", (json_int_t)s->rate, "idle_ms",
        s->idle_ms == UINT64_MAX ? json_null() : json_integer((json_int_t)s->idle_ms), "link", drive_link_name(s->link),
        "words", api_text(s->words), "copy", copy_json(s), "boot_once", (int)s->boot_once, "locked", (int)s->locked,
        "paused", (int)s->paused, "firmware", api_text(s->firmware), "reason", api_text(s->reason));
}

json_t *api_drive_json(struct target *target, unsigned index)
{
    struct drive_state s = {.idle_ms = UINT64_MAX};

    target->drives[index]->ops->state(target->drives[index], &s);
    json_t *json = medium_json(&s, index), *life = life_json(&s);
    if (!json || json_object_update(json, life) < 0) {
        json_decref(json);
        json = NULL;
    }
    json_decref(life);
    return json;
}

json_t *api_drives_json(struct target *target)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < target->n_drives; i++)
        json_array_append_new(list, api_drive_json(target, i));
    return list;
}
