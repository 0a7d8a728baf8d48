#include "gateway/config/settings_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const settings_view_machines[] = {"qemu", "testcard", "replay", "dongle", NULL};

static const char *const applies_words[] = {[CONFIG_APPLIES_NOW] = "now",
                                            [CONFIG_APPLIES_MACHINE] = "machine",
                                            [CONFIG_APPLIES_GATEWAY] = "gateway",
                                            [CONFIG_APPLIES_RESTART] = "restart"};
static const char *const trial_words[] = {
    [CONFIG_TRIAL_NONE] = NULL, [CONFIG_TRIAL_LISTENERS] = "listeners", [CONFIG_TRIAL_LOGIN] = "login-rules"};
static const char *const devices_words[] = {[CONFIG_DEVICES_NONE] = NULL,
                                            [CONFIG_DEVICES_CAPTURE] = "capture",
                                            [CONFIG_DEVICES_UDC] = "udc",
                                            [CONFIG_DEVICES_GPIO] = "gpio"};
static const char *const origin_words[] = {
    [CONFIG_BY_DEFAULT] = "default", [CONFIG_BY_FILE] = "file", [CONFIG_BY_PAGE] = "page"};

/* For a form's choice of how it is entered. */
static const char *type_of(const struct config_key *key)
{
    static const struct {
        bool (*parse)(const struct config_key *, const char *, void *, char *, size_t);
        const char *type;
    } types[] = {
        {config_value_bool, "bool"},     {config_value_number, "number"},       {config_value_jiggler, "number"},
        {config_value_size, "size"},     {config_value_word, "choice"},         {config_value_path, "path"},
        {config_value_listen, "list"},   {config_value_names, "list"},          {config_value_trusted, "list"},
        {config_value_networks, "list"}, {config_value_directory_urls, "list"}, {config_value_device, "path"},
        {config_value_devices, "path"},  {config_value_arguments, "list"}};
    if (key->devices)
        return "device";
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (types[i].parse == key->parse)
            return types[i].type;
    return "text";
}

static struct api_config_key view_of(const struct config_key *key)
{
    const char *type = type_of(key);
    return (struct api_config_key){.name = key->name,
                                   .of_target = key->section == CONFIG_SECTION_TARGET,
                                   .machines = key->machines,
                                   .type = type,
                                   .words = key->words,
                                   .bounded = strcmp(type, "number") == 0 || strcmp(type, "size") == 0,
                                   .min = key->min,
                                   .max = key->max,
                                   .standard = key->standard ? key->standard : "",
                                   .unit = key->unit,
                                   .help = key->help ? key->help : "",
                                   .remedy = key->remedy,
                                   .devices = devices_words[key->devices],
                                   .applies = applies_words[key->applies],
                                   .trial = trial_words[key->trial],
                                   .many = key->many,
                                   .page = key->page};
}

static struct api_config_key keys[CONFIG_MAX_KEYS];

const struct api_config_key *settings_view_keys(size_t *ret_n)
{
    for (size_t i = 0; i < config_n_keys && !keys[config_n_keys - 1].name; i++)
        keys[i] = view_of(&config_keys[i]);
    *ret_n = config_n_keys;
    return keys;
}

static unsigned count_entries(const struct settings_state *state)
{
    unsigned n = 0;
    for (unsigned i = 0; i < state->n_sections; i++)
        n += state->sections[i].n;
    return n;
}

static void view_section(const struct settings_section *from, struct api_config_section *to,
                         struct api_config_entry *entries)
{
    *to = (struct api_config_section){.target = from->target,
                                      .machine = from->machine,
                                      .removable = from->removable,
                                      .entries = entries,
                                      .n = from->n};
    for (unsigned i = 0; i < from->n; i++) {
        const struct settings_entry *entry = &from->entries[i];
        entries[i] = (struct api_config_entry){.key = &keys[entry->key - config_keys],
                                               .origin = origin_words[entry->origin],
                                               .text = entry->text,
                                               .who = entry->author.who,
                                               .when = entry->author.when};
    }
}

static void view_notes(const struct settings_state *from, struct settings_view *to)
{
    struct api_config_note *note = to->notes;
    to->state.waiting = note;
    to->state.n_waiting = from->n_waiting;
    for (unsigned i = 0; i < from->n_waiting; i++)
        *note++ = (struct api_config_note){from->waiting[i].target, from->waiting[i].key, from->waiting[i].running};
    to->state.ignored = note;
    to->state.n_ignored = from->ignored.n;
    for (unsigned i = 0; i < from->ignored.n; i++)
        *note++ = (struct api_config_note){from->ignored.list[i].target, from->ignored.list[i].key,
                                           from->ignored.list[i].text};
}

bool settings_view_make(const struct settings_state *state, struct settings_view *ret)
{
    size_t n;
    (void)settings_view_keys(&n);
    struct settings_view self = {.sections = calloc(state->n_sections, sizeof *self.sections),
                                 .entries = calloc(count_entries(state) + 1, sizeof *self.entries),
                                 .notes = calloc(state->n_waiting + state->ignored.n + 1, sizeof *self.notes)};
    if (!self.sections || !self.entries || !self.notes) {
        settings_view_finish(&self);
        return false;
    }
    for (unsigned i = 0; i < SETTINGS_TAG; i++)
        snprintf(self.state.tag + 2 * (size_t)i, 3, "%02x", state->tag[i]);
    struct api_config_entry *entries = self.entries;
    for (unsigned i = 0; i < state->n_sections; i++) {
        view_section(&state->sections[i], &self.sections[i], entries);
        entries += state->sections[i].n;
    }
    self.state.sections = self.sections;
    self.state.n_sections = state->n_sections;
    self.state.file = state->path;
    self.state.who = state->last.who;
    self.state.when = state->last.when;
    view_notes(state, &self);
    *ret = self;
    return true;
}

void settings_view_finish(struct settings_view *self)
{
    free(self->sections);
    free(self->entries);
    free(self->notes);
    *self = (struct settings_view){.sections = NULL};
}
