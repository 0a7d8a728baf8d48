#include "api/config_json.h"

#include <stdlib.h>
#include <string.h>

#include "api/certificate.h"

bool api_config_may(const struct api_context *api, const struct route_call *call, const char *target)
{
    return api->may(api->may_context, call->session, RIGHT_CONFIGURE, *target ? target : NULL);
}

json_t *api_config_section_json(const char *target)
{
    return *target ? json_sprintf("target %s", target) : json_string("gateway");
}

/* ---- values ---- */

static json_t *value_json(const struct api_config_key *key, const char *text)
{
    if (!text || !*text)
        return key->many ? json_array() : json_null();
    if (!key->many)
        return api_text(text);
    json_t *list = json_array();
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        char *line = strndup(at, n);
        json_array_append_new(list, line ? api_text(line) : json_null());
        free(line);
        at += n + (at[n] != '\0');
    }
    return list;
}

bool api_config_text(const json_t *value, char **ret)
{
    size_t i;
    json_t *line;
    *ret = NULL;
    if (json_is_null(value))
        return true;
    if (json_is_string(value))
        return strlen(json_string_value(value)) == json_string_length(value) &&
               (*ret = strdup(json_string_value(value)));
    if (!json_is_array(value))
        return false;
    json_array_foreach(value, i, line)
    {
        const char *text = json_string_value(line);
        char *joined = NULL;
        /* a line of its own, whatever it holds */
        bool good = text && strlen(text) == json_string_length(line) && !strchr(text, '\n') &&
                    asprintf(&joined, "%s%s%s", *ret ? *ret : "", *ret ? "\n" : "", text) >= 0;
        free(*ret);
        *ret = good ? joined : NULL;
        if (!good)
            return false;
    }
    return true; /* an empty list is none */
}

static json_t *entry_json(const struct api_config_key *key, const struct api_config_entry *entry)
{
    json_t *json = json_pack("{s:o, s:s, s:b}", "value", value_json(key, entry ? entry->text : key->standard), "origin",
                             entry ? entry->origin : "default", "locked", entry && strcmp(entry->origin, "file") == 0);
    if (entry && (*entry->who || entry->when))
        json_object_set_new(json, "changed",
                            json_pack("{s:o, s:I}", "who", api_text(entry->who), "time", (json_int_t)entry->when));
    return json;
}

static json_t *section_keys_json(const struct api_context *api, const struct api_config_section *section)
{
    size_t n;
    const struct api_config_key *keys = api->config->keys(api->config_context, &n);
    json_t *json = json_object();
    for (size_t i = 0; i < n; i++) {
        const struct api_config_entry *found = NULL;
        if (keys[i].of_target != (*section->target != '\0') ||
            (keys[i].of_target && !(keys[i].machines & 1u << section->machine)))
            continue;
        for (unsigned k = 0; k < section->n; k++)
            if (section->entries[k].key == &keys[i])
                found = &section->entries[k];
        json_object_set_new(json, keys[i].name, entry_json(&keys[i], found));
    }
    return json;
}

/* ---- all of it ---- */

static const struct api_config_key *find_key(const struct api_context *api, const char *target, const char *name)
{
    size_t n;
    const struct api_config_key *keys = api->config->keys(api->config_context, &n);
    for (size_t i = 0; i < n; i++)
        if (keys[i].of_target == (*target != '\0') && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static const char *text_of(const struct api_config_state *state, const char *target, const struct api_config_key *key)
{
    for (unsigned i = 0; i < state->n_sections; i++)
        for (unsigned k = 0; strcmp(state->sections[i].target, target) == 0 && k < state->sections[i].n; k++)
            if (state->sections[i].entries[k].key == key)
                return state->sections[i].entries[k].text;
    return key->standard;
}

static json_t *waiting_json(const struct api_context *api, const struct route_call *call,
                            const struct api_config_state *state)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < state->n_waiting; i++) {
        const struct api_config_note *one = &state->waiting[i];
        const struct api_config_key *key = find_key(api, one->target, one->key);
        if (!key || !api_config_may(api, call, one->target))
            continue;
        json_array_append_new(list,
                              json_pack("{s:o, s:s, s:s, s:o, s:o}", "section", api_config_section_json(one->target),
                                        "key", one->key, "applies", key->applies, "value",
                                        value_json(key, text_of(state, one->target, key)), "running",
                                        value_json(key, one->text        ? one->text
                                                        : key->of_target ? ""
                                                                         : key->standard)));
    }
    return list;
}

static json_t *ignored_json(const struct api_context *api, const struct route_call *call,
                            const struct api_config_state *state)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < state->n_ignored; i++) {
        const struct api_config_note *one = &state->ignored[i];
        if (api_config_may(api, call, one->target))
            json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "section", api_config_section_json(one->target),
                                                  "key", api_text(one->key), "message", api_text(one->text)));
    }
    return list;
}

static json_t *pending_json(const struct api_context *api)
{
    struct api_pending pending = {.kind = ""};
    if (api->certificate)
        api->certificate->pending(api->certificate_context, &pending);
    if (!*pending.kind)
        return json_null();
    return json_pack("{s:s, s:o, s:i}", "kind", pending.kind, "who", api_text(pending.who), "seconds_left",
                     (int)pending.left_s);
}

json_t *api_config_json(const struct api_context *api, const struct route_call *call,
                        const struct api_config_state *state)
{
    bool gateway = api_config_may(api, call, "");
    json_t *targets = json_object();
    for (unsigned i = 1; i < state->n_sections; i++) {
        const struct api_config_section *section = &state->sections[i];
        if (api_config_may(api, call, section->target))
            json_object_set_new(targets, section->target,
                                json_pack("{s:s, s:b, s:o}", "machine", api->config->machine_words[section->machine],
                                          "removable", section->removable, "keys", section_keys_json(api, section)));
    }
    json_t *json = json_pack("{s:s, s:o, s:o, s:o}", "etag", state->tag, "targets", targets, "waiting",
                             waiting_json(api, call, state), "ignored", ignored_json(api, call, state));
    if (!json || !gateway)
        return json;
    json_object_set_new(json, "gateway", section_keys_json(api, &state->sections[0]));
    json_object_set_new(json, "file", *state->file ? api_text(state->file) : json_null());
    json_object_set_new(json, "pending", pending_json(api));
    return json;
}

/* ---- what there is to set ---- */

static json_t *words_json(const char *const *words)
{
    if (!words)
        return json_null();
    json_t *list = json_array();
    for (; *words; words++)
        json_array_append_new(list, json_string(*words));
    return list;
}

static json_t *machines_json(const struct api_config_ops *ops, const struct api_config_key *key)
{
    if (!key->of_target)
        return json_null();
    json_t *list = json_array();
    for (unsigned i = 0; ops->machine_words[i]; i++)
        if (key->machines & 1u << i)
            json_array_append_new(list, json_string(ops->machine_words[i]));
    return list;
}

static json_t *key_json(const struct api_config_ops *ops, const struct api_config_key *key)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:s?, s:o, s:b, s:b, s:s?, s:s, s:s?, s:s, s:s}", "name",
                     key->name, "section", key->of_target ? "target" : "gateway", "machines", machines_json(ops, key),
                     "type", key->type, "choices", words_json(key->words), "min",
                     key->bounded ? json_integer(key->min) : json_null(), "max",
                     key->bounded ? json_integer(key->max) : json_null(), "unit", key->unit, "default",
                     value_json(key, key->standard), "many", key->many, "page", key->page, "devices", key->devices,
                     "applies", key->applies, "trial", key->trial, "help", key->help, "remedy", key->remedy);
}

json_t *api_config_keys_json(const struct api_context *api)
{
    size_t n;
    const struct api_config_key *keys = api->config->keys(api->config_context, &n);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, key_json(api->config, &keys[i]));
    return json_pack("{s:o}", "keys", list);
}
