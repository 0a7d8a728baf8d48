/* What REST asks of a target's macros (api/macros.h): those that are kept, and how the one that runs does. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/macros/macro_notes.h"
#include "gateway/macros/macros_internal.h"

static struct macros *macros_of(struct target *target)
{
    return container_of(target, struct gateway_target, target)->macros;
}

static const char *text_of(json_t *macro, const char *key)
{
    const char *text = json_string_value(json_object_get(macro, key));
    return text ? text : "";
}

static json_t *running_json(const struct macros *self)
{
    if (!self || !self->running)
        return json_null();
    const struct macro_run *run = &self->run;
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "name", self->name, "title", self->running->title,
                     "by", self->starter->user, "step", (json_int_t)run->step + 1, "steps",
                     (json_int_t)self->running->n_steps, "round", (json_int_t)run->round + 1, "times",
                     (json_int_t)run->times, "seconds", (json_int_t)((clock_now_us() - self->begun_us) / 1000000));
}

static json_t *on_running(struct target *target)
{
    return running_json(macros_of(target));
}

static json_t *on_list(struct target *target)
{
    struct macros *self = macros_of(target);
    json_t *list = json_array(), *macro;
    const char *name;
    if (self)
        json_object_foreach(self->all, name, macro)
        {
            const json_t *times = json_object_get(macro, "times");
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:I, s:s, s:I}", "name", name, "title", text_of(macro, "title"),
                                            "times", times ? json_integer_value(times) : (json_int_t)1, "shortcut",
                                            text_of(macro, "shortcut"), "steps",
                                            (json_int_t)json_array_size(json_object_get(macro, "steps"))));
        }
    json_t *last = self && self->last_end ? json_pack("{s:s, s:s, s:s}", "name", self->last, "end",
                                                      macro_end_words[self->last_end], "why", self->last_why)
                                          : json_null();
    return json_pack("{s:o, s:o, s:o}", "macros", list, "running", running_json(self), "last", last);
}

static json_t *on_get(struct target *target, const char *name)
{
    struct macros *self = macros_of(target);
    json_t *copy = self ? json_copy(json_object_get(self->all, name)) : NULL; /* NULL gives NULL */
    if (copy)
        json_object_set_new(copy, "name", json_string(name));
    return copy;
}

/* Writes down what is to be kept from now on; without success all is as before. */
static int keep(struct macros *self, json_t *all)
{
    int r = all ? macro_notes_save(self->path, all) : -ENOMEM;
    if (r < 0) {
        json_decref(all);
        log_error("macro", "target %s: macros cannot be written to %s: %s", self->target->target.name, self->path,
                  strerror(-r));
        return r;
    }
    json_decref(self->all);
    self->all = all;
    return 0;
}

static int on_put(struct target *target, const char *name, json_t *json, bool only_new, char *why, size_t why_size)
{
    struct macros *self = macros_of(target);
    struct macro *macro = NULL;
    if (!self)
        return -ENOMEM;
    if (!macro_name_is_good(name)) {
        snprintf(why, why_size, "A name is up to %d of a-z, 0-9 and dashes, and begins with none.", MACRO_NAME_MAX - 1);
        return -EINVAL;
    }
    bool there = json_object_get(self->all, name);
    if (there && only_new)
        return -EEXIST;
    if (!there && json_object_size(self->all) >= MACROS_MAX)
        return -E2BIG;
    int r = macro_compile(json, &macro, why, why_size);
    if (r < 0)
        return r;
    macro_free(macro);
    json_t *all = json_copy(self->all), *kept = json_copy(json);
    if (kept)
        json_object_del(kept, "name");
    if (!all || json_object_set_new(all, name, kept) < 0) {
        json_decref(all);
        return -ENOMEM;
    }
    r = keep(self, all);
    return r < 0 ? r : !there;
}

static int on_remove(struct target *target, const char *name)
{
    struct macros *self = macros_of(target);
    if (!self || !json_object_get(self->all, name))
        return -ENOENT;
    json_t *all = json_copy(self->all);
    if (all)
        json_object_del(all, name);
    int r = keep(self, all);
    if (r == 0 && self->running && strcmp(self->name, name) == 0)
        macros_stop(self);
    return r;
}

static int on_run(struct target *target, const char *name, struct auth_session *session, long times, char *why,
                  size_t why_size)
{
    struct macros *self = macros_of(target);
    return self ? macros_start(self, name, session, times, why, why_size) : -ENOENT;
}

static bool on_stop(struct target *target)
{
    struct macros *self = macros_of(target);
    bool ran = macros_run_now(self);
    macros_stop(self);
    return ran;
}

static int on_point(struct target *target, const struct api_gesture *gesture, char *why, size_t why_size)
{
    struct macros *self = macros_of(target);
    return self ? gesture_begin(self->gesture, gesture, why, why_size) : -ENOMEM;
}

static void on_point_stop(struct target *target)
{
    struct macros *self = macros_of(target);
    if (self)
        gesture_stop(self->gesture);
}

const struct api_macros_ops gateway_macros_ops = {
    .list = on_list,
    .running = on_running,
    .get = on_get,
    .put = on_put,
    .remove = on_remove,
    .run = on_run,
    .stop = on_stop,
    .point = on_point,
    .point_stop = on_point_stop,
};
